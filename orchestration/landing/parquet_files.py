"""Parquet: read where it lies, all files of one schema at once."""

from collections.abc import Sequence
from pathlib import Path

import duckdb

from orchestration.landing.contract import Entity
from orchestration.landing.headers import check_header, pick, quoted

_READ_AS_PATTERN = frozenset("*?[")


def parquet_queries(
    connection: duckdb.DuckDBPyConnection,
    entity: Entity,
    files: Sequence[Path],
    root: Path,
    time_zone: str,
) -> tuple[list[str], list[Path]]:
    """(queries of the contract's columns as text, `_file`, `_line`; files that these leave out).

    Raises FileError for a header that breaks the contract, duckdb.Error for what is no Parquet.
    """
    plain = [path for path in files if not _READ_AS_PATTERN & set(str(path))]
    left_out = [path for path in files if path not in plain]
    queries: list[str] = []
    for alike in _of_one_schema(connection, plain):
        columns = _describe(connection, alike[0])
        inside = [path for path in alike if path.is_relative_to(root)]
        for some in (inside, [path for path in alike if path not in inside]):
            if not some:
                continue
            told = str(some[0].relative_to(root)) if some == inside else str(some[0])
            names = check_header([column for column, _ in columns], entity, told)
            if time_zone != "UTC" and any("TIME ZONE" in kind for _, kind in columns):
                # Such a value is spelled in the session's zone; quarantine keeps what UTC spells.
                left_out += some
                continue
            # `filename` is the same for a whole chunk of rows: cutting it costs nothing.
            begin = len(str(some[0])) - len(told) + 1
            queries.append(
                f"select {_pick(entity, names, columns)}, substr(filename, {begin}) as _file, "
                f"file_row_number + 1 as _line from read_parquet({_listed(some)}, "
                "filename = true, file_row_number = true, hive_partitioning = false)"
            )
    return queries, left_out


def copy_parquet(
    connection: duckdb.DuckDBPyConnection, entity: Entity, path: Path, name: str, target: str
) -> None:
    """Add a file's rows to `target` as text."""
    columns = _describe(connection, path)
    names = check_header([column for column, _ in columns], entity, name)
    connection.execute(
        f"insert into {target} select {_pick(entity, names, columns)}, {quoted(name)}, "
        f"file_row_number + 1 from read_parquet({_listed([path])}, file_row_number = true, "
        "hive_partitioning = false)"
    )


def _of_one_schema(
    connection: duckdb.DuckDBPyConnection, files: Sequence[Path]
) -> list[list[Path]]:
    """The files in groups that can be read as one: same columns, of the same types."""
    if not files:
        return []
    found = connection.execute(
        "select list(file_name), min(twice) from (select file_name, "
        "list(row(name, type, type_length, repetition_type, num_children, converted_type, scale, "
        "precision, logical_type)) as columns, count(distinct lower(name)) < count(*) as twice "
        f"from parquet_schema({_listed(files)}) group by file_name) group by columns"
    ).fetchall()
    groups: list[list[Path]] = []
    for names, has_namesakes in found:
        some = [path for path in files if str(path) in set(names)]
        # Columns of several files are matched by name: that needs names that tell them apart.
        groups += [[path] for path in some] if has_namesakes else [some]
    return sorted(groups, key=lambda group: files.index(group[0]))


def _describe(connection: duckdb.DuckDBPyConnection, path: Path) -> list[tuple[str, str]]:
    described = connection.execute(
        f"describe select * from read_parquet({_listed([path])}, hive_partitioning = false)"
    ).fetchall()
    return [(column, kind) for column, kind, *_ in described]


def _pick(entity: Entity, names: Sequence[str], columns: Sequence[tuple[str, str]]) -> str:
    def text(position: int) -> str:
        column, kind = columns[position]
        quoted_name = '"' + column.replace('"', '""') + '"'
        if kind.endswith("[]"):
            return f"array_to_string({quoted_name}, ';')"
        return f"cast({quoted_name} as varchar)"

    return pick(entity, names, text)


def _listed(files: Sequence[Path]) -> str:
    return "[" + ", ".join(quoted(str(path)) for path in files) + "]"
