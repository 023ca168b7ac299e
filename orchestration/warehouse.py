"""The only opener of the build file, and of the marts beside it.

DuckDB has one writer, and one process can't mix read-only and read-write: so whoever needs the
file opens it here, finishes, and closes (a `with` block), and nobody keeps it open between steps.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from orchestration.settings import Settings

MARTS = "touchline"
"""The catalog of the marts: a file of their own, so that a release is a copy of it."""

# Nobody but us reads the build file: the newest format. A release is read by clients from 1.4 on,
# the long-term one of September 2025: what 1.0 can read takes almost twice the time to write text.
_FORMAT: dict[str, str | bool | int | float | list[str]] = {
    "storage_compatibility_version": "v1.5.0"
}
_MARTS_FORMAT = "v1.4.0"


@contextmanager
def open_build(
    settings: Settings, *, read_only: bool = False
) -> Iterator[duckdb.DuckDBPyConnection]:
    """The build file, with the settings' limits; times are UTC in every session.

    `marts.fct_leads` is found in the marts file, which is attached to it.
    """
    settings.tmp_dir.mkdir(parents=True, exist_ok=True)
    connection = duckdb.connect(str(settings.build_file), read_only=read_only, config=_FORMAT)
    try:
        _limit(connection, settings.memory_limit, settings.threads, settings.tmp_dir)
        _attach_marts(connection, settings.marts_file, read_only=read_only)
        yield connection
    finally:
        connection.close()


def _attach_marts(connection: duckdb.DuckDBPyConnection, path: Path, *, read_only: bool) -> None:
    if read_only and not path.exists():
        return
    if not read_only:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Those of an earlier version, which made them in the build file.
        connection.execute("drop schema if exists marts cascade")
    options = "read_only" if read_only else f"storage_version '{_MARTS_FORMAT}'"
    connection.execute(f"attach {_quote(path)} as {MARTS} ({options})")
    if not read_only:
        connection.execute(f"create schema if not exists {MARTS}.marts")
    find_marts(connection)


def find_marts(connection: duckdb.DuckDBPyConnection) -> None:
    """Have `marts.fct_leads` looked for in the catalog of the marts."""
    if connection.execute(
        f"select 1 from duckdb_schemas() where database_name = '{MARTS}' and schema_name = 'marts'"
    ).fetchall():
        ((build,),) = connection.execute("select current_database()").fetchall()
        connection.execute(f"set search_path = '{build}.main,{MARTS}.marts'")


def drop_marts(settings: Settings) -> None:
    """Marts that are made anew begin with an empty file: it holds neither gaps nor what was there.

    The log first: DuckDB refuses one that it finds beside a file that it is not of.
    """
    settings.marts_file.with_name(f"{settings.marts_file.name}.wal").unlink(missing_ok=True)
    settings.marts_file.unlink(missing_ok=True)


@contextmanager
def open_published(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A release, read-only and shut off from files and network: it shows what it holds."""
    connection = duckdb.connect(
        str(path), read_only=True, config={"enable_external_access": "false"}
    )
    try:
        connection.execute("set timezone = 'UTC'")
        yield connection
    finally:
        connection.close()


def _limit(
    connection: duckdb.DuckDBPyConnection, memory_limit: str, threads: int, tmp_dir: Path
) -> None:
    connection.execute("set timezone = 'UTC'")
    connection.execute(f"set memory_limit = '{memory_limit}'")
    connection.execute(f"set threads = {threads}")
    connection.execute(f"set temp_directory = '{tmp_dir}'")


@contextmanager
def open_candidate(settings: Settings, path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A release in the making, with the build file attached to it, read-only, as `build`."""
    connection = duckdb.connect(str(path))
    try:
        _limit(connection, settings.memory_limit, settings.threads, settings.tmp_dir)
        connection.execute(f"attach {_quote(settings.build_file)} as build (read_only)")
        yield connection
    finally:
        connection.close()


def _quote(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"


def settle_rows(connection: duckdb.DuckDBPyConnection, schema: str) -> None:
    """Checkpoint until no row of the schema's tables moves: its rowid is then its own for a build.

    A checkpoint joins row groups that have lost rows, which numbers theirs and all later rows anew;
    what it makes of them hangs on their sizes alone, so the one that changes none is the last.
    """
    before = None
    while (sizes := _row_groups(connection, schema)) != before:
        before = sizes
        connection.execute("checkpoint")


def _row_groups(connection: duckdb.DuckDBPyConnection, schema: str) -> list[list[tuple[int, int]]]:
    tables = connection.execute(
        "select table_name from duckdb_tables() "
        "where database_name = current_database() and schema_name = ? order by table_name",
        [schema],
    ).fetchall()
    return [
        connection.execute(
            "select row_group_id, sum(count) from pragma_storage_info(?) "
            "where column_id = 0 and segment_type <> 'VALIDITY' group by all order by all",
            [f"{schema}.{table}"],
        ).fetchall()
        for (table,) in tables
    ]


def count_rows(connection: duckdb.DuckDBPyConnection, relation: str) -> int:
    ((rows,),) = connection.execute(f"select count(*) from {relation}").fetchall()
    return int(rows)


@dataclass(frozen=True)
class Run:
    """The night that the build file is of."""

    run_id: str
    as_of: datetime
    scope: str = "all"
    """all; affected: only what stands in raw.affected is computed anew; or nothing."""
    scope_reason: str = ""


def record_run(connection: duckdb.DuckDBPyConnection, run: Run) -> None:
    """From here on, what is built is of this night."""
    connection.execute(
        "create table if not exists raw.runs "
        "(run_id varchar, as_of timestamp, started_at timestamp default (now() at time zone 'UTC'))"
    )
    # A file that an earlier version made.
    for column in ("scope", "scope_reason"):
        connection.execute(f"alter table raw.runs add column if not exists {column} varchar")
    connection.execute(
        "insert into raw.runs (run_id, as_of, scope, scope_reason) values (?, ?, ?, ?)",
        [run.run_id, run.as_of, run.scope, run.scope_reason],
    )


def read_run(connection: duckdb.DuckDBPyConnection) -> Run:
    """The latest night that landed."""
    rows = connection.execute(
        "select run_id, as_of, scope, scope_reason from raw.runs order by started_at desc limit 1"
    ).fetchall()
    return Run(*rows[0])


def read_computed_scope(connection: duckdb.DuckDBPyConnection) -> str:
    """Of the latest night that computed anything: staging and intermediate are of that one."""
    rows = connection.execute(
        "select scope from raw.runs where scope <> 'nothing' order by started_at desc limit 1"
    ).fetchall()
    return str(rows[0][0]) if rows else "all"


def record_done(connection: duckdb.DuckDBPyConnection, what: str) -> None:
    """A layer was built whole of the latest night's rows, or passed its checks."""
    forget_done(connection, what)
    connection.execute(
        "insert into quality.done values (?, ?)", [what, read_run(connection).run_id]
    )


def forget_done(connection: duckdb.DuckDBPyConnection, what: str) -> None:
    """It is being done again, or was changed since."""
    connection.execute("create schema if not exists quality")
    connection.execute("create table if not exists quality.done (what varchar, run_id varchar)")
    connection.execute("delete from quality.done where what = ?", [what])


def carry_done(connection: duckdb.DuckDBPyConnection, run_id: str) -> None:
    """Nothing has changed since that run: what was done then is done for the latest night too."""
    connection.execute(
        "update quality.done set run_id = ? where run_id = ?",
        [read_run(connection).run_id, run_id],
    )


def find_undone(
    connection: duckdb.DuckDBPyConnection, needed: Sequence[str], run_id: str | None = None
) -> list[str]:
    """What is not of the latest night, or of `run_id`: a run that was killed leaves two mixed."""
    known = connection.execute("select what, run_id from quality.done").fetchall()
    of_run = run_id or read_run(connection).run_id
    return [what for what in needed if (what, of_run) not in known]
