"""Every native record that a system ever gave, append-only, with an index of the latest ones.

`<folder>/<stream>/<run>.jsonl.gz` holds what one night brought that was new or different, a line
each: key, changed_at, gone, record. `<folder>/index.sqlite` tells the latest line of each key; it
is made anew from the files where it is missing.
"""

import gzip
import json
import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from pathlib import Path
from typing import Any

from orchestration.connectors.values import Record, iso, parse_iso

LINKS = "_links"
"""Where a record holds what changes without it: its associations."""

_HALF_A_PAIR = re.compile("[\ud800-\udfff]")
_INDEX = """
create table if not exists files (file text primary key) without rowid;
create table if not exists latest (
    stream text, key text, run integer, file text, place integer, digest blob, links blob,
    gone integer, changed_at text, primary key (stream, key)
) without rowid;
create index if not exists latest_by_run on latest (stream, run);
"""


@dataclass(frozen=True)
class Kept:
    """The latest version of a record."""

    key: str
    record: Record
    changed_at: datetime | None = None
    gone: bool = False
    """The system has it no more."""
    run: int = 0
    """The night that brought it."""


class RecordStore:
    """One connector's records. Not for two processes at once: landing has one night at a time."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        # What is being written can be read back: a record that came tonight may be gone tonight.
        self._flush: Callable[[], object] = _nothing
        # Explicit transactions: a stream's lines are known once its file is whole.
        self._index = sqlite3.connect(folder / "index.sqlite", isolation_level=None)
        self._index.executescript(_INDEX)
        self._catch_up()

    def close(self) -> None:
        self._index.close()

    def last_run(self) -> int:
        """The number of the latest night that brought something; 0 before the first."""
        runs = [int(path.name.split(".")[0]) for path in self._folder.glob("*/*.jsonl.gz")]
        return max(runs, default=0)

    def keys(self, stream: str, *, gone: bool = False) -> set[str]:
        """The keys that are there, or those that are gone."""
        found = self._index.execute(
            "select key from latest where stream = ? and gone = ?", (stream, int(gone))
        )
        return {key for (key,) in found}

    def count(self, stream: str) -> int:
        """How many keys there are and were."""
        found = self._index.execute("select count(*) from latest where stream = ?", (stream,))
        return int(found.fetchone()[0])

    def changed_links(self, stream: str, links: dict[str, Any]) -> set[str]:
        """Those of these keys whose links are others than was kept."""
        kept = self._index.execute(
            "select key, links from latest where stream = ? and "
            "key in (select value from json_each(?))",
            (stream, json.dumps(list(links))),
        )
        return {key for key, digest in kept if digest != _digest(links[key])}

    def newer_than(self, stream: str, run: int) -> Iterator[Kept]:
        """The latest version of each key that a night after `run` brought, in order of coming."""
        yield from self._read(
            "select file, place from latest where stream = ? and run > ? order by file, place",
            (stream, run),
        )

    def of_keys(self, stream: str, keys: Iterable[str]) -> Iterator[Kept]:
        """The latest version of these keys, in order of coming."""
        yield from self._read(
            "select file, place from latest where stream = ? and "
            "key in (select value from json_each(?)) order by file, place",
            (stream, json.dumps(sorted(keys))),
        )

    @contextmanager
    def writing(self, stream: str, run: int) -> Iterator["RecordWriter"]:
        """Keep records of one stream; all of them, or none where something goes wrong inside."""
        name = f"{stream}/{run:08d}.jsonl.gz"
        target = self._folder / name
        target.parent.mkdir(exist_ok=True)
        part = target.with_suffix(".part")
        self._index.execute("begin immediate")
        try:
            with gzip.open(part, "wt", encoding="utf-8", compresslevel=3) as lines:
                writer = RecordWriter(self._index, stream, run, name, lines)
                self._flush = lines.flush
                yield writer
            if writer.written:
                self._index.execute("insert into files values (?)", (name,))
                # The file first: an index that is behind catches up, one that is ahead lies.
                part.replace(target)
            self._index.execute("commit")
        except BaseException:
            self._index.execute("rollback")
            raise
        finally:
            self._flush = _nothing
            part.unlink(missing_ok=True)

    def _catch_up(self) -> None:
        """Index the files that the index does not know; all of them where one of its is gone."""
        for part in self._folder.glob("*/*.part"):
            part.unlink()
        there = sorted(
            str(path.relative_to(self._folder)) for path in self._folder.glob("*/*.jsonl.gz")
        )
        known = {name for (name,) in self._index.execute("select file from files")}
        self._index.execute("begin immediate")
        if known - set(there):
            self._index.execute("delete from latest")
            self._index.execute("delete from files")
            known = set()
        for name in sorted(set(there) - known, key=lambda name: (name.split("/")[1], name)):
            stream, run = name.split("/")[0], int(name.split("/")[1].split(".")[0])
            for place, line in enumerate(_lines(self._folder / name)):
                told = json.loads(line)
                _note(self._index, stream, _kept(told, run), name, place)
            self._index.execute("insert into files values (?)", (name,))
        self._index.execute("commit")

    def _read(self, query: str, values: tuple[Any, ...]) -> Iterator[Kept]:
        places: dict[str, list[int]] = {}
        self._flush()
        for file, place in self._index.execute(query, values):
            places.setdefault(file, []).append(place)
        for file, wanted in places.items():
            run, wanted_places = int(file.split("/")[1].split(".")[0]), set(wanted)
            for place, line in enumerate(_lines(self._folder / file)):
                if place in wanted_places:
                    yield _kept(json.loads(line), run)


class RecordWriter:
    """Takes one stream's records of one night."""

    def __init__(
        self, index: sqlite3.Connection, stream: str, run: int, name: str, lines: Any
    ) -> None:
        self._index, self._stream, self._run = index, stream, run
        self._name, self._lines = name, lines
        self.written = 0

    def keep(self, kept: Kept) -> bool:
        """Keep a record; False where the latest version says the same already."""
        found = self._index.execute(
            "select digest, gone, changed_at, run from latest where stream = ? and key = ?",
            (self._stream, kept.key),
        ).fetchone()
        if found is not None:
            digest, gone, changed_at, run = found
            if digest == _digest(kept.record) and bool(gone) == kept.gone:
                return False
            earlier = parse_iso(changed_at)
            # Pages shift while they are read: within a night an older version must not win.
            if run == self._run and kept.changed_at and earlier and kept.changed_at < earlier:
                return False
        line = {
            "key": kept.key,
            "changed_at": iso(kept.changed_at),
            "gone": kept.gone,
            "record": kept.record,
        }
        self._lines.write(_json(line) + "\n")
        place, self.written = self.written, self.written + 1
        run_kept = Kept(kept.key, kept.record, kept.changed_at, kept.gone, self._run)
        _note(self._index, self._stream, run_kept, self._name, place)
        return True


def _note(index: sqlite3.Connection, stream: str, kept: Kept, name: str, place: int) -> None:
    index.execute(
        "insert or replace into latest values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            stream,
            kept.key,
            kept.run,
            name,
            place,
            _digest(kept.record),
            _digest(kept.record.get(LINKS)),
            int(kept.gone),
            iso(kept.changed_at),
        ),
    )


def _kept(told: dict[str, Any], run: int) -> Kept:
    return Kept(told["key"], told["record"], parse_iso(told["changed_at"]), told["gone"], run)


def _digest(value: Any) -> bytes:
    return blake2b(_json(value).encode(), digest_size=12).digest()


def _json(value: Any) -> str:
    """With ordered keys; half a surrogate pair, which is no text in UTF-8, replaced."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)
    return _HALF_A_PAIR.sub("\ufffd", text)


def _lines(path: Path) -> Iterator[str]:
    """A file's lines; of one that is being written, those flushed so far."""
    part = path.with_suffix(".part")
    # Only a file without its end ends before it: of a whole one that must be told.
    is_unfinished = not path.exists() and part.exists()
    with gzip.open(part if is_unfinished else path, "rt", encoding="utf-8", newline="\n") as handle:
        try:
            yield from handle
        except EOFError:
            if not is_unfinished:
                raise


def _nothing() -> None:
    """Nothing is being written."""
