"""The draws of `worlds`: one strategy an entity. Names with `_` in front are worked out there."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, TypeVar

from hypothesis import strategies as st

Draft = dict[str, Any]
Value = TypeVar("Value")
ACCOUNTS = 2
MONDAY = datetime(2025, 3, 3, 14, 0)  # noqa: DTZ001

DAYS = (0, 0, 0, 1, 2, 7, 14, 15, 30, 31, 60)
MINUTES = (0, 0, 2, 5, 30, 31, 60, 61, 90, 120, 600)
SECONDS = (0, 0, 0, 1, 30)
NUMBERS = (
    "+7 495 123-45-67",
    "8 (495) 123-45-67",
    "74951234568",
    "+44 20 7946 0123",
    "00442079460123",
    "442079460124",
)
REP_NUMBER = "8 495 123-45-01"
EMAILS = ("one@example.com", "Two@Example.com", "three@example.com")


def moments() -> st.SearchStrategy[datetime]:
    return st.builds(
        lambda day, minute, second: MONDAY + timedelta(days=day, minutes=minute, seconds=second),
        st.sampled_from(DAYS),
        st.sampled_from(MINUTES),
        st.sampled_from(SECONDS),
    )


def often(strategy: st.SearchStrategy[Value]) -> st.SearchStrategy[Value | None]:
    return st.one_of(strategy, strategy, st.none())


def seldom(strategy: st.SearchStrategy[Value]) -> st.SearchStrategy[Value | None]:
    return st.one_of(st.none(), st.none(), st.none(), st.none(), strategy)


def one_in(count: int) -> st.SearchStrategy[bool]:
    return st.integers(0, count - 1).map(lambda number: number == count - 1)


any_number = st.integers(0, 11)
reps = st.sampled_from(["R1", "R2", "R3", "R4"])
accounts = st.sampled_from(["K1", "K2"])
sources = st.sampled_from(["web", "web", "fair"])
numbers = st.sampled_from(NUMBERS)
emails = st.sampled_from(EMAILS)
lead_statuses = st.sampled_from(
    [
        "new",
        "working",
        "qualified",
        "converted",
        "disqualified",
        "disqualified",
        "new",
        "working",
        "qualified",
        "spam",
        "duplicate",
        "test",
    ]
)
deal_stages = st.sampled_from(
    ["qualification", "proposal", "negotiation", "won", "won", "lost", "lost"]
)


def account_rows(count: int) -> list[dict[str, str]]:
    return [{"account_id": f"K{n}", "name": f"Account {n}"} for n in range(1, count + 1)]


contact_drafts: st.SearchStrategy[Draft] = st.fixed_dictionaries(
    {
        "account_id": seldom(accounts),
        "full_name": st.just("Somebody"),
        "emails": st.lists(emails, max_size=2, unique=True).map(";".join),
        "phones": st.lists(numbers, max_size=3, unique=True).map(";".join),
        "is_deleted": one_in(12),
        "_merge": seldom(any_number),
    }
)

lead_drafts: st.SearchStrategy[Draft] = st.fixed_dictionaries(
    {
        "account_id": seldom(accounts),
        "owner_rep_id": often(reps),
        "lead_source": often(sources),
        "is_inquiry": st.sampled_from([True, True, False]),
        "inquiry_at": seldom(moments()),
        "inquiry_channel": often(st.sampled_from(["call", "email", "form"])),
        "status": lead_statuses,
        "is_deleted": one_in(15),
        "_contact": often(any_number),
        "_created_at": moments(),
        "_updated_at": often(moments()),
        "_changes": st.lists(st.tuples(lead_statuses, moments()), max_size=4),
        "_merge": seldom(any_number),
    }
)

deal_drafts: st.SearchStrategy[Draft] = st.fixed_dictionaries(
    {
        "account_id": seldom(accounts),
        "owner_rep_id": often(reps),
        "pipeline": st.just("main"),
        "stage": deal_stages,
        "amount": often(st.sampled_from(["100", "250.50", "0", "999.99"])),
        "currency": st.sampled_from(["USD", "EUR", "RUB", "GBP"]),
        "is_deleted": one_in(15),
        "_lead": often(any_number),
        "_contact": seldom(any_number),
        "_created_at": moments(),
        "_updated_at": often(moments()),
        "_changes": st.lists(st.tuples(deal_stages, moments()), max_size=5),
        "_merge": seldom(any_number),
    }
)

owner_change_drafts: st.SearchStrategy[Draft] = st.fixed_dictionaries(
    {
        "owner_rep_id": reps,
        "_kind": st.sampled_from(["lead", "lead", "deal"]),
        "_object": any_number,
        "_at": moments(),
    }
)

links: dict[str, st.SearchStrategy[Any]] = {
    "_contact": st.one_of(st.none(), any_number),
    "_lead": seldom(any_number),
    "_deal": seldom(any_number),
}
calls_named = st.sampled_from([*(f"X{n}" for n in range(1, 8)), "T1", "T2", "T3", "T9", "T99"])
call_outcomes = st.sampled_from(["Connected ", "left voicemail", "no answer", "whatever"])

logged_calls: st.SearchStrategy[Draft] = st.fixed_dictionaries(
    {
        "duration_seconds": often(st.sampled_from([0, 29, 30, 120])),
        "outcome": often(call_outcomes),
        "rep_id": often(reps),
        "is_automated": one_in(10),
        "telephony_call_id": seldom(calls_named),
        "is_deleted": one_in(12),
        **links,
    }
)

activity_drafts: st.SearchStrategy[Draft] = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(["call", "email", "meeting", "message", "message", "message"]),
        "direction": st.sampled_from(["outbound", "outbound", "inbound", "inbound", None]),
        "started_at": moments(),
        "duration_seconds": seldom(st.sampled_from([0, 29, 30, 120])),
        "outcome": often(
            st.sampled_from(["connected", "No Answer", "completed", "no show", "whatever"])
        ),
        "rep_id": often(reps),
        "phone": seldom(st.one_of(numbers, st.just(REP_NUMBER))),
        "email": seldom(emails),
        "is_automated": one_in(6),
        "telephony_call_id": seldom(calls_named),
        "is_deleted": one_in(15),
        **links,
    }
)

leg_parts: dict[str, st.SearchStrategy[Any]] = {
    "extension": often(st.sampled_from(["101", "102", "103", "199"])),
    "rep_email": seldom(st.sampled_from(["Anna@example.com", "clara@example.com"])),
    "disposition": st.sampled_from(["answered", "answered", "no_answer", "busy", "voicemail"]),
    "_delay": st.sampled_from([0, 0, 20, 120]),
    "_talk": st.sampled_from([0, 15, 29, 30, 200]),
    "_says_zero": st.booleans(),
}

call_drafts: st.SearchStrategy[Draft] = st.fixed_dictionaries(
    {
        "direction": st.sampled_from(["outbound", "inbound"]),
        "_at": moments(),
        "_number": numbers,
        "_linked": st.booleans(),
        "_legs": st.lists(st.fixed_dictionaries(leg_parts), min_size=1, max_size=3),
        "_logged": often(logged_calls),
        "_apart": st.sampled_from([0, 0, 1, -1, 60, -60, 120, -120, 121, -121]),
        "_by_number": st.booleans(),
    }
)

leg_drafts: st.SearchStrategy[Draft] = st.fixed_dictionaries(
    {
        "direction": st.sampled_from(["outbound", "inbound", "internal"]),
        "_at": moments(),
        "_number": st.one_of(numbers, numbers, st.sampled_from([REP_NUMBER, "anonymous", "103"])),
        "_linked_id": st.sampled_from(["", "", "X1", "X2", "X9"]),
        **leg_parts,
    }
)

collateral_drafts: st.SearchStrategy[Draft] = st.fixed_dictionaries(
    {
        "title": st.just("Case study"),
        "kind": st.sampled_from(["deck", "video"]),
        "published_on": often(st.sampled_from([date(2025, 1, 1), date(2025, 3, 10)])),
        "retired_on": seldom(st.sampled_from([date(2025, 3, 20), date(2025, 4, 2)])),
    }
)

event_drafts: st.SearchStrategy[Draft] = st.fixed_dictionaries(
    {
        "event": st.sampled_from(["sent", "sent", "opened", "clicked", "downloaded"]),
        "occurred_at": moments(),
        "rep_id": often(reps),
        "_item": any_number,
        "_activity": seldom(any_number),
        **links,
    }
)

quota_drafts: st.SearchStrategy[Draft] = st.fixed_dictionaries(
    {
        "rep_id": reps,
        "month": st.sampled_from([date(2025, 3, 1), date(2025, 4, 1)]),
        "amount": st.sampled_from(["1000", "500"]),
        "currency": st.sampled_from(["USD", "EUR"]),
    }
)
