"""Companies to serve: a small one by hand, and the demo company as landing would have it."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from tests.sandbox.account import Row, Rows

# Lately, as connectors ask for the time from their last night to this one.
_FIRST = datetime.now(UTC).replace(hour=9, minute=0, second=0, microsecond=0) - timedelta(days=20)
SIZE = 10
_STEPS = ("new", "working", "qualified")


def small_company() -> dict[str, list[Row]]:
    """Ten of each: contacts, leads, deals, activities, calls; two reps, three accounts.

    Stages are those of the `files` connector. Everything is of the last three weeks, a day apart, the last one a week ago.
    """
    numbers = range(1, SIZE + 1)
    return {
        "crm/reps": [_rep(1, "Anna Berg"), _rep(2, "Boris Klein")],
        "crm/accounts": [_account(n) for n in (1, 2, 3)],
        "crm/contacts": [_contact(n) for n in numbers],
        "crm/leads": [_lead(n) for n in numbers],
        "crm/deals": [_deal(n) for n in numbers],
        "crm/stage_changes": [row for n in numbers for row in _stage_changes(n)],
        "crm/owner_changes": [row for n in numbers for row in _owner_changes(n)],
        "crm/activities": [_activity(n) for n in numbers],
        "telephony/calls": [_call(n) for n in numbers],
    }


def at(day: float, *, hours: float = 0) -> str:
    """A moment of the small company: so many days after its first."""
    return (_FIRST + timedelta(days=day, hours=hours)).isoformat()


def _rep(n: int, name: str) -> Row:
    return {
        "rep_id": str(n),
        "full_name": name,
        "email": f"{name.split(maxsplit=1)[0].lower()}@acme.example",
        "phone": f"+4420794600{n:02d}",
        "extension": str(700 + n),
        "team": "Sales",
        "time_zone": "Europe/London",
        "is_active": "true",
        "hired_on": None,
    }


def _account(n: int) -> Row:
    return {
        "account_id": str(100 + n),
        "name": f"Customer {n} Ltd",
        "industry": "Retail",
        "country": "GB",
        "created_at": at(0),
        "updated_at": at(n),
        "is_deleted": "false",
    }


def _contact(n: int) -> Row:
    return {
        "contact_id": str(200 + n),
        "account_id": str(101 + n % 3),
        "full_name": f"Person Number {n}",
        "emails": f"person{n}@customer.example",
        "phones": f"+44207946{n:04d}",
        "time_zone": None,
        "created_at": at(n),
        "updated_at": at(n, hours=1),
        "is_deleted": "false",
        "merged_into_id": None,
    }


def _lead(n: int) -> Row:
    return {
        "lead_id": str(300 + n),
        "contact_id": str(200 + n),
        "account_id": str(101 + n % 3),
        "owner_rep_id": str(1 + n % 2),
        "lead_source": "web form",
        "is_inquiry": "true",
        "inquiry_at": at(n),
        "inquiry_channel": "form",
        "status": _STEPS[n % 3],
        "created_at": at(n),
        "updated_at": at(n, hours=2),
        "is_deleted": "false",
        "merged_into_id": None,
    }


def _deal(n: int) -> Row:
    stage = ("qualification", "won", "lost")[n % 3]
    return {
        "deal_id": str(400 + n),
        "lead_id": str(300 + n),
        "contact_id": str(200 + n),
        "account_id": str(101 + n % 3),
        "owner_rep_id": str(1 + n % 2),
        "pipeline": "default",
        "stage": stage,
        "amount": str(1000 * n),
        "currency": "USD",
        "created_at": at(n, hours=3),
        "updated_at": at(n + 1),
        "closed_at": None if stage == "qualification" else at(n + 1),
        "is_deleted": "false",
        "merged_into_id": None,
    }


def _stage_changes(n: int) -> list[Row]:
    lead, deal = _lead(n), _deal(n)
    told = [("lead", lead["lead_id"], "new", at(n))]
    if lead["status"] != "new":
        told.append(("lead", lead["lead_id"], str(lead["status"]), at(n, hours=2)))
    told.append(("deal", deal["deal_id"], "qualification", at(n, hours=3)))
    if deal["stage"] != "qualification":
        told.append(("deal", deal["deal_id"], str(deal["stage"]), at(n + 1)))
    return [
        {"object_type": kind, "object_id": key, "stage": stage, "changed_at": when, "rep_id": None}
        for kind, key, stage, when in told
    ]


def _owner_changes(n: int) -> list[Row]:
    owner = str(1 + n % 2)
    return [
        {
            "object_type": kind,
            "object_id": str(first + n),
            "owner_rep_id": owner,
            "changed_at": when,
        }
        for kind, first, when in (("lead", 300, at(n)), ("deal", 400, at(n, hours=3)))
    ]


def _activity(n: int) -> Row:
    kind = ("call", "email", "meeting")[n % 3]
    is_call = kind == "call"
    return {
        "activity_id": str(500 + n),
        "kind": kind,
        "direction": "inbound" if n % 4 == 0 else "outbound",
        "started_at": at(n, hours=4),
        "ended_at": None if kind == "email" else at(n, hours=4.5),
        "duration_seconds": None if kind == "email" else "1800",
        "outcome": "connected" if is_call else None,
        "rep_id": str(1 + n % 2),
        "contact_id": str(200 + n),
        "lead_id": str(300 + n),
        "deal_id": None,
        "phone": f"+44207946{n:04d}" if is_call else None,
        "email": f"person{n}@customer.example" if kind == "email" else None,
        "thread_id": None,
        "is_automated": None,
        "telephony_call_id": f"K{n}" if is_call else None,
        "updated_at": at(n, hours=5),
        "is_deleted": "false",
    }


def _call(n: int) -> Row:
    is_inbound, is_answered = n % 4 == 0, n % 3 != 2
    outside, desk = f"+44207946{n:04d}", "+442079460000"
    return {
        "call_id": f"T{n}",
        "linked_id": f"K{n}" if n % 2 else None,
        "direction": "inbound" if is_inbound else "outbound",
        "from_number": outside if is_inbound else desk,
        "to_number": desk if is_inbound else outside,
        "extension": str(701 + n % 2),
        "rep_email": None,
        "started_at": at(n, hours=4),
        "answered_at": at(n, hours=4.25) if is_answered else None,
        "ended_at": at(n, hours=4.5),
        "talk_seconds": "900" if is_answered else "0",
        "disposition": "answered" if is_answered else "no_answer",
        "queue": None,
    }


def only(rows: Rows, holds: Mapping[str, object]) -> dict[str, list[Row]]:
    """The rows of the entities that a system holds."""
    return {entity: list(some) for entity, some in rows.items() if entity in holds}
