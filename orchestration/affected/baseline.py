"""What the marts were last built of, whole: `quality.baseline`, one row or none."""

from dataclasses import astuple, dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import duckdb

from orchestration.affected.links import add_links
from orchestration.landing.merging import REPLACED
from orchestration.warehouse import MARTS

if TYPE_CHECKING:
    from orchestration.affected.basis import Basis

TABLE = "quality.baseline"
_CREATE = (
    f"create table if not exists {TABLE} "
    "(run_id varchar, as_of timestamp, fingerprint varchar, loads bigint, spellings bigint, "
    "code varchar)"
)
_SEAL = f"{MARTS}.main.built_by"
"""The same run in the marts file: one of the two may have been put back without the other."""


@dataclass(frozen=True)
class Baseline:
    run_id: str
    as_of: datetime
    fingerprint: str
    loads: int
    """Entries of `quality.loads` (append-only) that are in it."""
    spellings: int
    """Entries of `raw.phone_numbers` (append-only) that are in it."""
    code: str


def read_baseline(connection: duckdb.DuckDBPyConnection) -> Baseline | None:
    _create(connection)
    rows = connection.execute(f"select * from {TABLE}").fetchall()
    return Baseline(*rows[0]) if rows else None


def record_baseline(
    connection: duckdb.DuckDBPyConnection,
    run_id: str,
    basis: "Basis",
    *,
    links_too: bool,
) -> None:
    """The marts are whole, and of everything that has landed by now.

    After a build of everything the links are made anew too, for the nights to come.
    """
    if links_too:
        add_links(connection)
    forget_baseline(connection)
    ((loads, spellings),) = connection.execute(
        "select (select count(*) from quality.loads), (select count(*) from raw.phone_numbers)"
    ).fetchall()
    baseline = Baseline(
        run_id, basis.as_of, basis.fingerprint, int(loads), int(spellings), basis.code
    )
    connection.execute(f"insert into {TABLE} values (?, ?, ?, ?, ?, ?)", list(astuple(baseline)))
    connection.execute(f"create or replace table {_SEAL} as select ? as run_id", [run_id])
    tables = connection.execute(
        "select table_name from duckdb_tables() where schema_name = ?", [REPLACED]
    ).fetchall()
    for (table,) in tables:
        connection.execute(f"truncate {REPLACED}.{table}")


def marts_are_of(connection: duckdb.DuckDBPyConnection, baseline: Baseline) -> bool:
    """Whether the marts file is the one that the build file means."""
    try:
        found = connection.execute(f"select run_id from {_SEAL}").fetchall()
    except duckdb.CatalogException:
        return False
    return found == [(baseline.run_id,)]


def forget_baseline(connection: duckdb.DuckDBPyConnection) -> None:
    """The marts are being built: until that is done, they are of no one night.

    Nor may a night be computed twice: what it adds to the sums would count twice.
    """
    _create(connection)
    connection.execute(f"delete from {TABLE}")


def _create(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(_CREATE)
    # A file that an earlier version made.
    connection.execute(f"alter table {TABLE} add column if not exists code varchar")
