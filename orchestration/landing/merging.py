"""Conformed rows -> raw and quarantine, each row counted once."""

from dataclasses import astuple, dataclass

import duckdb

from orchestration.landing.conform import CONFORMED
from orchestration.landing.contract import Entity
from orchestration.landing.reading import INCOMING, UNREADABLE

REPLACED = "replaced"
"""Schema of the rows as they were before they gave way, until the marts know (affected/)."""
TABLES = """
create schema if not exists raw;
create schema if not exists replaced;
create schema if not exists quarantine;
create schema if not exists quality;
create table if not exists quarantine.rows (
    connector varchar, entity varchar, file varchar, line bigint, rule varchar, record varchar,
    run_id varchar, quarantined_at timestamp
);
create table if not exists quality.loads (
    run_id varchar, connector varchar, entity varchar, rows_in bigint, kept bigint,
    replaced bigint, quarantined bigint, replayed bigint
);
create table if not exists raw.connector_states (connector varchar, state varchar, run_id varchar);
"""


@dataclass(frozen=True)
class LoadCount:
    """What became of an entity's rows: rows_in + replayed = kept + replaced + quarantined.

    `kept` are new keys, `replaced` rows that gave way to a later one of their key, `quarantined`
    rows that broke a rule, `replayed` rows that left quarantine (come right, or delivered anew).
    """

    connector: str
    entity: str
    rows_in: int
    kept: int
    replaced: int
    quarantined: int
    replayed: int


def create_tables(connection: duckdb.DuckDBPyConnection, entities: list[Entity]) -> None:
    """The tables of landing, where they are not there yet; no keys or indexes (FAULTS.md F23)."""
    connection.execute(TABLES)
    for entity in entities:
        columns = ", ".join(f"{column.name} {column.data_type}" for column in entity.columns)
        for table in (entity.table, _replaced_table(entity)):
            connection.execute(
                f"create table if not exists {table} "
                f"({columns}, _connector varchar, _file varchar, _line bigint, _run_id varchar)"
            )


def add_quarantined(
    connection: duckdb.DuckDBPyConnection, entity: Entity, connector: str
) -> tuple[int, int]:
    """Put what waits in quarantine into INCOMING again; (rows judged again, rows superseded).

    A line that this delivery brings anew supersedes what quarantine holds of it.
    """
    who = {"connector": connector, "entity": entity.name}
    connection.execute(f"alter table {INCOMING} add column _is_replayed boolean default false")
    connection.execute(
        "create or replace temp table superseded as "
        "select file, line from quarantine.rows where connector = $connector and entity = $entity "
        f"and (file in (select distinct _file from {INCOMING}) "
        f"or file in (select distinct _file from {UNREADABLE}))",
        who,
    )
    values = ", ".join(f"record ->> '{column.name}'" for column in entity.columns)
    connection.execute(
        f"insert into {INCOMING} select {values}, file, line, true from quarantine.rows "
        "where connector = $connector and entity = $entity and rule <> 'unreadable_line' "
        "and (file, line) not in (select (file, line) from superseded)",
        who,
    )
    return (
        _count(connection, f"{INCOMING} where _is_replayed"),
        _count(connection, "superseded"),
    )


def count_problems(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, int, str, int]]:
    """(rule, rows, first file, first line) of the new rows that broke a rule, the most first."""
    return connection.execute(
        f"""
        with broken as (
            select problem, _file, _line from {CONFORMED}
            where problem is not null and not _is_replayed
            union all
            select problem, _file, _line from {UNREADABLE}
        )
        select problem, count(*), min(_file), arg_min(_line, (_file, _line))
        from broken group by problem order by count(*) desc, problem
        """
    ).fetchall()


def merge(
    connection: duckdb.DuckDBPyConnection,
    entity: Entity,
    connector: str,
    run_id: str,
    superseded: int,
) -> LoadCount:
    """CONFORMED -> raw and quarantine, in one transaction with the count of it."""
    connection.execute("begin")
    try:
        count = _merge(connection, entity, connector, run_id, superseded)
        connection.execute(
            "insert into quality.loads values (?, ?, ?, ?, ?, ?, ?, ?)",
            [run_id, *astuple(count)],
        )
        connection.execute("commit")
    except BaseException:
        connection.execute("rollback")
        raise
    return count


def _merge(
    connection: duckdb.DuckDBPyConnection,
    entity: Entity,
    connector: str,
    run_id: str,
    superseded: int,
) -> LoadCount:
    rows_in = _count(connection, f"{CONFORMED} where not _is_replayed")
    unreadable = _count(connection, UNREADABLE)
    bad = _count(connection, f"{CONFORMED} where problem is not null and not _is_replayed")
    come_right = _count(connection, f"{CONFORMED} where problem is null and _is_replayed")
    good = rows_in - bad + come_right

    who = {"connector": connector, "entity": entity.name}
    left_quarantine = (
        "select (file, line) from superseded union all "
        f"select (_file, _line) from {CONFORMED} where problem is null and _is_replayed"
    )
    connection.execute(
        "delete from quarantine.rows where connector = $connector and entity = $entity "
        f"and (file, line) in ({left_quarantine})",
        who,
    )
    quarantined = (
        f"select _file, _line, problem, record from {CONFORMED} "
        "where problem is not null and not _is_replayed "
        f"union all select _file, _line, problem, record from {UNREADABLE}"
    )
    connection.execute(
        "insert into quarantine.rows select $connector, $entity, _file, _line, problem, record, "
        f"$run_id, make_timestamp(epoch_us(now())) from ({quarantined})",
        {**who, "run_id": run_id},
    )

    winners, matched = _keep_latest(connection, entity, run_id)
    return LoadCount(
        connector=connector,
        entity=entity.name,
        rows_in=rows_in + unreadable,
        kept=winners - matched,
        replaced=good - winners + matched + superseded,
        quarantined=bad + unreadable,
        replayed=come_right + superseded,
    )


def _keep_latest(
    connection: duckdb.DuckDBPyConnection, entity: Entity, run_id: str
) -> tuple[int, int]:
    """Merge the good rows into raw; (distinct keys that came, those of them that were there).

    A later row of a key replaces an earlier one: by `updated_at`, then by file order, however the
    files were spread over nights; so what counts is the file's name and never when it came.
    """
    key = ", ".join(entity.key)
    same_key = " and ".join(f"existing.{name} = arrived.{name}" for name in entity.key)
    order = _order(entity, "")
    columns = ", ".join([c.name for c in entity.columns] + ["_connector", "_file", "_line"])
    # A window over every row costs a sort; most keys come once.
    connection.execute(
        f"""
        create or replace temp table arrived as
        with good as (
            select {columns} from {CONFORMED} where problem is null
        ),
        repeated as (
            select {key} from good group by {key} having count(*) > 1
        )
        select {columns} from good where ({key}) not in (select ({key}) from repeated)
        union all
        select {columns} from (
            select *, row_number() over (partition by {key} order by {order}) as position
            from good where ({key}) in (select ({key}) from repeated)
        ) where position = 1
        """
        if len(entity.key) == 1
        else f"""
        create or replace temp table arrived as
        select {columns} from (
            select {columns}, row_number() over (partition by {key} order by {order}) as position
            from {CONFORMED} where problem is null
        ) where position = 1
        """
    )
    winners = _count(connection, "arrived")
    if _count(connection, f"(select 1 from {entity.table} limit 1)") == 0:
        connection.execute(f"insert into {entity.table} select {columns}, ? from arrived", [run_id])
        return winners, 0
    connection.execute(
        f"""
        create or replace temp table met as
        select
            existing.rowid as existing_row,
            {", ".join(f"arrived.{name}" for name in entity.key)},
            ({_later(entity)}) as is_later,
            ({_same(entity)}) as is_same,
            existing._run_id as existing_run_id
        from arrived inner join {entity.table} as existing on {same_key}
        """
    )
    matched = _count(connection, "met")
    gives_way = "select existing_row from met where is_later"
    connection.execute(
        f"insert into {_replaced_table(entity)} select * from {entity.table} "
        f"where rowid in ({gives_way} and not is_same)"
    )
    connection.execute(f"delete from {entity.table} where rowid in ({gives_way})")
    same_met = " and ".join(f"met.{name} = arrived.{name}" for name in entity.key)
    told = ", ".join(f"arrived.{name.strip()}" for name in columns.split(","))
    # What came again as it was has not changed: it stays of the run that brought it.
    connection.execute(
        f"insert into {entity.table} select {told}, "
        f"case when met.is_same then met.existing_run_id else ? end "
        f"from arrived left join met on {same_met} where coalesce(met.is_later, true)",
        [run_id],
    )
    return winners, matched


def _replaced_table(entity: Entity) -> str:
    return entity.table.replace("raw.", f"{REPLACED}.")


def _same(entity: Entity) -> str:
    """Whether the arrived row says what the existing one does."""
    return " and ".join(
        f"arrived.{column.name} is not distinct from existing.{column.name}"
        for column in entity.columns
    )


def _order(entity: Entity, table: str) -> str:
    latest = f"{table}{entity.latest_by} desc nulls last, " if entity.latest_by else ""
    return f"{latest}{_file_order(f'{table}_file')} desc, {table}_line desc"


def _file_order(column: str) -> str:
    """`leads.csv` before `leads-2.csv`: a point sorts behind a hyphen, a space before both."""
    return f"replace({column}, '.', ' ')"


def _later(entity: Entity) -> str:
    """Whether the arrived row goes before the existing one; the same line, come again, does."""

    def place(table: str) -> str:
        latest = (
            f"coalesce({table}.{entity.latest_by}, timestamp '0001-01-01'), "
            if entity.latest_by
            else ""
        )
        return f"({latest}{_file_order(f'{table}._file')}, {table}._line)"

    return f"{place('arrived')} >= {place('existing')}"


def _count(connection: duckdb.DuckDBPyConnection, what: str) -> int:
    (count,) = connection.execute(f"select count(*) from {what}").fetchall()[0]
    return int(count)
