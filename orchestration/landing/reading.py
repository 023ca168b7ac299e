"""Delivered files -> one temporary table of text an entity, by DuckDB itself.

Everything is read as text and strictly: a line that does not fit its header is set aside, never
skipped (`ignore_errors` loses rows without a word).
"""

import codecs
import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.landing.contract import Entity

INCOMING = "incoming"
"""The temporary table: the contract's columns as text, `_file`, `_line` (1 = its first line)."""
UNREADABLE = "incoming_unreadable"
"""The temporary table of lines that are no rows: `_file`, `_line`, `record`, `problem`."""

_CHUNK = 1 << 24


class FileError(Exception):
    """A file that can't be read at all, or lacks what must be there: its entity stops."""


@dataclass(frozen=True)
class _Header:
    names: tuple[str, ...]
    """As the contract spells them: lower case, without spaces around."""


def read_files(
    connection: duckdb.DuckDBPyConnection,
    entity: Entity,
    files: Sequence[Path],
    *,
    root: Path,
    encoding: str,
    tmp_dir: Path,
) -> None:
    """Fill INCOMING and UNREADABLE from `files` (.csv, .parquet, .jsonl), in their order.

    Raises FileError, before anything is kept, naming the file and what is wrong with it.
    """
    columns = ", ".join(f"{column.name} varchar" for column in entity.columns)
    connection.execute(
        f"create or replace temp table {INCOMING} ({columns}, _file varchar, _line bigint)"
    )
    connection.execute(
        f"create or replace temp table {UNREADABLE} "
        "(_file varchar, _line bigint, record varchar, problem varchar)"
    )
    for path in files:
        name = str(path.relative_to(root) if path.is_relative_to(root) else path)
        try:
            _READERS[path.suffix.lower()](connection, entity, path, name, encoding, tmp_dir)
        except KeyError:
            raise FileError(f"{name}: not a .csv, .parquet or .jsonl file") from None
        except (duckdb.Error, OSError, UnicodeError) as error:
            reason = str(error).splitlines()[0][:200]
            raise FileError(f"{name}: can't be read: {reason}") from error


def _read_csv(
    connection: duckdb.DuckDBPyConnection,
    entity: Entity,
    path: Path,
    name: str,
    encoding: str,
    tmp_dir: Path,
) -> None:
    readable = _as_clean_utf8(path, name, encoding, tmp_dir)
    header = _header(_first_record(readable), entity, name)
    # Columns by position: a header's own spelling or a stranger's column can't disturb the reading.
    types = ", ".join(f"'c{position}': 'varchar'" for position in range(len(header.names)))
    picked = _picked(entity, header, lambda position: f"c{position}")
    source = (
        "read_csv($path, delim = ',', quote = '\"', escape = '\"', header = true, "
        f"auto_detect = false, columns = {{{types}}}, strict_mode = true, store_rejects = true)"
    )
    told = {"path": str(readable), "name": name}
    connection.execute(
        f"insert into {INCOMING} select {picked}, $name, row_number() over () + 1 from {source}",
        told,
    )
    rejected = connection.execute(
        "select min(line_byte_position), any_value(csv_line) from reject_errors "
        "group by line_byte_position order by line_byte_position"
    ).fetchall()
    _forget_rejected(connection)
    (rows,) = connection.execute(
        f"select count(*) from {INCOMING} where _file = ?", [name]
    ).fetchall()[0]
    if _count_line_ends(readable) > 1 + rows + len(rejected):
        heights = " + ".join(
            f"coalesce(length(c{n}) - length(replace(c{n}, chr(10), '')), 0)"
            for n in range(len(header.names))
        )
        # Cells hold line ends: a row's line is its first.
        connection.execute(f"delete from {INCOMING} where _file = ?", [name])
        connection.execute(
            f"insert into {INCOMING} select {picked}, $name, 1 - ({heights}) + sum(1 + {heights}) "
            f"over (rows between unbounded preceding and current row) from {source}",
            told,
        )
        _forget_rejected(connection)
    # Behind \r\n DuckDB takes the \n for the beginning of the rejected line.
    lines = _lines_at(readable, [place - 1 + text.startswith("\n") for place, text in rejected])
    if readable != path:
        readable.unlink()
    for line, (_, text) in zip(lines, rejected, strict=True):
        connection.execute(
            f"insert into {UNREADABLE} values (?, ?, ?, 'unreadable_line')",
            [name, line, text.strip("\r\n")],
        )
        # Rows were numbered as if the rejected lines were not there.
        connection.execute(
            f"update {INCOMING} set _line = _line + ? where _file = ? and _line >= ?",
            [text.strip("\r\n").count("\n") + 1, name, line],
        )


def _forget_rejected(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("drop table if exists reject_errors")
    connection.execute("drop table if exists reject_scans")


def _count_line_ends(path: Path) -> int:
    found = 0
    with path.open("rb") as handle:
        while chunk := handle.read(_CHUNK):
            found += chunk.count(b"\n")
    return found


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


def _read_parquet(
    connection: duckdb.DuckDBPyConnection,
    entity: Entity,
    path: Path,
    name: str,
    _encoding: str,
    _tmp_dir: Path,
) -> None:
    described = connection.execute(
        "select column_name, column_type from (describe select * from read_parquet(?))", [str(path)]
    ).fetchall()
    header = _header([column for column, _ in described], entity, name)

    def text(position: int) -> str:
        column, column_type = described[position]
        quoted = '"' + column.replace('"', '""') + '"'
        if column_type.endswith("[]"):
            return f"array_to_string({quoted}, ';')"
        return f"cast({quoted} as varchar)"

    picked = _picked(entity, header, text)
    connection.execute(
        f"insert into {INCOMING} select {picked}, $name, file_row_number + 1 "
        "from read_parquet($path, file_row_number = true)",
        {"path": str(path), "name": name},
    )


def _read_jsonl(
    connection: duckdb.DuckDBPyConnection,
    entity: Entity,
    path: Path,
    name: str,
    encoding: str,
    tmp_dir: Path,
) -> None:
    readable = _as_clean_utf8(path, name, encoding, tmp_dir)
    # One column of whole lines: an invalid line keeps its number and is set aside.
    connection.execute(
        "create or replace temp table json_lines as "
        "select row_number() over () as line, record, json_valid(record) as is_valid "
        "from read_csv($path, delim = '\\x01', quote = '', escape = '', header = false, "
        "auto_detect = false, columns = {'record': 'varchar'}, strict_mode = true)",
        {"path": str(readable)},
    )
    if readable != path:
        readable.unlink()
    connection.execute(
        f"insert into {UNREADABLE} select $name, line, record, 'unreadable_line' "
        "from json_lines where not is_valid and trim(record) <> ''",
        {"name": name},
    )
    keys = connection.execute(
        "select distinct unnest(json_keys(record)) as key from json_lines where is_valid order by 1"
    ).fetchall()
    names = [key for (key,) in keys]
    (rows,) = connection.execute("select count(*) from json_lines where is_valid").fetchall()[0]
    if rows == 0:
        return
    header = _header(names, entity, name)

    def text(position: int) -> str:
        key = names[position].replace("'", "''").replace('"', '\\"')
        value = f"json_extract(record, '$.\"{key}\"')"
        return (
            f"case when json_type({value}) = 'ARRAY' "
            f"then array_to_string(from_json({value}, '[\"VARCHAR\"]'), ';') "
            f"else {value} ->> '$' end"
        )

    picked = _picked(entity, header, text)
    connection.execute(
        f"insert into {INCOMING} select {picked}, $name, line from json_lines where is_valid",
        {"name": name},
    )
    connection.execute("drop table json_lines")


_Reader = Callable[[duckdb.DuckDBPyConnection, Entity, Path, str, str, Path], None]
_READERS: dict[str, _Reader] = {
    ".csv": _read_csv,
    ".parquet": _read_parquet,
    ".jsonl": _read_jsonl,
    ".ndjson": _read_jsonl,
}


def _header(found: Sequence[str], entity: Entity, name: str) -> _Header:
    """The columns of a file, checked against the contract. Raises FileError."""
    names = tuple(column.strip().lower() for column in found)
    twice = sorted({column for column in names if names.count(column) > 1})
    if twice:
        raise FileError(f"{name}: the column {twice[0]!r} stands twice in the header")
    missing = [c.name for c in entity.columns if c.required and c.name not in names]
    if missing:
        raise FileError(f"{name}: the column {missing[0]!r} must be there and is not")
    return _Header(names)


def _picked(entity: Entity, header: _Header, text: Callable[[int], str]) -> str:
    """The contract's columns in their order, text or null."""
    return ", ".join(
        text(header.names.index(column.name)) if column.name in header.names else "null"
        for column in entity.columns
    )


def _first_record(path: Path) -> list[str]:
    with path.open(encoding="utf-8-sig", newline="") as handle:
        return next(csv.reader(handle), [])


def _as_clean_utf8(path: Path, name: str, encoding: str, tmp_dir: Path) -> Path:
    """`path`, or a copy of it in UTF-8 without NULs and with one kind of line end.

    DuckDB knows few encodings without extensions, keeps NULs, and fails on mixed line ends.
    """
    if path.stat().st_size == 0:
        raise FileError(f"{name}: is empty; a file without rows has its header")
    is_utf8 = codecs.lookup(encoding).name in ("utf-8", "utf-8-sig")
    if is_utf8 and _is_clean(path):
        return path
    tmp_dir.mkdir(parents=True, exist_ok=True)
    copy = tmp_dir / f"{path.stem}.utf8{path.suffix}"
    with (
        path.open(encoding="utf-8-sig" if is_utf8 else encoding) as source,
        copy.open("w", encoding="utf-8", newline="\n") as target,
    ):
        while chunk := source.read(_CHUNK):
            target.write(chunk.replace("\0", ""))
    return copy


def _is_clean(path: Path) -> bool:
    """No NUL, and either no carriage return or one before each line feed."""
    carriage_returns = pairs = line_feeds = 0
    before = b""
    with path.open("rb") as handle:
        while chunk := handle.read(_CHUNK):
            if b"\0" in chunk:
                return False
            carriage_returns += chunk.count(b"\r")
            line_feeds += chunk.count(b"\n")
            pairs += chunk.count(b"\r\n") + (before == b"\r" and chunk[:1] == b"\n")
            before = chunk[-1:]
    return carriage_returns == 0 or carriage_returns == pairs == line_feeds
