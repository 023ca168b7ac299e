"""Master.csv and its like: append-only, without a header, rotated by the system."""

import bz2
import csv
import gzip
import logging
import lzma
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TextIO

from orchestration.connectors.base import ConnectorError

_log = logging.getLogger(__name__)

_ALWAYS = (
    *("accountcode", "src", "dst", "dcontext", "clid", "channel", "dstchannel"),
    *("lastapp", "lastdata", "start", "answer", "end", "duration", "billsec"),
    *("disposition", "amaflags"),
)
_NEW = ("peeraccount", "linkedid", "sequence")
# By cdr.conf's [csv]: loguniqueid, loguserfield, newcdrcolumns. 17 and 20 may be the one or the
# other: to be named.
_LAYOUTS = {
    len(columns): columns
    for columns in (
        _ALWAYS,
        (*_ALWAYS, "uniqueid", "userfield"),
        (*_ALWAYS, *_NEW),
        (*_ALWAYS, "uniqueid", "userfield", *_NEW),
    )
}
_OPENERS: Mapping[str, Callable[..., Any]] = {
    ".gz": gzip.open,
    ".bz2": bz2.open,
    ".xz": lzma.open,
}
_ROTATED = re.compile(r"[.-]\d[\d.-]*(?:\.(?:gz|bz2|xz))?")
_AT_ONCE = 5000
_BEING_WRITTEN = 60.0
_DAY = 86400.0


class CsvLog:
    """The file, and what it was before it was rotated: `Master.csv.1`, `Master.csv-20260701.gz`.

    It is read whole: where nothing but the lines' own times is trusted, a file that was rotated,
    cut or copied back needs no care. A file that was not written to since needs no reading.
    """

    def __init__(self, path: Path, columns: Sequence[str], names: Mapping[str, str]) -> None:
        self._path = path
        self._columns = tuple(name.lower() for name in columns)
        self._names = names

    def close(self) -> None:
        """Nothing stays open."""

    def read(self, since: datetime | None) -> Iterator[list[dict[str, Any]]]:
        """Raises ConnectorError where there is no such file or it has other columns."""
        # An hour less: in autumn there are two of one.
        before = (since - timedelta(hours=1)).isoformat(" ", "seconds")[:19] if since else ""
        for path in self._files():
            # A day more: clocks differ.
            if since and path.stat().st_mtime < since.timestamp() - _DAY:
                continue
            some: list[dict[str, Any]] = []
            for record in self._records(path):
                if _is_before(record.get("start") or "", before):
                    continue
                some.append(record)
                if len(some) == _AT_ONCE:
                    yield some
                    some = []
            yield some

    def _files(self) -> list[Path]:
        """The oldest first."""
        name = self._path.name
        there = [
            path
            for path in self._path.parent.glob(f"{name}*")
            if path.name == name or _ROTATED.fullmatch(path.name.removeprefix(name))
        ]
        if not there or self._path.is_dir():
            raise ConnectorError(
                f"Asterisk: {self._path} is no file; TOUCHLINE_ASTERISK_PATH names it, such as "
                "/var/log/asterisk/cdr-csv/Master.csv"
            )
        return sorted(there, key=lambda path: (path.stat().st_mtime, path.name))

    def _records(self, path: Path) -> Iterator[dict[str, Any]]:
        columns: Sequence[str] = self._columns
        with _opened(path) as handle:
            for number, fields in enumerate(_rows(_whole_lines(handle, path), self._fits)):
                if number == 0 and {"channel", "disposition"} <= {one.lower() for one in fields}:
                    columns = tuple(one.strip().lower() for one in fields)
                    continue
                named = columns or _LAYOUTS.get(len(fields), ())
                if len(named) == len(fields):
                    pairs = zip(named, fields, strict=True)
                    yield {self._names.get(name, name): value for name, value in pairs}
                elif number == 0:
                    raise ConnectorError(
                        f"Asterisk: {path} has {len(fields)} columns; name them in their order in "
                        "TOUCHLINE_ASTERISK_COLUMNS, as cdr.conf or cdr_custom.conf has them"
                    )
                else:
                    # The mapping refuses it: one row in quarantine.
                    yield {"_line": ",".join(fields)}

    def _fits(self, fields: Sequence[str]) -> bool:
        return len(fields) == len(self._columns) if self._columns else len(fields) in _LAYOUTS


def _is_before(start: str, before: str) -> bool:
    """Surely, and at little cost: most lines are old."""
    return start[4:5] == "-" and start[:19] < before


def _rows(lines: Iterator[str], fits: Callable[[Sequence[str]], bool]) -> Iterator[Sequence[str]]:
    """The lines' fields.

    A line that was cut off (a full disk) costs itself only: read as one file, its open quote would
    swallow all that follows.
    """
    held = ""
    for line in lines:
        if held:
            both = _fields(held + line)
            if (held + line).count('"') % 2 == 0 and fits(both):
                # A line break in a caller's name.
                held = ""
                yield both
                continue
            yield _fields(held)
            held = ""
        if line.count('"') % 2:
            held = line
        elif line.strip():
            yield _fields(line)
    if held:
        yield _fields(held)


def _fields(line: str) -> Sequence[str]:
    return next(csv.reader([line]))


def _opened(path: Path) -> TextIO:
    # Names of callers come in any encoding; they are not read.
    opener = _OPENERS.get(path.suffix, open)
    opened: TextIO = opener(path, "rt", encoding="utf-8", errors="replace", newline="")
    return opened


def _whole_lines(handle: TextIO, path: Path) -> Iterator[str]:
    """Without a last line that is just being written: it comes with the next night."""
    for line in handle:
        if not line.endswith("\n") and time.time() - path.stat().st_mtime < _BEING_WRITTEN:
            _log.warning("Asterisk %s: the last line is not whole yet; left for later", path)
            return
        yield line.replace("\0", "")
