"""Activities and calls of Bitrix24 -> rows of the landing contract."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from orchestration.connectors.bitrix24.mapping import native_id, referred
from orchestration.connectors.values import Record, Rows, Settings, dug, iso, parse_iso, text

_KINDS = {
    "VOXIMPLANT_CALL": "call",
    "CALL_TRACKER": "call",
    "CRM_CALL_TRACKER": "call",
    "CRM_CALL": "call",
    "CRM_MEETING": "meeting",
    "VISIT_TRACKER": "meeting",
    "ZOOM": "meeting",
    "CRM_EMAIL": "email",
    "IMOPENLINES_SESSION": "message",
    "CRM_SMS": "message",
}
_KINDS_OF_TYPES = {"1": "meeting", "2": "call", "4": "email"}
"""Activities by hand; type 6 is told by its provider, and 3 (task) is no touch."""
_DIRECTIONS = {"1": "inbound", "2": "outbound"}
_OWNERS = {"1": "lead_id", "2": "deal_id", "3": "contact_id"}
_TELEPHONY = "VI_"

_INBOUND = ("2", "3")
_OUTBOUND = ("1", "4")
_DISPOSITIONS = {
    "200": "answered",
    "304": "no_answer",
    "480": "no_answer",
    "603": "no_answer",
    "603-S": "no_answer",
    "486": "busy",
}
"""All else is a failure: a number or direction that is none, no money, blocked, undefined."""


def updated_at(activity: Record) -> datetime | None:
    return parse_iso(activity.get("LAST_UPDATED"))


def activity_rows(activity: Record, _settings: Settings) -> Rows:
    """A touch; nothing of tasks, to-dos and forms, and of what is only planned."""
    kind = _KINDS.get(str(activity.get("PROVIDER_ID"))) or _KINDS_OF_TYPES.get(
        str(activity.get("TYPE_ID"))
    )
    if kind is None or not _has_happened(kind, activity):
        return {}
    owners = dict(_owners(activity))
    is_meeting = kind == "meeting"
    return {
        "crm/activities": [
            {
                "activity_id": native_id(activity),
                "kind": kind,
                "direction": _DIRECTIONS.get(str(activity.get("DIRECTION"))),
                "started_at": iso(
                    parse_iso(activity.get("START_TIME")) or parse_iso(activity.get("CREATED"))
                ),
                # Of a call it is what was planned.
                "ended_at": iso(parse_iso(activity.get("END_TIME"))) if is_meeting else None,
                "duration_seconds": None,
                "outcome": _outcome(kind, activity),
                "rep_id": referred(activity.get("RESPONSIBLE_ID")),
                "contact_id": owners.get("contact_id"),
                "lead_id": owners.get("lead_id"),
                "deal_id": owners.get("deal_id"),
                "phone": _value_of(activity, "PHONE"),
                "email": _value_of(activity, "EMAIL"),
                "thread_id": text(dug(activity, "PROVIDER_PARAMS", "USER_CODE")),
                "is_automated": None,
                "telephony_call_id": _call_id(activity),
                "updated_at": iso(updated_at(activity)),
                "is_deleted": "false",
            }
        ]
    }


def _has_happened(kind: str, activity: Record) -> bool:
    """Calls and meetings are planned as activities, too; a call of the telephony was one."""
    if kind not in ("call", "meeting") or activity.get("COMPLETED") == "Y":
        return True
    return kind == "call" and (_call_id(activity) is not None or _is_missed(activity))


def _outcome(kind: str, activity: Record) -> str | None:
    if kind == "meeting":
        return "held"
    return "missed" if kind == "call" and _is_missed(activity) else None


def _is_missed(activity: Record) -> bool:
    return text(dug(activity, "SETTINGS", "MISSED_CALL")) in ("true", "Y", "1")


def _call_id(activity: Record) -> str | None:
    told = text(activity.get("ORIGIN_ID")) or ""
    return told.removeprefix(_TELEPHONY) if told.startswith(_TELEPHONY) else None


def _owners(activity: Record) -> Iterator[tuple[str, str]]:
    """(column, id) of all that it is bound to; its owner last, as that goes before the others."""
    owner = {name: activity.get(name) for name in ("OWNER_TYPE_ID", "OWNER_ID")}
    people = [
        {"OWNER_TYPE_ID": one.get("ENTITY_TYPE_ID"), "OWNER_ID": one.get("ENTITY_ID")}
        for one in _some(activity.get("COMMUNICATIONS"))
    ]
    for one in (*people, *reversed(_some(activity.get("BINDINGS"))), owner):
        column = _OWNERS.get(str(one.get("OWNER_TYPE_ID")))
        found = referred(one.get("OWNER_ID"))
        if column and found:
            yield column, found


def _value_of(activity: Record, kind: str) -> str | None:
    told = (one for one in _some(activity.get("COMMUNICATIONS")) if one.get("TYPE") == kind)
    return next(filter(None, (text(one.get("VALUE")) for one in told)), None)


def _some(several: object) -> list[Mapping[str, Any]]:
    found = several if isinstance(several, list) else []
    return [one for one in found if isinstance(one, Mapping)]


def call_started_at(call: Record) -> datetime | None:
    return parse_iso(call.get("CALL_START_DATE"))


def call_rows(call: Record, _settings: Settings) -> Rows:
    """A call of the log; none of a machine's (type 5 reads a text out)."""
    kind = str(call.get("CALL_TYPE"))
    if kind not in (*_INBOUND, *_OUTBOUND):
        return {}
    outside, line = text(call.get("PHONE_NUMBER")), text(call.get("PORTAL_NUMBER"))
    direction = "inbound" if kind in _INBOUND else "outbound"
    if str(call.get("CALL_CATEGORY")) == "internal":
        direction = "internal"
    disposition = _DISPOSITIONS.get(str(call.get("CALL_FAILED_CODE")), "failed")
    seconds = float(text(call.get("CALL_DURATION")) or 0)
    started = call_started_at(call)
    number = text(call.get("CALL_ID"))
    return {
        "telephony/calls": [
            {
                "call_id": number,
                # The records of one session are one call that was put through.
                "linked_id": text(call.get("SESSION_ID")) or number,
                "direction": direction,
                "from_number": outside if direction == "inbound" else line,
                "to_number": line if direction == "inbound" else outside,
                "extension": text(dug(call, "_user", "UF_PHONE_INNER")),
                "rep_email": text(dug(call, "_user", "EMAIL")),
                "started_at": iso(started),
                # How long it rang is not told: its length is the talk, or the wait without one.
                "answered_at": None,
                "ended_at": iso(started + timedelta(seconds=seconds)) if started else None,
                "talk_seconds": text(seconds if disposition == "answered" else 0),
                "disposition": disposition,
                "queue": None,
            }
        ]
    }
