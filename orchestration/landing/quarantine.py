"""What waits in quarantine, and what of it is judged again."""

import duckdb

from orchestration.landing.contract import Entity
from orchestration.landing.reading import UNREADABLE

# What a row says does not change, nor do the rules: only time and the rows that it names do.
_MAY_COME_RIGHT = "(rule like 'in_the_future:%' or rule like 'missing_reference:%')"
_OF_ENTITY = "connector = $connector and entity = $entity"


def find_superseded(
    connection: duckdb.DuckDBPyConnection, entity: Entity, connector: str, table: str
) -> int:
    """The lines in quarantine that `table` brings anew -> `superseded`; how many."""
    who = {"connector": connector, "entity": entity.name}
    connection.execute("create or replace temp table superseded (file varchar, line bigint)")
    ((held,),) = connection.execute(
        f"select count(*) from quarantine.rows where {_OF_ENTITY}", who
    ).fetchall()
    if not held:
        return 0
    connection.execute(
        f"insert into superseded select file, line from quarantine.rows where {_OF_ENTITY} and "
        f"file in (select distinct _file from {table} union all select _file from {UNREADABLE})",
        who,
    )
    ((rows,),) = connection.execute("select count(*) from superseded").fetchall()
    return int(rows)


def find_waiting(
    connection: duckdb.DuckDBPyConnection, entity: Entity, connector: str, *, judge_all: bool
) -> int:
    """The rows of text to be judged again -> `waiting`; how many.

    Those that can't have come right are left out, unless the rules have changed (`judge_all`).
    """
    values = ", ".join(f"record ->> '{column.name}' as {column.name}" for column in entity.columns)
    which = "rule <> 'unreadable_line'" if judge_all else _MAY_COME_RIGHT
    connection.execute(
        f"create or replace temp table waiting as select {values}, file as _file, line as _line "
        f"from quarantine.rows where {_OF_ENTITY} and {which}",
        {"connector": connector, "entity": entity.name},
    )
    ((rows,),) = connection.execute("select count(*) from waiting").fetchall()
    return int(rows)


WAITING = (
    "select * from waiting "
    "where not exists (select 1 from superseded where file = _file and line = _line)"
)
"""A query of those that this delivery does not bring anew."""
