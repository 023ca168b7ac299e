"""A line of Asterisk's call detail records -> a leg of telephony/calls."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from orchestration.connectors.asterisk.mapping_channels import Line
from orchestration.connectors.values import Record, Rows, Settings, iso, parse_epoch, text

_DISPOSITIONS = {
    "ANSWERED": "answered",
    "NO ANSWER": "no_answer",
    "NOANSWER": "no_answer",
    "BUSY": "busy",
    "FAILED": "failed",
    "CONGESTION": "failed",
    # Where the column is a number.
    "0": "no_answer",
    "1": "no_answer",
    "2": "failed",
    "4": "busy",
    "8": "answered",
    "16": "failed",
}
# A channel of its own that somebody talks in, and no other channel in the line.
_ROOMS = ("confbridge", "meetme", "pickup", "bridgewait", "bridge")
_APART = ("start", "channel", "dstchannel", "lastapp")
_EPOCH_OF_ID = re.compile(r"(?:.*-)?(\d{9,10})\.\d+")
_EARLIEST = datetime(1980, 1, 1, tzinfo=UTC)


def leg_key(record: Record) -> str:
    """A channel's lines are told apart by `sequence`, or by what they say of whom it was with."""
    if "_line" in record:
        return str(record["_line"])
    unique, sequence = text(record.get("uniqueid")), text(record.get("sequence"))
    if unique and sequence:
        return f"{unique}:{sequence}"
    told = (unique, *(text(record.get(name)) for name in _APART))
    return ":".join(one for one in told if one)


def call_rows(record: Record, settings: Settings) -> Rows:
    """One leg. Raises ValueError for a line that could not be read."""
    if "_line" in record:
        raise ValueError("a line that was cut off")
    line = Line(record, settings)
    started, answered, ended = _moments(record, settings)
    disposition = _disposition(record, settings, line)
    is_talk = disposition == "answered"
    talk = text(record.get("billsec")) if is_talk and not line.is_far_half else "0"
    return {
        "telephony/calls": [
            {
                "call_id": leg_key(record),
                "linked_id": text(record.get("linkedid")) or text(record.get("uniqueid")),
                "direction": line.direction,
                "from_number": line.from_number,
                "to_number": line.to_number,
                "extension": line.extension,
                "rep_email": line.rep_email,
                "started_at": iso(started),
                "answered_at": iso(answered) if is_talk else None,
                "ended_at": iso(ended),
                "talk_seconds": talk,
                "disposition": disposition,
                "queue": line.queue,
            }
        ]
    }


def started_at(record: Record, settings: Settings) -> datetime | None:
    """When it began: local time, which the channel's id tells which of a repeated hour it is."""
    return _local(record.get("start"), settings, near=epoch_of_id(record.get("uniqueid")))


def epoch_of_id(unique_id: object) -> datetime | None:
    """When a channel was made: `[system-]<epoch>.<number>` is its id."""
    found = _EPOCH_OF_ID.fullmatch(text(unique_id) or "")
    return parse_epoch(found[1]) if found else None


def _moments(
    record: Record, settings: Settings
) -> tuple[datetime | None, datetime | None, datetime | None]:
    """(started, answered, ended); of what a site does not log, what the seconds say."""
    started = started_at(record, settings)
    if started is None:
        return None, None, None
    guess = started + _seconds(record.get("duration"))
    ended = _local(record.get("end"), settings, near=guess) or guess
    talk = _seconds(record.get("billsec"))
    guess = max(started, ended - talk)
    answered = _local(record.get("answer"), settings, near=guess) or guess
    return started, answered, ended


def _local(told: object, settings: Settings, *, near: datetime | None) -> datetime | None:
    """A time of the PBX's clock.

    Of an hour that comes twice, the one nearer to `near`, else the later; in one that is skipped,
    as if the clock had not been set yet.
    """
    spelled = text(told)
    if spelled is None:
        return None
    try:
        moment = datetime.fromisoformat(spelled)
    except ValueError:
        return parse_epoch(spelled)
    if moment.tzinfo is None:
        zone = ZoneInfo(settings.get("time_zone", "UTC"))
        both = [moment.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)]
        moment = min(both, key=lambda one: abs(one - near)) if near else max(both)
    # 0000-00-00 and 1970-01-01 are how tables say "never".
    return moment if moment >= _EARLIEST else None


def _seconds(told: object) -> timedelta:
    return timedelta(seconds=float(text(told) or 0))


def _disposition(record: Record, settings: Settings, line: Line) -> str:
    found = _DISPOSITIONS[(text(record.get("disposition")) or "0").upper()]
    if found != "answered":
        return found
    machine = text(record.get(settings.get("amd_column", ""))) or ""
    if line.app == "voicemail" or machine.upper().startswith("MACHINE"):
        return "voicemail"
    # The dialplan answers too: for a menu, music, an announcement. Nobody talked.
    return found if line.has_partner or line.app in _ROOMS else "no_answer"
