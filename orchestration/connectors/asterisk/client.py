"""What is read of Asterisk: its call detail records, from a file or a table."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Any, Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from orchestration.connectors.asterisk.csv_log import CsvLog
from orchestration.connectors.asterisk.mapping import epoch_of_id, started_at
from orchestration.connectors.asterisk.table import CdrTable, sqlite_url
from orchestration.connectors.base import ConnectorError
from orchestration.connectors.pages import Page
from orchestration.connectors.streams import Window
from orchestration.connectors.values import Record, Settings, iso, parse_iso

STARTED = "_started"
"""Where the client puts when a record began, in UTC."""
_ALIASES = {
    "calldate": "start",
    "startdate": "start",
    "answerdate": "answer",
    "enddate": "end",
}
_AT_ODDS = 0.25
"""Hours."""
_ENOUGH = 10


class Log(Protocol):
    """Where the records stand."""

    def read(self, since: datetime | None) -> Iterator[list[dict[str, Any]]]:
        """Some at a time; those that began before `since` (of the PBX's zone) may be left out."""
        ...

    def close(self) -> None: ...


@dataclass(frozen=True)
class AsteriskLog:
    """One PBX's records."""

    log: Log
    settings: Settings

    def close(self) -> None:
        self.log.close()


def open_api(settings: Settings) -> AsteriskLog:
    """Raises ConnectorError where neither a file nor a table is set, or the zone is none."""
    _zone(settings)
    names = _renames(settings)
    table, url = settings.get("table") or "cdr", settings.get("url")
    if url:
        return AsteriskLog(CdrTable(url, settings.get("password"), table, names), settings)
    if not settings.get("path"):
        raise ConnectorError("Asterisk: set TOUCHLINE_ASTERISK_PATH or TOUCHLINE_ASTERISK_URL")
    path = Path(settings["path"])
    if path.is_file() and _is_sqlite(path):
        return AsteriskLog(CdrTable(sqlite_url(path), None, table, names), settings)
    columns = [one.strip() for one in (settings.get("columns") or "").split(",") if one.strip()]
    return AsteriskLog(CsvLog(path, columns, names), settings)


def read_calls(api: AsteriskLog, window: Window) -> Iterator[Page]:
    """The records that began in the window."""
    since = window.since.astimezone(_zone(api.settings)) if window.since else None
    for records in api.log.read(since):
        told = [_dated(record, api.settings) for record in records]
        _check_zone(told, api.settings)
        yield Page(
            [
                record
                for record in told
                if window.since is None or (began(record) or window.since) >= window.since
            ]
        )


def began(record: Record) -> datetime | None:
    """When a record that was read began."""
    return parse_iso(record.get(STARTED))


def _dated(record: Record, settings: Settings) -> dict[str, Any]:
    return {**record, STARTED: iso(started_at(record, settings))}


def _check_zone(records: list[dict[str, Any]], settings: Settings) -> None:
    """Raises ConnectorError where the zone is another one than the PBX's.

    A channel's id holds the true time of its making; a wrong zone would shift every call.
    """
    apart = [
        (start - made).total_seconds() / 3600
        for start, made in ((began(one), epoch_of_id(one.get("uniqueid"))) for one in records)
        if start and made
    ]
    if len(apart) >= _ENOUGH and abs(median(apart)) > _AT_ODDS:
        raise ConnectorError(
            f"Asterisk: calls begin {median(apart):+.1f} hours off the time in their uniqueid: "
            f"TOUCHLINE_ASTERISK_TIME_ZONE={settings['time_zone']} is not the zone of these "
            "records (UTC where cdr.conf has usegmtime=yes)"
        )


def _zone(settings: Settings) -> ZoneInfo:
    try:
        return ZoneInfo(settings["time_zone"])
    except (ZoneInfoNotFoundError, ValueError):
        raise ConnectorError(
            "Asterisk: TOUCHLINE_ASTERISK_TIME_ZONE is no time zone: Europe/Berlin, UTC, …"
        ) from None


def _renames(settings: Settings) -> dict[str, str]:
    """A site's names of columns -> Asterisk's. Raises ConnectorError."""
    names = dict(_ALIASES)
    for pair in (settings.get("names") or "").split(","):
        ours, sign, theirs = pair.strip().partition("=")
        if pair.strip() and not (sign and ours.strip() and theirs.strip()):
            raise ConnectorError(
                "Asterisk: TOUCHLINE_ASTERISK_NAMES is like start=calldate,uniqueid=call_ref"
            )
        if sign:
            names[theirs.strip().lower()] = ours.strip().lower()
    return names


def _is_sqlite(path: Path) -> bool:
    with path.open("rb") as handle:
        return handle.read(15) == b"SQLite format 3"
