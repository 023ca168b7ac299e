"""One night of a vendor's connector: ask for what is new, keep it, map it, hand it over.

The state that goes with a delivery (landing keeps it once everything has landed): `run`, the night
whose records have landed; `mapping`, what mapped them; by stream its `cursor`, the number of its
records `kept`, when it was last read `full`, and its last `census`; `stages`, what the system says
that a company's own mean (landing puts them beside those of `stages.csv`).
A night that died is asked for again from there, and what it had kept is delivered with it: all
records after `run` are. So a changed mapping, or a full refresh, is a `run` of 0.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from pathlib import Path
from typing import Any, Generic

from orchestration.connectors.base import (
    Connector,
    ConnectorError,
    Context,
    Delivery,
    Setting,
    UnansweredError,
)
from orchestration.connectors.drop import write_drop
from orchestration.connectors.http import HTTP_SETTINGS
from orchestration.connectors.records import LINKS, Kept, RecordStore, RecordWriter
from orchestration.connectors.secrets import without_secrets
from orchestration.connectors.streams import ApiT, NotOfferedError, Stream, Window
from orchestration.connectors.values import Record, Row, Settings, iso, parse_iso

NIGHT_SETTINGS = (
    Setting("look_back_days", "how far before the last change seen to ask again; 7"),
    Setting("full_every_days", "how often to ask for everything again; 30, 0 never"),
    Setting("max_vanished_share", "more records than this share gone at once stop the night; 0.05"),
)
"""What every connector of the framework can be told, besides its own."""

# One deal of ten deleted is no fault of the system.
_VANISHED_ALWAYS_ALLOWED = 3
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class VendorConnector(Connector):
    """A connector of this framework."""

    streams: tuple[Stream[Any], ...] = ()


def build_connector(
    *,
    folder: Path,
    title: str,
    settings: Sequence[Setting],
    open_api: Callable[[Settings], ApiT],
    streams: Sequence[Stream[ApiT]],
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> VendorConnector:
    """A vendor's connector; `folder` is its `Path(__file__).parent` and gives it its name.

    `open_api` makes what the streams ask through; it is closed after the night.
    """
    told = (*settings, *NIGHT_SETTINGS)

    def extract(context: Context) -> Delivery:
        secrets = [context.settings.get(one.key, "") for one in told if one.secret]
        with without_secrets(secrets):
            night = _Night(folder, told, streams, context, clock)
            try:
                return night.spend(open_api)
            finally:
                night.close()

    return VendorConnector(
        name=folder.name,
        title=title,
        extract=extract,
        required_settings=tuple(one.key for one in told if one.required),
        settings=told,
        streams=tuple(streams),
    )


class _Night(Generic[ApiT]):
    def __init__(
        self,
        folder: Path,
        told: Sequence[Setting],
        streams: Sequence[Stream[ApiT]],
        context: Context,
        clock: Callable[[], datetime],
    ) -> None:
        self._name, self._streams, self._clock = folder.name, streams, clock
        self._settings = context.settings
        secrets = {one.key for one in told if one.secret}
        # What a mapping can't read, it can't put into a table.
        self._mapped_by = {k: v for k, v in context.settings.items() if k not in secrets}
        self._full_refresh = context.full_refresh
        self._state = {} if context.full_refresh else context.state
        self._mapping = _fingerprint(folder, told, context.settings)
        self._drop = context.workdir / "drop"
        self._store = RecordStore(context.workdir / "records")
        drops = [int(path.name) for path in self._drop.glob("[0-9]*")]
        # A number of its own even after a night that died: files of one name hold one content.
        self._run = 1 + max([self._store.last_run(), context.state.get("run", 0), *drops])

    def close(self) -> None:
        self._store.close()

    def spend(self, open_api: Callable[[Settings], ApiT]) -> Delivery:
        api = open_api(self._settings)
        try:
            streams = {stream.name: self._keep_up(stream, api) for stream in self._streams}
        finally:
            api.close()
        is_same = self._state.get("mapping") == self._mapping
        files = write_drop(
            self._drop / f"{self._run:08d}",
            self._streams,
            self._store,
            self._state.get("run", 0) if is_same else 0,
            self._mapped_by,
        )
        state = {"run": self._run, "mapping": self._mapping, "streams": streams}
        # In the state: what they mean is known as long as what was delivered is.
        if stages := self._told_stages():
            state["stages"] = stages
        return Delivery(files=files, state=state, root=self._drop)

    def _told_stages(self) -> list[Row]:
        """What the system says that a company's own stages mean."""
        return [
            row
            for stream in self._streams
            if stream.to_stages
            for kept in self._store.newer_than(stream.name, 0)
            for row in stream.to_stages(kept.record)
        ]

    def _keep_up(self, stream: Stream[ApiT], api: ApiT) -> dict[str, Any]:
        """Read one stream and keep what is new; its state."""
        past = self._state.get("streams", {}).get(stream.name, {})
        if self._store.count(stream.name) < past.get("kept", 0):
            _log.warning("%s %s: kept records are gone; all are asked for", self._name, stream.name)
            past = {}
        began = self._clock()
        try:
            with self._store.writing(stream.name, self._run) as writer:
                told = self._read(stream, api, writer, past, began)
        except NotOfferedError as error:
            if not stream.optional:
                raise
            _log.warning("%s %s: left out: %s", self._name, stream.name, error)
            return dict(past)
        return {**told, "kept": self._store.count(stream.name)}

    def _read(
        self,
        stream: Stream[ApiT],
        api: ApiT,
        writer: RecordWriter,
        past: Mapping[str, Any],
        began: datetime,
    ) -> dict[str, Any]:
        cursor, full = parse_iso(past.get("cursor")), parse_iso(past.get("full"))
        if cursor and cursor > began:
            _log.warning("%s %s: a cursor in the future; not used", self._name, stream.name)
            cursor = None
        every = self._days("full_every_days", stream.full_every)
        if every and (full is None or began - full >= every):
            full = None
        is_whole = stream.changed_at is None or cursor is None or full is None
        back = self._days("look_back_days", stream.look_back) or timedelta(0)
        since = None if is_whole or cursor is None else cursor - back
        before = self._store.keys(stream.name)
        seen: set[str] = set()
        for record in self._records(stream, api, Window(since, began)):
            key = stream.key(record)
            seen.add(key)
            changed = stream.changed_at(record) if stream.changed_at else None
            writer.keep(Kept(key, record, changed))
            # What is dated in the future would hide all that comes until then.
            if changed and changed <= began and (cursor is None or changed > cursor):
                cursor = changed
        if is_whole and before and not seen:
            raise UnansweredError(
                f"{self._name} {stream.name}: no record came, {len(before):,} are known"
            )
        census = parse_iso(past.get("census"))
        if stream.changed_at is None:
            self._note_gone(stream, writer, before, seen)
        elif stream.census and (census is None or began - census >= stream.census_every):
            there = {stream.key(one) for page in stream.census(api) for one in page.records}
            # Tonight's own may have been made after the census began to be counted.
            self._note_gone(stream, writer, before, there | (seen - before))
            census = began
        if stream.links:
            self._refresh_links(stream, api, writer, self._store.keys(stream.name) - seen)
        return {
            "cursor": iso(cursor),
            "full": iso(began if is_whole else full),
            "census": iso(census),
        }

    def _records(self, stream: Stream[ApiT], api: ApiT, window: Window) -> Iterator[Record]:
        """The records of the window, with their links in them."""
        for page in stream.read(api, window):
            if not stream.links or not page.records:
                yield from page.records
                continue
            links = stream.links(api, [stream.key(record) for record in page.records])
            for record in page.records:
                yield {**record, LINKS: links.get(stream.key(record))}

    def _refresh_links(
        self, stream: Stream[ApiT], api: ApiT, writer: RecordWriter, keys: Iterable[str]
    ) -> None:
        """Associations change without their record."""
        ordered = sorted(keys)
        for start in range(0, len(ordered), stream.links_at_once):
            some = ordered[start : start + stream.links_at_once]
            found = stream.links(api, some) if stream.links else {}
            links = {key: found.get(key) for key in some}
            changed = self._store.changed_links(stream.name, links)
            for kept in list(self._store.of_keys(stream.name, changed)):
                record = {**kept.record, LINKS: links[kept.key]}
                writer.keep(replace(kept, record=record))

    def _note_gone(
        self, stream: Stream[ApiT], writer: RecordWriter, known: set[str], there: set[str]
    ) -> None:
        """Mark what is not there any more, and what is there again."""
        gone = known - there
        try:
            share = float(self._settings.get("max_vanished_share", 0.05))
        except ValueError:
            raise ConnectorError(f"{self._name}: max_vanished_share is no number") from None
        if gone and (
            not there or (len(gone) > _VANISHED_ALWAYS_ALLOWED and len(gone) > share * len(known))
        ):
            raise UnansweredError(
                f"{self._name} {stream.name}: {len(gone):,} of {len(known):,} records would vanish "
                f"at once; where they were deleted indeed, set "
                f"TOUCHLINE_{self._name.upper()}_MAX_VANISHED_SHARE=1 for one night"
            )
        back = self._store.keys(stream.name, gone=True) & there
        for kept in list(self._store.of_keys(stream.name, gone | back)):
            writer.keep(replace(kept, gone=kept.key in gone))

    def _days(self, key: str, default: timedelta | None) -> timedelta | None:
        told = self._settings.get(key)
        if told is None:
            return default
        try:
            return timedelta(days=float(told)) or None
        except ValueError:
            raise ConnectorError(f"{self._name}: {key} is no number of days") from None


def _fingerprint(folder: Path, told: Sequence[Setting], settings: Settings) -> str:
    """What tells one mapping from another: its code, and the settings that it may read."""
    asking = {one.key for one in (*HTTP_SETTINGS, *NIGHT_SETTINGS)}
    code = blake2b(digest_size=12)
    for path in [*sorted(folder.glob("mapping*.py")), Path(__file__).with_name("values.py")]:
        code.update(path.read_bytes())
    for one in told:
        if not one.secret and one.key not in asking:
            code.update(f"{one.key}={settings.get(one.key, '')}\0".encode())
    return code.hexdigest()
