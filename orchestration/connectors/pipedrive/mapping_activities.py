"""Activities, logged calls and mail of Pipedrive -> crm/activities."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from orchestration.connectors.pipedrive.mapping import when
from orchestration.connectors.values import Record, Row, Rows, Settings, dug, iso, parse_iso, text

_KINDS = ("call", "email", "meeting", "message")
# What Pipedrive's own types are; of others the setting says it. A task is no touch.
_TYPES = "call=call,email=email,meeting=meeting,lunch=meeting"
_LENGTH = re.compile(r"(\d+):(\d\d)(?::(\d\d))?")
# Of a telephone number, what does not depend on how it is spelled.
_TELLING_DIGITS = 9


@dataclass(frozen=True)
class _Type:
    kind: str
    direction: str = "outbound"
    outcome: str | None = None
    is_automated: bool = False


def activity_rows(activity: Record, settings: Settings) -> Rows:
    """A touch that was made; what is only planned is none."""
    kind = _types(settings).get(text(activity.get("type")) or "")
    if kind is None or activity.get("done") is not True:
        return {}
    log = activity.get("_call_log")
    row = {
        "activity_id": text(activity.get("id")),
        "rep_id": text(activity.get("owner_id")),
        "contact_id": text(activity.get("person_id")),
        "lead_id": text(activity.get("lead_id")),
        "deal_id": text(activity.get("deal_id")),
        "is_automated": "true" if kind.is_automated else None,
        "updated_at": when(activity.get("update_time")),
        "is_deleted": text(activity.get("is_deleted") is True),
    }
    told = _from_log(log, kind, settings) if log else _from_plan(activity, kind)
    return {"crm/activities": [{**row, **told}]}


def mail_rows(message: Record, settings: Settings) -> Rows:
    """A message that went out or came in; no draft."""
    del settings
    if text(message.get("draft_flag")) == "1" or text(message.get("draft")):
        return {}
    is_ours = text(message.get("sent_flag")) == "1"
    others = message.get("to" if is_ours else "from") or ()
    contact = text(message.get("_person_id"))
    ends = [one for one in others if text(one.get("linked_person_id")) == contact] or list(others)
    return {
        "crm/activities": [
            {
                # Activities have numbers of their own.
                "activity_id": f"mail-{text(message.get('id'))}",
                "kind": "email",
                "direction": "outbound" if is_ours else "inbound",
                "started_at": when(message.get("message_time")),
                "rep_id": text(message.get("user_id")),
                "contact_id": contact,
                "email": text(dug(ends, 0, "email_address")),
                "thread_id": text(message.get("mail_thread_id")),
                "updated_at": when(message.get("update_time")),
                "is_deleted": text(text(message.get("deleted_flag")) == "1"),
            }
        ]
    }


def _from_plan(activity: Record, kind: _Type) -> Row:
    """A meeting was when it was planned to be; all else not before it was ticked off."""
    done = parse_iso(activity.get("marked_as_done_time")) or parse_iso(activity.get("update_time"))
    started, length, outcome = done, None, kind.outcome
    if kind.kind == "meeting":
        day, hour = text(activity.get("due_date")), text(activity.get("due_time"))
        started = parse_iso(f"{day}T{hour}") if day and hour else done
        length = _seconds(activity.get("duration"))
        outcome = outcome or "held"
    return {
        "kind": kind.kind,
        "direction": kind.direction,
        "started_at": iso(started),
        "ended_at": _after(started, length),
        "duration_seconds": text(length),
        "outcome": outcome,
    }


def _from_log(log: Mapping[str, Any], kind: _Type, settings: Settings) -> Row:
    caller, called = text(log.get("from_phone_number")), text(log.get("to_phone_number"))
    own = [text(log.get("_user_phone")), *(settings.get("own_numbers") or "").split(",")]
    is_inbound = _is_one_of(called, own) or (
        kind.direction == "inbound" and not _is_one_of(caller, own)
    )
    return {
        "kind": "call",
        "direction": "inbound" if is_inbound else "outbound",
        "started_at": when(log.get("start_time")),
        "ended_at": when(log.get("end_time")),
        "duration_seconds": text(log.get("duration")),
        "outcome": text(log.get("outcome")),
        "phone": _outside(caller, called, own) if is_inbound else _outside(called, caller, own),
    }


def _types(settings: Settings) -> dict[str, _Type]:
    """`visit=meeting inbound held`: kind, then direction, outcome, `automated`, in any order."""
    found: dict[str, _Type] = {}
    for pair in f"{_TYPES},{settings.get('activity_types') or ''}".split(","):
        name, _, told = pair.partition("=")
        words = told.split()
        if not words or words[0] not in _KINDS:
            found.pop(name.strip(), None)
            continue
        rest = [word for word in words[1:] if word not in ("inbound", "outbound", "automated")]
        found[name.strip()] = _Type(
            kind=words[0],
            direction="inbound" if "inbound" in words else "outbound",
            outcome=rest[0] if rest else None,
            is_automated="automated" in words,
        )
    return found


def _outside(likely: str | None, other: str | None, own: list[str | None]) -> str | None:
    """The number at the other end; of a log that tells only ours, none."""
    return next((one for one in (likely, other) if one and not _is_one_of(one, own)), None)


def _is_one_of(number: str | None, own: list[str | None]) -> bool:
    told = _telling(number)
    return bool(told) and told in {_telling(one) for one in own}


def _telling(number: str | None) -> str:
    return "".join(sign for sign in number or "" if sign.isdigit())[-_TELLING_DIGITS:]


def _seconds(told: object) -> int | None:
    """Of `01:30:00` or `01:30`."""
    found = _LENGTH.fullmatch(text(told) or "")
    if not found:
        return None
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return hours * 3600 + minutes * 60 + seconds or None


def _after(moment: datetime | None, seconds: int | None) -> str | None:
    return iso(moment + timedelta(seconds=seconds)) if moment and seconds else None
