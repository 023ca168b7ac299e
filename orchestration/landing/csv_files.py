"""CSV, read strictly: a line that is no row is set aside with its number, never skipped.

A file in which each line is one row is read where it lies (`csv_query`, `find_odd`). Any other is
read again by `copy_csv`, which finds out on which line each row begins.
"""

import codecs
import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.landing.contract import Entity
from orchestration.landing.headers import FileError, check_header, pick, quoted

_CHUNK = 1 << 24


@dataclass(frozen=True)
class CleanFile:
    """What DuckDB can read: UTF-8, without NULs, with one kind of line end."""

    path: Path
    line_ends: int
    is_copy: bool


def csv_query(entity: Entity, clean: CleanFile, name: str) -> str:
    """The contract's columns as text, `_file`, `_line`; right where every line is a row."""
    return _select(entity, clean, name, "row_number() over () + 1")


def find_odd(
    connection: duckdb.DuckDBPyConnection, read: Mapping[str, CleanFile], rows: Mapping[str, int]
) -> set[str]:
    """The files, by name, of which `csv_query` found lines that are no rows, or rows of many lines.

    `rows` says how many it found in each.
    """
    told = connection.execute(
        "select distinct file_path from reject_scans join reject_errors using (scan_id, file_id)"
    ).fetchall()
    forget_rejected(connection)
    rejected = {path for (path,) in told}
    return {
        name
        for name, clean in read.items()
        if str(clean.path) in rejected or clean.line_ends > 1 + rows.get(name, 0)
    }


def copy_csv(
    connection: duckdb.DuckDBPyConnection,
    entity: Entity,
    clean: CleanFile,
    name: str,
    target: str,
    unreadable: str,
) -> None:
    """Add a file's rows to `target` as text, and the lines that are none to `unreadable`."""
    forget_rejected(connection)
    connection.execute(f"insert into {target} {csv_query(entity, clean, name)}")
    rejected = connection.execute(
        "select min(line_byte_position), any_value(csv_line) from reject_errors "
        "group by line_byte_position order by line_byte_position"
    ).fetchall()
    forget_rejected(connection)
    (rows,) = connection.execute(
        f"select count(*) from {target} where _file = ?", [name]
    ).fetchall()[0]
    if clean.line_ends > 1 + rows + len(rejected):
        heights = " + ".join(
            f"coalesce(length(c{n}) - length(replace(c{n}, chr(10), '')), 0)"
            for n in range(len(_first_record(clean.path)))
        )
        # Cells hold line ends: a row's line is its first.
        begins = (
            f"1 - ({heights}) + sum(1 + {heights}) "
            "over (rows between unbounded preceding and current row)"
        )
        connection.execute(f"delete from {target} where _file = ?", [name])
        connection.execute(f"insert into {target} {_select(entity, clean, name, begins)}")
        forget_rejected(connection)
    # Behind \r\n DuckDB takes the \n for the beginning of the rejected line.
    lines = _lines_at(clean.path, [place - 1 + text.startswith("\n") for place, text in rejected])
    for line, (_, text) in zip(lines, rejected, strict=True):
        connection.execute(
            f"insert into {unreadable} values (?, ?, ?, 'unreadable_line')",
            [name, line, text.strip("\r\n")],
        )
        # Rows were numbered as if the rejected lines were not there.
        connection.execute(
            f"update {target} set _line = _line + ? where _file = ? and _line >= ?",
            [text.strip("\r\n").count("\n") + 1, name, line],
        )


def forget_rejected(connection: duckdb.DuckDBPyConnection) -> None:
    """DuckDB adds to what it has found before."""
    connection.execute("drop table if exists reject_errors")
    connection.execute("drop table if exists reject_scans")


def clean_file(path: Path, name: str, encoding: str, copy: Path) -> CleanFile:
    """`path`, or `copy` of it in UTF-8 without NULs and with one kind of line end.

    DuckDB knows few encodings without extensions, keeps NULs, and fails on mixed line ends.
    Raises FileError where it is empty.
    """
    if path.stat().st_size == 0:
        raise FileError(f"{name}: is empty; a file without rows has its header")
    is_utf8 = codecs.lookup(encoding).name in ("utf-8", "utf-8-sig")
    line_ends = _count_line_ends(path) if is_utf8 else None
    if line_ends is not None:
        return CleanFile(path, line_ends, is_copy=False)
    copy.parent.mkdir(parents=True, exist_ok=True)
    line_ends = 0
    with (
        path.open(encoding="utf-8-sig" if is_utf8 else encoding) as source,
        copy.open("w", encoding="utf-8", newline="\n") as target,
    ):
        while chunk := source.read(_CHUNK):
            line_ends += chunk.count("\n")
            target.write(chunk.replace("\0", ""))
    return CleanFile(copy, line_ends, is_copy=True)


def _select(entity: Entity, clean: CleanFile, name: str, line: str) -> str:
    names = check_header(_first_record(clean.path), entity, name)
    # Columns by position: a header's own spelling or a stranger's column can't disturb the reading.
    types = ", ".join(f"'c{position}': 'varchar'" for position in range(len(names)))
    return (
        f"select {pick(entity, names, lambda position: f'c{position}')}, {quoted(name)} as _file, "
        f"{line} as _line from read_csv({quoted(str(clean.path))}, delim = ',', quote = '\"', "
        f"escape = '\"', header = true, auto_detect = false, columns = {{{types}}}, "
        "strict_mode = true, store_rejects = true)"
    )


def _first_record(path: Path) -> list[str]:
    with path.open(encoding="utf-8-sig", newline="") as handle:
        return next(csv.reader(handle), [])


def _lines_at(path: Path, offsets: Sequence[int]) -> list[int]:
    """The lines (1 = first) in which these places of a file stand; the places in their order."""
    lines: list[int] = []
    line, place = 1, 0
    with path.open("rb") as handle:
        for offset in offsets:
            line += handle.read(offset - place).count(b"\n")
            place = offset
            lines.append(line)
    return lines


def _count_line_ends(path: Path) -> int | None:
    """None where there is a NUL, or a carriage return before some line feeds only, or alone."""
    carriage_returns = pairs = line_feeds = 0
    before = b""
    with path.open("rb") as handle:
        while chunk := handle.read(_CHUNK):
            if b"\0" in chunk:
                return None
            line_feeds += chunk.count(b"\n")
            if b"\r" in chunk:
                carriage_returns += chunk.count(b"\r")
                pairs += chunk.count(b"\r\n")
            pairs += before == b"\r" and chunk[:1] == b"\n"
            before = chunk[-1:]
    is_clean = carriage_returns == 0 or carriage_returns == pairs == line_feeds
    return line_feeds if is_clean else None
