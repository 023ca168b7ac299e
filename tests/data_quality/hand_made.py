"""Small DuckDB files, made by hand, for the suites to look at."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import yaml

from data_quality.contract import SOURCES

PERSONAL = ("Ann Marker", "ann.marker@example.com", "+79161234567")
"""A customer, whom no result may name."""

BESIDE = """
create schema quality;
create schema quarantine;
create table quality.loads (
    run_id varchar, connector varchar, entity varchar, rows_in bigint, kept bigint,
    replaced bigint, quarantined bigint, replayed bigint
);
create table quarantine.rows (
    connector varchar, entity varchar, file varchar, line bigint, rule varchar, record varchar,
    run_id varchar, quarantined_at timestamp
);
create table raw.affected (kind varchar, id varchar);
create table raw.runs (
    run_id varchar, as_of timestamp, started_at timestamp, scope varchar, scope_reason varchar
);
insert into raw.runs by name select * from (values
    ('before', timestamp '2026-01-01', timestamp '2026-01-02'),
    ('tonight', timestamp '2026-03-01 12:00', timestamp '2026-03-02')
) as nights(run_id, as_of, started_at);
create table raw.phone_numbers (written varchar, region varchar, position integer, e164 varchar);
insert into raw.phone_numbers values ('8 916 123-45-67', 'RU', 0, '+79161234567');
create table raw.connector_states (connector varchar, state varchar, run_id varchar);
create table raw.connector_stages (
    connector varchar, object_type varchar, native_stage varchar, funnel_step varchar,
    is_excluded boolean
);
insert into raw.connector_stages values ('c', 'lead', 'new', 'lead', false);
"""


@contextmanager
def opened(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Read-write: it fails where somebody still holds the file."""
    connection = duckdb.connect(str(path))
    try:
        yield connection
    finally:
        connection.close()


def run_sql(path: Path, *statements: str) -> None:
    with opened(path) as connection:
        for statement in statements:
            connection.execute(statement)


def contract_tables() -> dict[str, dict[str, str]]:
    """Table of raw -> its columns and types, by the contract."""
    return {
        table["name"]: {column["name"]: column["data_type"] for column in table["columns"]}
        for path in sorted(SOURCES.glob("*/_*__sources.yml"))
        for source in yaml.safe_load(path.read_text())["sources"]
        for table in source["tables"]
        if "entity" in table["config"]["meta"]
    }


def entity_of(table: str) -> str:
    return table.replace("_", "/", 1)


def make_raw(path: Path) -> Path:
    """A landed night of a company of two contacts, nothing wrong with it."""
    with opened(path) as connection:
        connection.execute("create schema raw")
        for table, columns in contract_tables().items():
            described = ", ".join(f"{name} {kind}" for name, kind in columns.items())
            connection.execute(
                f"create table raw.{table} "
                f"({described}, _connector varchar, _file varchar, _line bigint, _run_id varchar)"
            )
        connection.execute(BESIDE)
        _fill(connection)
        for table in contract_tables():
            write_ledger(connection, table)
    return path


def add(connection: duckdb.DuckDBPyConnection, table: str, **values: Any) -> None:
    """A row of `table` (with its schema); what is not said is empty."""
    names = ", ".join(values)
    marks = ", ".join("?" for _ in values)
    connection.execute(f"insert into {table} ({names}) values ({marks})", list(values.values()))


def write_ledger(
    connection: duckdb.DuckDBPyConnection, table: str, *, replaced: int = 0, quarantined: int = 0
) -> None:
    """What landing would have written down of the rows that are there."""
    ((kept,),) = connection.execute(f"select count(*) from raw.{table}").fetchall()
    add(
        connection,
        "quality.loads",
        run_id="tonight",
        connector="c",
        entity=entity_of(table),
        rows_in=kept + replaced + quarantined,
        kept=kept,
        replaced=replaced,
        quarantined=quarantined,
        replayed=0,
    )


def _fill(connection: duckdb.DuckDBPyConnection) -> None:
    draw = random.Random(0)
    own = {"_connector": "c", "_file": "f.csv", "_line": 2, "_run_id": "tonight"}
    moment = "2026-02-01 10:00"
    add(connection, "raw.crm_reps", rep_id="c:r", full_name="Rep", **own)
    for number in (1, 2, 3):
        add(
            connection,
            "raw.crm_contacts",
            contact_id=f"c:{number}",
            full_name=PERSONAL[0],
            emails=PERSONAL[1],
            phones=PERSONAL[2],
            created_at=moment,
            **own,
        )
    for number in range(1, 201):
        add(
            connection,
            "raw.crm_leads",
            lead_id=f"c:{number}",
            contact_id=f"c:{draw.choice((1, 2, 3))}",
            owner_rep_id="c:r",
            status="new",
            created_at=moment,
            **own,
        )
    for number, amount in ((1, 100), (2, 200)):
        add(
            connection,
            "raw.crm_deals",
            deal_id=f"c:{number}",
            lead_id=f"c:{number}",
            stage="won",
            amount=amount,
            currency="EUR",
            created_at=moment,
            **own,
        )
    for number in (1, 2):
        add(
            connection,
            "raw.crm_activities",
            activity_id=f"c:{number}",
            kind="call",
            started_at=moment,
            lead_id="c:1",
            phone=PERSONAL[2],
            **own,
        )
