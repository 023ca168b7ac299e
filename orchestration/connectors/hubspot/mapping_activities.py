"""Calls, emails, meetings and messages -> crm/activities."""

import json
from datetime import datetime, timedelta
from typing import Any

from orchestration.connectors.hubspot.mapping import is_deleted, link, prop, updated_at, when
from orchestration.connectors.values import Record, Row, Rows, Settings, dug, iso, text

DISPOSITIONS = {
    "9d9162e7-6cf3-4944-bf63-4dff82258764": "Busy",
    "f240bbac-87c9-4f6e-bf70-924b57d47db7": "Connected",
    "a4c4c377-d246-4b32-a13b-75a56a4cd0ff": "Left live message",
    "b2cf5968-551e-4856-9783-52b3da59a7d0": "Left voicemail",
    "73a0d17f-1163-4015-bdd5-ec830791da20": "No answer",
    "17b47fee-58de-441e-a44c-c6300d46f273": "Wrong number",
}
"""The outcomes of calls that every account has."""
# "COMPLETED" says that it was logged, not that anybody answered.
_STATUSES = {
    "BUSY": "Busy",
    "NO_ANSWER": "No answer",
    "MISSED": "Missed",
    "FAILED": "Failed",
    "CANCELED": "Canceled",
}
_NOT_SENT = ("SCHEDULED", "SENDING", "FAILED")
_EMAILED = {"EMAIL": "outbound", "INCOMING_EMAIL": "inbound", "FORWARDED_EMAIL": "inbound"}
_DIRECTIONS = {"INBOUND": "inbound", "OUTBOUND": "outbound"}
# What was written by HubSpot's own machinery, and not by somebody who uses it.
_MACHINES = ("AUTOMATION_PLATFORM", "AUTOMATION_JOURNEY", "WORKFLOWS", "SEQUENCES")
_BOOKED_BY_THEM = ("MEETINGS_PUBLIC", "MEETINGS_EMBEDDED")


def call_rows(call: Record, _settings: Settings) -> Rows:
    """The outside number is the one at the other end; without a direction, the one that is told."""
    started, told = when(call, "hs_timestamp"), prop(call, "hs_call_duration")
    direction = _DIRECTIONS.get(prop(call, "hs_call_direction") or "")
    numbers = [prop(call, "hs_call_to_number"), prop(call, "hs_call_from_number")]
    if direction == "inbound":
        phone = numbers[1]
    else:
        phone = numbers[0] or (numbers[1] if direction is None else None)
    seconds = float(told) / 1000 if told else None
    ended = started + timedelta(seconds=seconds) if started and seconds is not None else None
    more: dict[str, str | None] = {
        "outcome": _call_outcome(call),
        "phone": phone,
        "telephony_call_id": prop(call, "hs_call_external_id"),
    }
    return _rows(call, "call", direction, started, ended, more)


def _call_outcome(call: Record) -> str | None:
    """What the rep chose; else that there was a voicemail; else how the line says it ended."""
    guid = prop(call, "hs_call_disposition")
    if guid:
        return DISPOSITIONS.get(guid) or text(call.get("_disposition")) or guid
    if prop(call, "hs_call_has_voicemail") == "true":
        return "Voicemail"
    return _STATUSES.get(prop(call, "hs_call_status") or "")


def email_rows(email: Record, _settings: Settings) -> Rows:
    """None of an email that was not sent (yet)."""
    if prop(email, "hs_email_status") in _NOT_SENT:
        return {}
    direction = _EMAILED.get(prop(email, "hs_email_direction") or "")
    headers = _headers(email)
    outside = {
        "outbound": dug(headers, "to", 0, "email") or _one_of(prop(email, "hs_email_to_email")),
        "inbound": dug(headers, "from", "email") or prop(email, "hs_email_from_email"),
    }
    more: dict[str, str | None] = {
        "email": text(outside.get(direction or "")),
        "thread_id": prop(email, "hs_email_thread_id"),
        "is_automated": _is_automated(email),
    }
    return _rows(email, "email", direction, when(email, "hs_timestamp"), None, more)


def _headers(email: Record) -> Any:
    """Who wrote to whom, as JSON in a property."""
    try:
        return json.loads(prop(email, "hs_email_headers") or "{}")
    except ValueError:
        return {}


def _one_of(told: str | None) -> str | None:
    return told.split(";")[0] if told else None


def meeting_rows(meeting: Record, _settings: Settings) -> Rows:
    """A meeting that they booked themselves came from them."""
    is_theirs = prop(meeting, "hs_meeting_source") in _BOOKED_BY_THEM
    started = when(meeting, "hs_meeting_start_time") or when(meeting, "hs_timestamp")
    ended = when(meeting, "hs_meeting_end_time")
    more = {"outcome": prop(meeting, "hs_meeting_outcome")}
    direction = "inbound" if is_theirs else "outbound"
    return _rows(meeting, "meeting", direction, started, ended, more)


def message_rows(message: Record, settings: Settings) -> Rows:
    """HubSpot has no property for the direction; an integration may write one of its own."""
    told = prop(message, settings.get("message_direction_property"))
    more = {
        "phone": prop(message, settings.get("message_number_property")),
        "is_automated": _is_automated(message),
    }
    direction = _DIRECTIONS.get((told or "").upper())
    return _rows(message, "message", direction, when(message, "hs_timestamp"), None, more)


def _is_automated(record: Record) -> str:
    """Sent by a sequence or a workflow."""
    is_machine = prop(record, "hs_object_source") in _MACHINES
    return "true" if is_machine or prop(record, "hs_sequence_id") else "false"


def _rows(
    record: Record,
    kind: str,
    direction: str | None,
    started: datetime | None,
    ended: datetime | None,
    more: Row,
) -> Rows:
    seconds = (ended - started).total_seconds() if started and ended else None
    row: dict[str, str | None] = {
        "activity_id": text(record.get("id")),
        "kind": kind,
        "direction": direction,
        "started_at": iso(started),
        "ended_at": iso(ended),
        "duration_seconds": text(seconds),
        "outcome": None,
        "rep_id": prop(record, "hubspot_owner_id"),
        "contact_id": link(record, "contacts"),
        "lead_id": link(record, "leads"),
        "deal_id": link(record, "deals"),
        "phone": None,
        "email": None,
        "thread_id": None,
        "is_automated": None,
        "telephony_call_id": None,
        "updated_at": updated_at(record),
        "is_deleted": is_deleted(record),
    }
    return {"crm/activities": [{**row, **more}]}
