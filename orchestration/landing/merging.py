"""Conformed rows -> raw and quarantine, each row counted once."""

from dataclasses import astuple, dataclass

import duckdb

from orchestration.landing.conform import STAGED
from orchestration.landing.contract import Entity
from orchestration.landing.reading import UNREADABLE

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

_FEW_ROWS = 2_000
"""So many rows are found by their place; of more, all between the first and the last is read."""


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
    # A run that was killed may have left it.
    connection.execute(f"drop table if exists {STAGED}")
    for entity in entities:
        columns = ", ".join(f"{column.name} {column.data_type}" for column in entity.columns)
        for table in (entity.table, replaced_table(entity)):
            connection.execute(
                f"create table if not exists {table} "
                f"({columns}, _connector varchar, _file varchar, _line bigint, _run_id varchar)"
            )


@dataclass(frozen=True)
class Aside:
    """How many rows a table of conformed rows holds, and what is the matter with them."""

    rows_in: int
    bad: int
    come_right: int


def set_aside(connection: duckdb.DuckDBPyConnection, table: str) -> Aside:
    """The new rows that broke a rule -> `broken`, the old ones that came right -> `come_right`."""
    connection.execute(
        "create or replace temp table broken as select _file, _line, problem, record "
        f"from {table} where problem is not null and not _is_replayed "
        f"union all select _file, _line, problem, record from {UNREADABLE}"
    )
    connection.execute(
        "create or replace temp table come_right as "
        f"select _file, _line from {table} where problem is null and _is_replayed"
    )
    unreadable = _count(connection, UNREADABLE)
    return Aside(
        rows_in=_count(connection, f"{table} where not _is_replayed") + unreadable,
        bad=_count(connection, "broken"),
        come_right=_count(connection, "come_right"),
    )


def tell_broken(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, int, str, int]]:
    """(rule, rows, first file, first line) of the new rows that broke a rule, the most first."""
    return connection.execute(
        "select problem, count(*), min(_file), arg_min(_line, (_file, _line)) "
        "from broken group by problem order by count(*) desc, problem"
    ).fetchall()


def drop_losers(connection: duckdb.DuckDBPyConnection, entity: Entity, table: str) -> None:
    """Leave only what may go into raw: of each key the latest good row."""
    connection.execute(f"delete from {table} where problem is not null")
    key = ", ".join(entity.key)
    # Few keys come twice. A window over all rows would sort them, a group by keys hold their text.
    connection.execute(
        "create or replace temp table repeated as "
        f"select hash({key}) as hashed from {table} group by hashed having count(*) > 1"
    )
    if _count(connection, "repeated"):
        connection.execute(
            f"""
            delete from {table} where rowid in (
                select row from (
                    select
                        rowid as row,
                        row_number() over (partition by {key} order by {_order(entity)}) as position
                    from {table} where hash({key}) in (select hashed from repeated)
                ) where position > 1
            )
            """
        )
    if table == STAGED:
        for column in ("problem", "record", "_is_replayed"):
            connection.execute(f"alter table {table} drop column {column}")


def merge(
    connection: duckdb.DuckDBPyConnection,
    entity: Entity,
    table: str,
    aside: Aside,
    *,
    connector: str,
    run_id: str,
    superseded: int,
) -> LoadCount:
    """`table` -> raw, what was set aside -> quarantine, in one transaction with the count of it."""
    connection.execute("begin")
    try:
        _settle_quarantine(connection, entity, connector, run_id)
        winners, matched = _keep_latest(connection, entity, table)
        good = aside.rows_in - aside.bad + aside.come_right
        count = LoadCount(
            connector=connector,
            entity=entity.name,
            rows_in=aside.rows_in,
            kept=winners - matched,
            replaced=good - winners + matched + superseded,
            quarantined=aside.bad,
            replayed=aside.come_right + superseded,
        )
        record_load(connection, run_id, count)
        connection.execute("commit")
    except BaseException:
        connection.execute("rollback")
        raise
    return count


def record_load(connection: duckdb.DuckDBPyConnection, run_id: str, count: LoadCount) -> None:
    """The line of the ledger that is checked."""
    connection.execute(
        "insert into quality.loads values (?, ?, ?, ?, ?, ?, ?, ?)", [run_id, *astuple(count)]
    )


def _settle_quarantine(
    connection: duckdb.DuckDBPyConnection, entity: Entity, connector: str, run_id: str
) -> None:
    """What came right or was delivered anew leaves it, what is broken goes in."""
    who = {"connector": connector, "entity": entity.name}
    if _count(connection, "superseded") or _count(connection, "come_right"):
        connection.execute(
            "delete from quarantine.rows where connector = $connector and entity = $entity "
            "and (file, line) in (select (file, line) from superseded "
            "union all select (_file, _line) from come_right)",
            who,
        )
    connection.execute(
        "insert into quarantine.rows select $connector, $entity, _file, _line, problem, record, "
        "$run_id, make_timestamp(epoch_us(now())) from broken",
        {**who, "run_id": run_id},
    )


def _keep_latest(
    connection: duckdb.DuckDBPyConnection, entity: Entity, table: str
) -> tuple[int, int]:
    """Merge what arrived into raw; (distinct keys that came, those of them that were there).

    A later row of a key replaces an earlier one: by `updated_at`, then by file order, however the
    files were spread over nights; so what counts is the file's name and never when it came.
    """
    columns = ", ".join([c.name for c in entity.columns] + ["_connector", "_file", "_line"])
    winners = _count(connection, table)
    if table == STAGED and not _count(connection, f"(select 1 from {entity.table} limit 1)"):
        # Written once, as the night's rows; nothing of raw was there.
        connection.execute(f"drop table {entity.table}")
        connection.execute(f"alter table {table} rename to {entity.table.removeprefix('raw.')}")
        return winners, 0
    _find_met(connection, entity, table)
    matched = _count(connection, "met")
    connection.execute(
        f"insert into {replaced_table(entity)} select existing.* exclude (existing_row) "
        "from existing inner join met using (existing_row) where is_later and not is_same"
    )
    connection.execute(
        f"delete from {entity.table} where rowid in (select existing_row from met where is_later)"
    )
    # What came again as it was has not changed: it stays of the run that brought it.
    connection.execute(
        f"insert into {entity.table} select {columns}, "
        "case when met.is_same then met.existing_run_id else arrived._run_id end "
        f"from {table} as arrived left join met on met.arrived_row = arrived.rowid "
        "where coalesce(met.is_later, true)"
    )
    return winners, matched


def _find_met(connection: duckdb.DuckDBPyConnection, entity: Entity, table: str) -> None:
    """The rows of raw whose keys arrived -> `existing`, and which of the two goes before -> `met`.

    The keys of all that ever landed are compared, and nothing else of it is read.
    """
    same_key = " and ".join(f"existing.{name} = arrived.{name}" for name in entity.key)
    connection.execute(
        "create or replace temp table same_key as "
        "select existing.rowid as existing_row, arrived.rowid as arrived_row "
        f"from {table} as arrived inner join {entity.table} as existing on {same_key}"
    )
    connection.execute(f"set dynamic_or_filter_threshold = {_FEW_ROWS}")
    connection.execute(
        f"create or replace temp table existing as select rowid as existing_row, * "
        f"from {entity.table} where rowid in (select existing_row from same_key)"
    )
    connection.execute("reset dynamic_or_filter_threshold")
    connection.execute(
        f"""
        create or replace temp table met as
        select
            existing_row,
            arrived_row,
            ({_later(entity)}) as is_later,
            ({_same(entity)}) as is_same,
            existing._run_id as existing_run_id
        from same_key
        inner join existing using (existing_row)
        inner join {table} as arrived on arrived.rowid = same_key.arrived_row
        """
    )


def replaced_table(entity: Entity) -> str:
    """Where an entity's rows that gave way are."""
    return entity.table.replace("raw.", f"{REPLACED}.")


def _same(entity: Entity) -> str:
    """Whether the arrived row says what the existing one does."""
    return " and ".join(
        f"arrived.{column.name} is not distinct from existing.{column.name}"
        for column in entity.columns
    )


def _order(entity: Entity) -> str:
    latest = f"{entity.latest_by} desc nulls last, " if entity.latest_by else ""
    return f"{latest}{_file_order('_file')} desc, _line desc"


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
