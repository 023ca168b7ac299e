"""The only opener of the build file.

DuckDB has one writer, and one process can't mix read-only and read-write: so whoever needs the
file opens it here, finishes, and closes (a `with` block), and nobody keeps it open between steps.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from orchestration.settings import Settings


@contextmanager
def open_build(settings: Settings, *, read_only: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
    """The build file, with the settings' limits; times are UTC in every session."""
    settings.tmp_dir.mkdir(parents=True, exist_ok=True)
    connection = duckdb.connect(str(settings.build_file), read_only=read_only)
    try:
        _limit(connection, settings.memory_limit, settings.threads, settings.tmp_dir)
        yield connection
    finally:
        connection.close()


@contextmanager
def open_published(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A release, read-only and shut off from files and network: what it holds is all it can show."""
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
