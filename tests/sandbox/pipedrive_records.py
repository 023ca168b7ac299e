"""Canonical rows -> Pipedrive's records, as its API words them.

Longer than most: every field of every kind of record.
"""

import hashlib
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from tests.sandbox.account import Row, moment

PIPELINE = "Pipeline"
STAGES = ("Qualified", "Contact Made", "Proposal Made", "Negotiations Started")
"""Of every pipeline, in their order."""
_STAGE_OF = {"qualification": 0, "proposal": 2, "negotiation": 3}
LABELS = ("New", "Working", "Qualified", "Spam", "Duplicate", "Test")
SOURCES = {"web": "Web forms", "form": "Web forms", "chat": "Live chat", "call": "API"} | {
    "email": "Workflow automation"
}
OUR_NUMBER = "+442079460999"
OUTCOMES = {"voicemail": "left_voicemail"}
"""Of a logged call, where Pipedrive has another word."""
LOGGED = ("connected", "no_answer", "left_message", "left_voicemail", "wrong_number", "busy")
ACTIVITY_TYPES = (
    "call_in=call inbound,email_in=email inbound,email_auto=email automated,"
    "meeting_in=meeting inbound,no_show=meeting no_show,no_show_in=meeting inbound no_show,"
    "message=message,message_in=message inbound,message_auto=message automated"
)


def number(canonical_id: str | None) -> int | None:
    """Pipedrive numbers everything but leads."""
    if not canonical_id:
        return None
    if canonical_id.isdigit():
        return int(canonical_id)
    return int(hashlib.md5(canonical_id.encode()).hexdigest()[:7], 16)


def lead_id(canonical_id: str | None) -> str | None:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, canonical_id)) if canonical_id else None


def v2_time(told: str | None) -> str | None:
    found = moment(told)
    return found.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if found else None


def v1_time(told: str | None) -> str | None:
    found = moment(told)
    return found.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S") if found else None


def user(row: Row) -> dict[str, Any]:
    is_active = row.get("is_active") != "false"
    return {
        "id": number(row["rep_id"]),
        "name": row["full_name"],
        "default_currency": "EUR",
        "locale": "en_GB",
        "lang": 1,
        "email": row.get("email"),
        "phone": row.get("phone"),
        "activated": True,
        "last_login": "2026-07-01 08:00:00",
        "created": "2024-01-01 08:00:00",
        "modified": "2026-07-01 08:00:00",
        "has_created_company": False,
        "access": [
            {"app": "sales", "admin": False, "permission_set_id": lead_id(row["rep_id"])},
        ],
        "active_flag": is_active,
        "timezone_name": row.get("time_zone"),
        "timezone_offset": "+00:00",
        "role_id": 1,
        "icon_url": None,
        "is_you": False,
        "is_deleted": False,
    }


def organization(row: Row, industries: list[str]) -> dict[str, Any]:
    industry, country = row.get("industry"), row.get("country")
    address = {"value": country, "country": country} if country else None
    return {
        "id": number(row["account_id"]),
        "name": row["name"],
        "owner_id": 1,
        "add_time": v2_time(row.get("created_at")),
        "update_time": v2_time(row.get("updated_at")),
        "is_deleted": False,
        "visible_to": 3,
        "address": address,
        "label_ids": [],
        "website": None,
        "linkedin": None,
        "industry": industries.index(industry) + 1 if industry else None,
        "annual_revenue": None,
        "employee_count": None,
        "custom_fields": {},
    }


def person(row: Row, messages: int) -> dict[str, Any]:
    return {
        "id": number(row["contact_id"]),
        "name": row.get("full_name"),
        "first_name": None,
        "last_name": None,
        "owner_id": 1,
        "org_id": number(row.get("account_id")),
        "add_time": v2_time(row.get("created_at")),
        "update_time": v2_time(row.get("updated_at")),
        "emails": _values(row.get("emails")),
        "phones": _values(row.get("phones")),
        "is_deleted": False,
        "visible_to": 3,
        "label_ids": [],
        "picture_id": None,
        "custom_fields": {},
        "email_messages_count": messages,
    }


def lead(row: Row, channels: list[str]) -> dict[str, Any]:
    updated = v2_time(row.get("updated_at") or row["created_at"])
    status = label_of(row)
    source = row.get("lead_source")
    asked = row.get("is_inquiry")
    return {
        "id": lead_id(row["lead_id"]),
        "title": "Somebody's interest",
        "owner_id": number(row.get("owner_rep_id")),
        "creator_id": 1,
        "label_ids": [lead_id(status)] if status else [],
        "value": None,
        "expected_close_date": None,
        "person_id": number(row.get("contact_id")),
        "organization_id": number(row.get("account_id")),
        "is_archived": row["status"] == "disqualified",
        "source_name": SOURCES.get(row.get("inquiry_channel") or "", "Web forms")
        if asked == "true"
        else "Import"
        if asked == "false"
        else "Manually created",
        "origin": "ManuallyCreated",
        "origin_id": None,
        "channel": channels.index(source) + 1 if source else None,
        "channel_id": None,
        "was_seen": True,
        "next_activity_id": None,
        "add_time": (v2_time(row["created_at"]) or "").replace("Z", ".000Z"),
        "update_time": (updated or "").replace("Z", ".000Z"),
        "visible_to": "3",
        "cc_email": "acme+leads@mail.example",
    }


def label_of(row: Row) -> str | None:
    told = (row["status"] or "").capitalize()
    return told if told in LABELS else "Qualified" if told == "Converted" else None


def activity(row: Row, deal: str | None) -> dict[str, Any]:
    """`deal` is what the activity's lead became, if it did."""
    kind, is_in = row["kind"] or "", row.get("direction") == "inbound"
    name = "no_show" if row.get("outcome") == "no_show" else kind
    name = f"{name}_auto" if row.get("is_automated") == "true" else f"{name}_in" if is_in else name
    started, ended = moment(row["started_at"]), moment(row.get("ended_at"))
    assert started is not None
    seconds = int((ended - started).total_seconds()) if ended and kind == "meeting" else 0
    length = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    return {
        "id": number(row["activity_id"]),
        "subject": kind.capitalize(),
        "type": name,
        "owner_id": number(row.get("rep_id")),
        "creator_user_id": 1,
        "is_deleted": row.get("is_deleted") == "true",
        "add_time": v2_time(row["started_at"]),
        "update_time": v2_time(row.get("updated_at")),
        "deal_id": number(row.get("deal_id") or deal),
        "lead_id": None if deal else lead_id(row.get("lead_id")),
        "person_id": number(row.get("contact_id")),
        "org_id": None,
        "project_id": None,
        "due_date": started.astimezone(UTC).date().isoformat(),
        "due_time": started.astimezone(UTC).strftime("%H:%M:%S"),
        "duration": length if seconds else None,
        "busy": False,
        "done": True,
        "marked_as_done_time": v2_time(row["started_at"]),
        "location": None,
        "participants": [{"person_id": number(row["contact_id"]), "primary": True}]
        if row.get("contact_id")
        else [],
        "conference_meeting_client": None,
        "conference_meeting_url": None,
        "conference_meeting_id": None,
        "public_description": None,
        "priority": None,
        "note": None,
    }


def call_log(row: Row) -> dict[str, Any]:
    ends = (row.get("phone"), OUR_NUMBER)
    caller, called = ends if row.get("direction") == "inbound" else ends[::-1]
    told = {
        "id": hashlib.md5((row["activity_id"] or "").encode()).hexdigest(),
        "activity_id": number(row["activity_id"]),
        "person_id": number(row.get("contact_id")),
        "subject": "Call",
        "duration": duration(row),
        "outcome": OUTCOMES.get(row.get("outcome") or "", row.get("outcome")),
        "from_phone_number": caller,
        "to_phone_number": called,
        "has_recording": False,
        "start_time": (v2_time(row["started_at"]) or "").replace("Z", ".000Z"),
        "end_time": (v2_time(row.get("ended_at") or row["started_at"]) or "").replace("Z", ".000Z"),
        "user_id": number(row.get("rep_id")),
        "company_id": 4711,
        "note": "",
    }
    # Which number was called there must be; not knowing it is no number.
    return {"to_phone_number": ""} | {k: value for k, value in told.items() if value is not None}


def duration(row: Row) -> str | None:
    told = row.get("duration_seconds")
    return str(int(float(told))) if told is not None else None


def message(row: Row) -> dict[str, Any]:
    """A mail between a rep and the person that it hangs on."""
    is_in = row.get("direction") == "inbound"
    other = {
        "id": 1,
        "email_address": row.get("email") or "somebody@customer.example",
        "name": "",
        "linked_person_id": number(row.get("contact_id")),
        "linked_person_name": "",
        "mail_message_party_id": 1,
    }
    ours = {**other, "id": 2, "email_address": "rep@acme.example", "linked_person_id": None}
    time = (v2_time(row["started_at"]) or "").replace("Z", ".000Z")
    return {
        "object": "mailMessage",
        "timestamp": v1_time(row["started_at"]),
        "data": {
            "id": number(row["activity_id"]),
            "from": [other if is_in else ours],
            "to": [ours if is_in else other],
            "cc": [],
            "bcc": [],
            "body_url": "https://mail.example/1",
            "account_id": "acme",
            "user_id": number(row.get("rep_id")),
            "mail_thread_id": number(row.get("thread_id")) or number(row["activity_id"]),
            "subject": "About it",
            "snippet": "",
            "mail_tracking_status": None,
            "mail_link_tracking_enabled_flag": 0,
            "read_flag": 1,
            "draft": "",
            "draft_flag": 0,
            "synced_flag": 1,
            "deleted_flag": int(row.get("is_deleted") == "true"),
            "has_body_flag": 1,
            "sent_flag": int(not is_in),
            "sent_from_pipedrive_flag": 0,
            "smart_bcc_flag": 0,
            "message_time": time,
            "add_time": time,
            "update_time": (v2_time(row.get("updated_at")) or time).replace("Z", ".000Z"),
            "has_attachments_flag": 0,
            "has_inline_attachments_flag": 0,
            "has_real_attachments_flag": 0,
        },
    }


def stage_number(pipeline: int, stage: str | None) -> int:
    """A deal that closed did so in the last stage."""
    return pipeline * 10 + _STAGE_OF.get(stage or "", len(STAGES) - 1)


def change(key: str, old: object, new: object, when: datetime, rep: str | None) -> dict[str, Any]:
    return {
        "field_key": key,
        "old_value": str(old),
        "new_value": str(new),
        "actor_user_id": number(rep),
        "time": when.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S"),
        "change_source": "app",
        "change_source_user_agent": None,
        "is_bulk_update_flag": False,
    }


def field(code: str, name: str, labels: Iterable[str]) -> dict[str, Any]:
    return {
        "field_name": name,
        "field_code": code,
        "field_type": "enum",
        "options": [{"id": n, "label": label} for n, label in enumerate(labels, start=1)],
        "subfields": None,
        "is_custom_field": False,
        "is_optional_response_field": False,
    }


def _values(joined: str | None) -> list[dict[str, Any]]:
    told = (joined or "").split(";") if joined else []
    return [
        {"value": value, "primary": n == 0, "label": "work" if n == 0 else "other"}
        for n, value in enumerate(told)
    ]
