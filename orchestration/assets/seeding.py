"""Seeds are loaded when they have changed: dbt reads a CSV slower than all staging takes."""

from collections.abc import Iterable

import duckdb

_CREATE = "create table if not exists quality.seeds (key varchar, content varchar)"


def seeds_are_loaded(
    connection: duckdb.DuckDBPyConnection, tables: Iterable[str], key: str
) -> bool:
    """Whether what stands in `tables` (`schema.table`) was loaded of the project that `key` names.

    And nobody has loaded or changed anything since: their content is looked at, they are small.
    """
    connection.execute(_CREATE)
    known = connection.execute("select key, content from quality.seeds").fetchall()
    return known == [(key, _content(connection, tables))]


def remember_seeds(connection: duckdb.DuckDBPyConnection, tables: Iterable[str], key: str) -> None:
    connection.execute(_CREATE)
    connection.execute("truncate quality.seeds")
    connection.execute(
        "insert into quality.seeds values (?, ?)", [key, _content(connection, tables)]
    )


def _content(connection: duckdb.DuckDBPyConnection, tables: Iterable[str]) -> str | None:
    """None where one is missing."""
    told = []
    for table in sorted(tables):
        try:
            found = connection.execute(
                f"select count(*), bit_xor(hash(t)) from {table} as t"
            ).fetchall()
        except duckdb.CatalogException:
            return None
        told.append(f"{table} {found[0]}")
    return "; ".join(told)
