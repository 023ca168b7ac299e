"""Canonical rows -> what a Bitrix24 portal holds of them: the mapping the other way round."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

from tests.sandbox.account import Row, moment

# A portal tells its times in its own zone.
ZONE = timezone(timedelta(hours=3))
Native = dict[str, Any]

LEAD_STAGES = {
    "new": "NEW",
    "working": "IN_PROCESS",
    "qualified": "PROCESSED",
    "converted": "CONVERTED",
    "disqualified": "JUNK",
    "spam": "SPAM",
    "duplicate": "DUPLICATE",
    "test": "TEST",
}
DEAL_STAGES = {
    "qualification": "NEW",
    "proposal": "PREPARATION",
    "negotiation": "EXECUTING",
    "won": "WON",
    "lost": "LOSE",
}
FAILED = ("JUNK", "SPAM", "DUPLICATE", "TEST", "LOSE")
SUCCEEDED = ("CONVERTED", "WON")
_CODES = {
    "answered": "200",
    "no_answer": "304",
    "busy": "486",
    "failed": "404",
    # A machine's answer is one to the exchange.
    "voicemail": "200",
}
_PROVIDERS = {
    "call": ("2", "VOXIMPLANT_CALL"),
    "email": ("4", "CRM_EMAIL"),
    "meeting": ("1", "CRM_MEETING"),
    "message": ("6", "IMOPENLINES_SESSION"),
}


def portal_time(value: str | None) -> str:
    """`2026-07-01T12:30:00+03:00`; empty where there is none."""
    found = moment(value)
    return found.astimezone(ZONE).isoformat(timespec="seconds") if found else ""


def semantics(stage: str) -> str:
    bare = stage.rpartition(":")[2]
    return "S" if bare in SUCCEEDED else "F" if bare in FAILED else "P"


def number(canonical_id: str | None) -> str | None:
    """Bitrix24 counts: `D000000000100` is 1000000000100 here, in the same order."""
    if not canonical_id or canonical_id.isdecimal():
        return canonical_id or None
    return "1" + "".join(sign for sign in canonical_id if sign.isdecimal())


class Names:
    """What a directory numbers: the names in order of coming, from 0."""

    def __init__(self, names: Iterable[object]) -> None:
        self.names = [str(name) for name in dict.fromkeys(names) if name]

    def id_of(self, name: str | None) -> int | None:
        return self.names.index(name) if name in self.names else None


def user(row: Row, departments: Names) -> Native:
    first, _, last = (row["full_name"] or "").partition(" ")
    team = departments.id_of(row.get("team"))
    return {
        "ID": number(row["rep_id"]),
        "ACTIVE": row.get("is_active") != "false",
        "NAME": first,
        "LAST_NAME": last,
        "EMAIL": row.get("email") or "",
        "TIME_ZONE": row.get("time_zone") or "",
        "IS_ONLINE": "N",
        "TIMESTAMP_X": {},
        "WORK_PHONE": row.get("phone") or "",
        "PERSONAL_MOBILE": "",
        "UF_PHONE_INNER": row.get("extension") or "",
        "UF_EMPLOYMENT_DATE": f"{row['hired_on']}T03:00:00+03:00" if row.get("hired_on") else "",
        "UF_DEPARTMENT": [] if team is None else [team + 1],
        "USER_TYPE": "employee",
    }


def company(row: Row, industries: Names) -> Native:
    industry = industries.id_of(row.get("industry"))
    return {
        "ID": number(row["account_id"]),
        "TITLE": row["name"],
        "INDUSTRY": "" if industry is None else f"UC_I{industry}",
        "ADDRESS_COUNTRY": row.get("country"),
        **_dates(row),
    }


def contact(row: Row) -> Native:
    first, _, last = (row.get("full_name") or "").partition(" ")
    return {
        "ID": number(row["contact_id"]),
        "NAME": first,
        "SECOND_NAME": "",
        "LAST_NAME": last,
        "COMPANY_ID": number(row.get("account_id")) or "0",
        "PHONE": _several(row.get("phones"), "PHONE"),
        "EMAIL": _several(row.get("emails"), "EMAIL"),
        **_dates(row),
    }


def lead(row: Row, sources: Names) -> Native:
    stage = LEAD_STAGES[row["status"] or ""]
    source = sources.id_of(source_key(row))
    return {
        "ID": number(row["lead_id"]),
        "TITLE": f"Lead {row['lead_id']}",
        "NAME": None,
        "LAST_NAME": None,
        "COMPANY_ID": number(row.get("account_id")),
        "CONTACT_ID": number(row.get("contact_id")),
        "ASSIGNED_BY_ID": number(row.get("owner_rep_id")) or "0",
        "SOURCE_ID": "" if source is None else f"UC_S{source}",
        "STATUS_ID": stage,
        "STATUS_SEMANTIC_ID": semantics(stage),
        **_dates(row),
    }


def source_key(row: Row) -> str:
    """What tells one source from another: its name, and by which channel it asks (or doesn't)."""
    is_inquiry = row.get("is_inquiry") == "true"
    channel = (row.get("inquiry_channel") or "other") if is_inquiry else ""
    return f"{row.get('lead_source') or ''}|{channel}"


def deal(row: Row, pipelines: Names) -> Native:
    pipeline = pipelines.id_of(row.get("pipeline")) or 0
    stage = deal_stage(row["stage"], pipeline)
    amount = row.get("amount")
    return {
        "ID": number(row["deal_id"]),
        "TITLE": f"Deal {row['deal_id']}",
        "CATEGORY_ID": str(pipeline),
        "STAGE_ID": stage,
        "STAGE_SEMANTIC_ID": semantics(stage),
        "OPPORTUNITY": f"{float(amount):.2f}" if amount else "0.00",
        "IS_MANUAL_OPPORTUNITY": "Y" if amount else "N",
        "CURRENCY_ID": row.get("currency"),
        "LEAD_ID": number(row.get("lead_id")),
        "CONTACT_ID": number(row.get("contact_id")) or "0",
        "COMPANY_ID": number(row.get("account_id")) or "0",
        "ASSIGNED_BY_ID": number(row.get("owner_rep_id")) or "0",
        "CLOSED": "N" if semantics(stage) == "P" else "Y",
        "CLOSEDATE": portal_time(row.get("closed_at")),
        "MOVED_TIME": portal_time(row.get("closed_at") or row.get("updated_at")),
        **_dates(row),
    }


def deal_stage(stage: str | None, pipeline: int) -> str:
    """The stages of a further pipeline begin with its number."""
    native = DEAL_STAGES[stage or ""]
    return f"C{pipeline}:{native}" if pipeline else native


def stage_entry(row: Row, place: int, pipeline: int) -> Native:
    told: Native = {
        "ID": place,
        "TYPE_ID": 2,
        "OWNER_ID": int(number(row["object_id"]) or 0),
        "CREATED_TIME": portal_time(row["changed_at"]),
    }
    if row["object_type"] == "lead":
        stage = LEAD_STAGES[row["stage"] or ""]
        return {**told, "STATUS_SEMANTIC_ID": semantics(stage), "STATUS_ID": stage}
    stage = deal_stage(row["stage"], pipeline)
    return {
        **told,
        "CATEGORY_ID": pipeline,
        "STAGE_SEMANTIC_ID": semantics(stage),
        "STAGE_ID": stage,
    }


def activity(row: Row) -> Native:
    kind = row["kind"] or ""
    type_id, provider = _PROVIDERS[kind]
    owners = [
        {"OWNER_TYPE_ID": type_of, "OWNER_ID": number(row.get(column))}
        for column, type_of in (("lead_id", "1"), ("deal_id", "2"), ("contact_id", "3"))
        if row.get(column)
    ]
    is_meeting = kind == "meeting"
    is_missed = kind == "call" and is_missed_call(row)
    is_done = not is_missed and not (is_meeting and row.get("outcome") != "held")
    call = row.get("telephony_call_id")
    directions = {"inbound": "1", "outbound": "2"}
    return {
        "ID": number(row["activity_id"]),
        **(owners[0] if owners else {"OWNER_TYPE_ID": "4", "OWNER_ID": "1"}),
        "TYPE_ID": type_id,
        "PROVIDER_ID": provider,
        "SUBJECT": f"{kind} {row['activity_id']}",
        "CREATED": portal_time(row["started_at"]),
        "LAST_UPDATED": portal_time(row.get("updated_at") or row["started_at"]),
        "START_TIME": portal_time(row["started_at"]),
        "END_TIME": portal_time(row.get("ended_at") or row["started_at"]),
        "COMPLETED": "Y" if is_done else "N",
        "STATUS": "2" if is_done else "1",
        "RESPONSIBLE_ID": number(row.get("rep_id")) or "0",
        "DIRECTION": directions.get(row.get("direction") or "", "0"),
        "SETTINGS": {"MISSED_CALL": True} if is_missed else [],
        "PROVIDER_PARAMS": {"USER_CODE": row["thread_id"]} if row.get("thread_id") else [],
        "ORIGIN_ID": f"VI_{call}" if call else None,
        "BINDINGS": owners,
        "COMMUNICATIONS": [
            {"ID": "1", "TYPE": kind_of, "VALUE": row[column], "ENTITY_ID": "0"}
            for column, kind_of in (("phone", "PHONE"), ("email", "EMAIL"))
            if row.get(column)
        ],
    }


def is_missed_call(row: Row) -> bool:
    return row.get("direction") == "inbound" and row.get("outcome") == "no_answer"


def call(row: Row, place: int, users: Mapping[str, str]) -> Native:
    """`users`: who has an address or an extension."""
    is_inbound = row["direction"] == "inbound"
    rep = users.get(row.get("rep_email") or "") or users.get(row.get("extension") or "")
    start, end = moment(row["started_at"]), moment(row.get("ended_at"))
    length = int((end - start).total_seconds()) if start and end else 0
    talk = int(float(row.get("talk_seconds") or 0))
    return {
        "ID": str(place),
        "PORTAL_USER_ID": rep,
        "PORTAL_NUMBER": row.get("to_number" if is_inbound else "from_number"),
        "PHONE_NUMBER": row.get("from_number" if is_inbound else "to_number"),
        "CALL_ID": row["call_id"],
        "EXTERNAL_CALL_ID": None,
        "CALL_CATEGORY": "internal" if row["direction"] == "internal" else "external",
        "CALL_DURATION": str(talk if row["disposition"] == "answered" else length),
        "CALL_START_DATE": portal_time(row["started_at"]),
        "CALL_FAILED_CODE": _CODES[row["disposition"] or ""],
        "CALL_FAILED_REASON": "",
        "CRM_ACTIVITY_ID": None,
        "SESSION_ID": row.get("linked_id"),
        "CALL_TYPE": "2" if is_inbound else "1",
    }


def _several(cell: str | None, kind: str) -> list[Native]:
    return [
        {"ID": str(place), "VALUE_TYPE": "WORK", "VALUE": value, "TYPE_ID": kind}
        for place, value in enumerate((cell or "").split(";"), 1)
        if value
    ]


def _dates(row: Row) -> Native:
    return {
        "DATE_CREATE": portal_time(row.get("created_at")),
        "DATE_MODIFY": portal_time(row.get("updated_at") or row.get("created_at")),
    }


def selected(record: Mapping[str, Any], select: Sequence[str]) -> Native:
    """The fields asked for; `*` is all but those of several values."""
    apart = ("PHONE", "EMAIL", "COMMUNICATIONS", "BINDINGS")
    return {
        name: value
        for name, value in record.items()
        if name in select
        or ("*" in select and (name not in apart or isinstance(value, str)))
        or name == "ID"
    }


def stamp(record: Mapping[str, Any], name: str) -> datetime:
    found = moment(str(record.get(name) or "1970-01-01T00:00:00+00:00"))
    assert found is not None
    return found
