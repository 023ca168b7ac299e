"""Native records -> canonical rows as files that landing reads."""

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TextIO

from orchestration.connectors.records import Kept, RecordStore
from orchestration.connectors.streams import Stream
from orchestration.connectors.values import Row, Settings

ORIGIN = "_origin"
"""Where a row says which record it is from: `deals 17 of 00000003`; landing leaves it out."""

_DELETABLE = ("crm/accounts", "crm/contacts", "crm/leads", "crm/deals", "crm/activities")


def map_record(stream: Stream[Any], kept: Kept, settings: Settings) -> Iterator[tuple[str, Row]]:
    """(entity, row) of one record; of one that is gone, as deleted, without its history."""
    for entity, rows in stream.to_rows(kept.record, settings).items():
        for row in rows:
            if not kept.gone:
                yield entity, row
            elif entity in _DELETABLE:
                yield entity, {**row, "is_deleted": "true"}
            elif entity == "crm/reps":
                yield entity, {**row, "is_active": "false"}


def write_drop(
    folder: Path,
    streams: Sequence[Stream[Any]],
    store: RecordStore,
    after_run: int,
    settings: Settings,
) -> Mapping[str, Sequence[Path]]:
    """The rows of every record that a night after `after_run` brought; the files by entity.

    `<entity>-<stream>.jsonl` in the order of the streams. A record that the mapping chokes on is a
    line that is no JSON: landing counts it and sets it aside, the rest goes on.
    """
    # A night that is done again leaves nothing of the first try.
    shutil.rmtree(folder, ignore_errors=True)
    files: dict[str, list[Path]] = {}
    for position, stream in enumerate(streams):
        with _Files(folder, f"{position:02d}-{stream.name}") as opened:
            for kept in store.newer_than(stream.name, after_run):
                origin = f"{stream.name} {kept.key} of {kept.run:08d}"
                try:
                    rows = list(map_record(stream, kept, settings))
                except (LookupError, TypeError, ValueError, AttributeError) as error:
                    problem = f"{origin} can't be mapped: {type(error).__name__}"
                    opened.write(stream.entities[0], problem)
                    continue
                for entity, row in rows:
                    line = json.dumps({**row, ORIGIN: origin}, ensure_ascii=False)
                    opened.write(entity, line)
        for entity, path in opened.paths.items():
            files.setdefault(entity, []).append(path)
    return files


class _Files(ExitStack):
    """The files of one stream's rows, opened as they are needed."""

    def __init__(self, folder: Path, name: str) -> None:
        super().__init__()
        self._folder, self._name = folder, name
        self._handles: dict[str, TextIO] = {}
        self.paths: dict[str, Path] = {}

    def write(self, entity: str, line: str) -> None:
        if entity not in self._handles:
            path = self._folder / f"{entity}-{self._name}.jsonl"
            path.parent.mkdir(parents=True, exist_ok=True)
            self.paths[entity] = path
            self._handles[entity] = self.enter_context(path.open("w", encoding="utf-8"))
        self._handles[entity].write(line + "\n")
