"""Delivered files -> queries of their rows as text, by DuckDB itself, read where they lie.

Everything is read as text and strictly: a line that does not fit its header is set aside, never
skipped (`ignore_errors` loses rows without a word). What can't be read where it lies (JSONL, CSV
with rows of many lines) is copied into INCOMING first.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from orchestration.connectors.base import Delivery
from orchestration.landing.contract import Entity
from orchestration.landing.csv_files import (
    CleanFile,
    clean_file,
    copy_csv,
    csv_query,
    find_odd,
    forget_rejected,
)
from orchestration.landing.headers import FileError
from orchestration.landing.jsonl_files import copy_jsonl
from orchestration.landing.parquet_files import copy_parquet, parquet_queries

INCOMING = "incoming"
"""The temporary table: the contract's columns as text, `_file`, `_line` (1 = its first line)."""
UNREADABLE = "incoming_unreadable"
"""The temporary table of lines that are no rows: `_file`, `_line`, `record`, `problem`."""

_TEXT = frozenset((".csv", ".jsonl", ".ndjson"))
_PARQUET = ".parquet"


@dataclass
class Reading:
    """How the rows of an entity's files are got at; ends with `close`."""

    connection: duckdb.DuckDBPyConnection
    entity: Entity
    delivery: Delivery
    tmp_dir: Path
    _parquet: list[str] = field(default_factory=list)
    _csv: dict[str, tuple[CleanFile, str]] = field(default_factory=dict)
    _copies: list[Path] = field(default_factory=list)

    @property
    def files(self) -> Sequence[Path]:
        return self.delivery.files.get(self.entity.name, ())

    def open(self) -> None:
        """Find out how to read each file. Raises FileError, naming the file and what is wrong."""
        self._start()
        parquet = [path for path in self.files if path.suffix.lower() == _PARQUET]
        try:
            self._parquet, to_copy = parquet_queries(
                self.connection, self.entity, parquet, self.delivery.root, self.delivery.time_zone
            )
        except duckdb.Error:
            # One of them is broken: read by itself, it is told by its name.
            to_copy = parquet
        for path in self.files:
            if path.suffix.lower() == ".csv":
                with _telling(name := self._name(path)):
                    clean = self._clean(path, name)
                    self._csv[name] = (clean, csv_query(self.entity, clean, name))
            elif path.suffix.lower() != _PARQUET or path in to_copy:
                self._copy(path)

    def queries(self) -> list[str]:
        """Each the contract's columns as text, `_file` and `_line`; together, all rows."""
        return [
            *self._parquet,
            *(query for _, query in self._csv.values()),
            f"select * from {INCOMING}",
        ]

    def settle_odd(self, table: str) -> bool:
        """Whether `queries` gave `table` what is not so, and now, asked again, would not."""
        if not self._csv:
            return False
        rows = dict(
            self.connection.execute(
                f"select _file, count(*) from {table} group by _file"
            ).fetchall()
        )
        read = {name: clean for name, (clean, _) in self._csv.items()}
        odd = find_odd(self.connection, read, rows)
        for name in odd:
            del self._csv[name]
            with _telling(name):
                copy_csv(self.connection, self.entity, read[name], name, INCOMING, UNREADABLE)
        return bool(odd)

    def copy_all(self) -> None:
        """Read every file by itself. Raises FileError, naming the one that can't be read."""
        self._start()
        for path in self.files:
            self._copy(path)

    def close(self) -> None:
        for copy in self._copies:
            copy.unlink(missing_ok=True)

    def _start(self) -> None:
        columns = ", ".join(f"{column.name} varchar" for column in self.entity.columns)
        self.connection.execute(
            f"create or replace temp table {INCOMING} ({columns}, _file varchar, _line bigint)"
        )
        self.connection.execute(
            f"create or replace temp table {UNREADABLE} "
            "(_file varchar, _line bigint, record varchar, problem varchar)"
        )
        forget_rejected(self.connection)
        self._parquet.clear()
        self._csv.clear()

    def _copy(self, path: Path) -> None:
        suffix, name = path.suffix.lower(), self._name(path)
        with _telling(name):
            if suffix == _PARQUET:
                copy_parquet(self.connection, self.entity, path, name, INCOMING)
            elif suffix not in _TEXT:
                raise FileError(f"{name}: not a .csv, .parquet or .jsonl file")
            else:
                clean = self._clean(path, name)
                if suffix == ".csv":
                    copy_csv(self.connection, self.entity, clean, name, INCOMING, UNREADABLE)
                else:
                    copy_jsonl(self.connection, self.entity, clean.path, name, INCOMING, UNREADABLE)

    def _clean(self, path: Path, name: str) -> CleanFile:
        copy = self.tmp_dir / f"{len(self._copies)}-{path.stem}.utf8{path.suffix}"
        self._copies.append(copy)
        return clean_file(path, name, self.delivery.encoding, copy)

    def _name(self, path: Path) -> str:
        """As quarantine tells it, and as the order of files goes by."""
        root = self.delivery.root
        return str(path.relative_to(root) if path.is_relative_to(root) else path)


@contextmanager
def _telling(name: str) -> Iterator[None]:
    """Any trouble with a file, by its name."""
    try:
        yield
    except (duckdb.Error, OSError, UnicodeError) as error:
        reason = str(error).splitlines()[0][:200]
        raise FileError(f"{name}: can't be read: {reason}") from error


@contextmanager
def open_reading(
    connection: duckdb.DuckDBPyConnection, entity: Entity, delivery: Delivery, tmp_dir: Path
) -> Iterator[Reading]:
    """Raises FileError where a file can't be read at all."""
    reading = Reading(connection, entity, delivery, tmp_dir)
    try:
        reading.open()
        yield reading
    finally:
        reading.close()
