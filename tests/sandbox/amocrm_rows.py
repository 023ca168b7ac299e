"""Canonical rows -> records as amoCRM tells them: the mapping the other way round."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from tests.sandbox.account import Row, moment

Native = dict[str, Any]

WON, LOST = 142, 143
LEAD_STAGES = ("new", "working", "qualified")
DEAL_STAGES = ("qualification", "proposal", "negotiation")
REASONS = ("spam", "duplicate", "test")
_CALL_STATUSES = {"connected": 4, "no_answer": 6, "busy": 7, "left_message": 1, "voicemail": 1}
OUTCOMES = {4: "connected", 6: "no_answer", 7: "busy", 1: "left_message"}


def number(canonical_id: str | None) -> int | None:
    """AmoCRM counts: `D000000000100` is 1000000000100 here, in the same order."""
    if not canonical_id:
        return None
    digits = "".join(sign for sign in canonical_id if sign.isdecimal())
    return int(digits if canonical_id.isdecimal() else f"1{digits}")


def epoch(value: str | datetime | None) -> int | None:
    found = moment(value) if isinstance(value, str) else value
    return int(found.timestamp()) if found else None


def status_id(stage: str, pipeline: int) -> int:
    """The status of a stage; won and lost are the same in all pipelines."""
    ordinary = (*LEAD_STAGES, *DEAL_STAGES)
    if stage in ordinary:
        return (pipeline + 1) * 1000 + ordinary.index(stage) * 10 + 10
    return WON if stage == "won" else LOST


def pipeline(name: str, place: int) -> Native:
    base = (place + 1) * 1000
    ordinary = [
        (status_id(stage, place), stage, (order + 2) * 10)
        for order, stage in enumerate((*LEAD_STAGES, *DEAL_STAGES))
    ]
    told = [(base + 1, "Incoming leads", 10), *ordinary, (WON, "Won", 10000), (LOST, "Lost", 11000)]
    statuses = [
        {
            "id": key,
            "name": stage,
            "sort": sort,
            "is_editable": key not in (WON, LOST, base + 1),
            "pipeline_id": 9000 + place,
            "color": "#fffeb2",
            "type": 1 if key == base + 1 else 0,
            "account_id": 1,
        }
        for key, stage, sort in told
    ]
    return {
        "id": 9000 + place,
        "name": name,
        "sort": place + 1,
        "is_main": place == 0,
        "is_unsorted_on": True,
        "is_archive": False,
        "account_id": 1,
        # In no order.
        "_embedded": {"statuses": statuses[::-1]},
    }


def user(row: Row, groups: Sequence[str]) -> Native:
    group = groups.index(str(row["team"])) if row.get("team") else None
    return {
        "id": number(row["rep_id"]),
        "name": row["full_name"],
        "email": row.get("email"),
        "lang": "en",
        "rights": {"is_admin": False, "is_active": row.get("is_active") != "false"},
        "_embedded": {
            "groups": [] if group is None else [{"id": group, "name": groups[group]}],
            "roles": [],
        },
    }


def company(row: Row) -> Native:
    return {"id": number(row["account_id"]), "name": row["name"], **_dates(row)}


def contact(row: Row) -> Native:
    first, _, last = (row.get("full_name") or "").partition(" ")
    account = number(row.get("account_id"))
    fields = [
        {
            "field_id": place,
            "field_name": name.title(),
            "field_code": name,
            "field_type": "multitext",
            "values": [{"value": value, "enum_code": "WORK"} for value in cell.split(";")],
        }
        for place, (name, cell) in enumerate(
            (("PHONE", row.get("phones")), ("EMAIL", row.get("emails")))
        )
        if cell
    ]
    return {
        "id": number(row["contact_id"]),
        "name": row.get("full_name") or "",
        "first_name": first,
        "last_name": last,
        "custom_fields_values": fields or None,
        "_embedded": {"tags": [], "companies": [{"id": account}] if account else []},
        **_dates(row),
    }


def note(row: Row, entity_id: int) -> Native:
    """A call, an email or an SMS."""
    is_inbound = row.get("direction") == "inbound"
    rep = number(row.get("rep_id")) or 0
    address = {"email": row.get("email"), "name": ""}
    ours = {"email": "sales@acme.example", "name": "Sales"}
    params: Mapping[str, Any]
    if row["kind"] == "email":
        kind = "amomail_message"
        params = {
            "income": is_inbound,
            "from": address if is_inbound else ours,
            "to": ours if is_inbound else address,
            "thread_id": row.get("thread_id"),
            "subject": "Offer",
        }
    elif row["kind"] == "call":
        kind = "call_in" if is_inbound else "call_out"
        params = {
            "uniq": row.get("telephony_call_id"),
            "duration": seconds(row),
            "source": "pbx",
            "phone": row.get("phone"),
            "call_status": call_status(row),
            "call_responsible": rep,
        }
    else:
        kind = "sms_in" if is_inbound else "sms_out"
        params = {"text": "…", "phone": row.get("phone")}
    return {
        "id": number(row["activity_id"]),
        "entity_id": entity_id,
        "created_by": 0,
        "updated_by": 0,
        "created_at": epoch(row["started_at"]),
        "updated_at": epoch(row.get("updated_at") or row["started_at"]),
        "responsible_user_id": rep,
        "group_id": 0,
        "note_type": kind,
        "params": params,
        "account_id": 1,
    }


def seconds(row: Row) -> int:
    return int(float(row.get("duration_seconds") or 0))


def call_status(row: Row) -> int:
    return _CALL_STATUSES.get(row.get("outcome") or "", 6)


def message(row: Row, entity: str, entity_id: int) -> Native:
    is_inbound = row.get("direction") == "inbound"
    return {
        "id": str(number(row["activity_id"])),
        "type": "incoming_chat_message" if is_inbound else "outgoing_chat_message",
        "entity_id": entity_id,
        "entity_type": entity,
        "created_by": 0 if is_inbound else number(row.get("rep_id")) or 0,
        "created_at": epoch(row["started_at"]),
        "value_before": [],
        "value_after": [{"message": {"id": "x", "talk_id": row.get("thread_id")}}],
        "account_id": 1,
    }


def _dates(row: Row) -> Native:
    return {
        "created_at": epoch(row.get("created_at")),
        "updated_at": epoch(row.get("updated_at") or row.get("created_at")),
        "is_deleted": False,
        "responsible_user_id": 0,
        "account_id": 1,
    }
