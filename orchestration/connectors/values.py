"""Native values -> text as the landing contract reads it; pure functions for mappings."""

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

Record = Mapping[str, Any]
"""What a system says of one thing, as parsed JSON, with what the client put into it."""
Row = Mapping[str, str | None]
"""A canonical row: the contract's columns as text; None where the system says nothing."""
Rows = Mapping[str, Sequence[Row]]
"""Canonical rows by entity: `{"crm/deals": [{…}]}`."""
Settings = Mapping[str, str]
"""The connector's settings, by key."""


def text(value: object) -> str | None:
    """A value as text: None for nothing, `true`/`false`, whole numbers without a point."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    told = str(value).strip()
    return told or None


def joined(values: Iterable[object]) -> str | None:
    """A list in a cell, `;` between; each value once, in its order."""
    found = dict.fromkeys(told.replace(";", ",") for told in map(text, values) if told)
    return ";".join(found) or None


def dug(record: object, *path: str | int) -> Any:
    """`record[a][b]…`, None where one of them is not there."""
    for step in path:
        if isinstance(record, Mapping):
            record = record.get(step)
        elif isinstance(record, Sequence) and not isinstance(record, str) and isinstance(step, int):
            record = record[step] if -len(record) <= step < len(record) else None
        else:
            return None
    return record


def iso(moment: datetime | None) -> str | None:
    """A moment in UTC, as the contract reads it: `2026-07-01T09:30:00Z`."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def parse_iso(value: object) -> datetime | None:
    """ISO 8601; without a zone, UTC. None where it is no time (the row's own time is kept)."""
    told = text(value)
    if told is None:
        return None
    try:
        moment = datetime.fromisoformat(told)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def parse_rfc2822(value: object) -> datetime | None:
    """`Wed, 01 Jul 2026 09:30:00 +0000`."""
    told = text(value)
    if told is None:
        return None
    try:
        moment = parsedate_to_datetime(told)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def parse_epoch(value: object) -> datetime | None:
    """Seconds or milliseconds since 1970, told apart by their size; 0 means never."""
    told = text(value)
    try:
        seconds = float(told) if told else 0.0
    except ValueError:
        return None
    if seconds >= 1e11:  # noqa: PLR2004 - as seconds, the year 5138
        seconds /= 1000
    return datetime.fromtimestamp(seconds, UTC) if 0 < seconds < 1e11 else None  # noqa: PLR2004
