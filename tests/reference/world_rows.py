"""What a row of each entity may be in `worlds`. Names with `_` in front are worked out there.

A specification is a `Pick` (one of these), a `Maybe` (that, or None), `Several` (a list) or a
dict of specifications; `take` makes a value of it by a number from `choose` at each fork, which is
either hypothesis's or a random generator's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

Draft = dict[str, Any]
Choose = Callable[[int], int]
ACCOUNTS = 2
MONDAY = datetime(2025, 3, 3, 14, 0)  # noqa: DTZ001

DAYS = (0, 0, 0, 0, 0, 0, 1, 1, 2, 14, 15, 31)
LATE_DAYS = (0, 1, 2, 7, 14, 30, 31, 60)
EARLY_DAYS = (0, 0, 0, 0, 0, 1, 14)
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


@dataclass(frozen=True)
class Pick:
    options: tuple[Any, ...]


@dataclass(frozen=True)
class Maybe:
    """The value in `times` of `of` cases."""

    value: Any
    times: int
    of: int


@dataclass(frozen=True)
class Several:
    value: Any
    most: int
    least: int = 0


def take(specification: Any, choose: Choose) -> Any:
    """A value of the specification; `choose(n)` gives a number from 0 to n - 1, 0 the simplest."""
    match specification:
        case Pick(options):
            return options[choose(len(options))]
        case Maybe(value, times, of):
            return take(value, choose) if choose(of) >= of - times else None
        case Several(value, most, least):
            return [take(value, choose) for _ in range(least + choose(most - least + 1))]
        case tuple():
            return tuple(take(part, choose) for part in specification)
        case Mapping():
            return {name: take(part, choose) for name, part in specification.items()}
        case _:
            return specification


def pick(*options: Any) -> Pick:
    return Pick(options)


def moments(days: tuple[int, ...] = DAYS) -> Pick:
    return pick(
        *(
            MONDAY + timedelta(days=day, minutes=minute, seconds=second)
            for day in days
            for minute in MINUTES
            for second in SECONDS
        )
    )


def often(value: Any) -> Maybe:
    return Maybe(value, 2, 3)


def seldom(value: Any) -> Maybe:
    return Maybe(value, 1, 5)


def one_in(count: int) -> Pick:
    return pick(*[False] * (count - 1), True)


BOTH = pick(False, True)
any_number = pick(0, 0, 0, 0, 0, 1, 1, 2, 3, 7)
reps = pick("R1", "R2", "R3", "R4")
accounts = pick("K1", "K2")
sources = pick("web", "web", "fair")
numbers = Pick(NUMBERS)
emails = Pick(EMAILS)
lead_statuses = pick(
    *["new", "working", "qualified", "converted"] * 4,
    *["disqualified", "disqualified", "disqualified", "spam", "duplicate", "test"],
)
deal_stages = pick("qualification", "proposal", "negotiation", "won", "won", "lost", "lost")


def account_rows(count: int) -> list[dict[str, str]]:
    return [{"account_id": f"K{n}", "name": f"Account {n}"} for n in range(1, count + 1)]


contact_drafts: Draft = {
    "account_id": seldom(accounts),
    "full_name": "Somebody",
    "emails": Several(emails, 2),
    "phones": Several(numbers, 3, 1),
    "is_deleted": one_in(12),
    "_merge": Maybe(any_number, 1, 9),
}

lead_drafts: Draft = {
    "account_id": seldom(accounts),
    "owner_rep_id": often(reps),
    "lead_source": often(sources),
    "is_inquiry": pick(True, True, False),
    "inquiry_at": seldom(moments()),
    "inquiry_channel": often(pick("call", "email", "form")),
    "status": lead_statuses,
    "is_deleted": one_in(15),
    "_contact": often(any_number),
    "_created_at": moments(EARLY_DAYS),
    "_updated_at": often(moments(LATE_DAYS)),
    "_changes": Several((lead_statuses, moments(LATE_DAYS)), 3),
    "_merge": Maybe(any_number, 1, 9),
}

deal_drafts: Draft = {
    "account_id": seldom(accounts),
    "owner_rep_id": often(reps),
    "pipeline": "main",
    "stage": deal_stages,
    "amount": often(pick("100", "250.50", "0", "999.99")),
    "currency": pick("USD", "EUR", "RUB", "GBP"),
    "is_deleted": one_in(25),
    "_lead": Maybe(any_number, 5, 6),
    "_contact": seldom(any_number),
    "_created_at": moments(EARLY_DAYS),
    "_updated_at": often(moments(LATE_DAYS)),
    "_changes": Several((deal_stages, moments(LATE_DAYS)), 5),
    "_merge": Maybe(any_number, 1, 9),
}

owner_change_drafts: Draft = {
    "owner_rep_id": reps,
    "_kind": pick("lead", "lead", "deal"),
    "_object": any_number,
    "_at": moments(),
}

links: Draft = {
    "_contact": often(any_number),
    "_lead": seldom(any_number),
    "_deal": seldom(any_number),
}
calls_named = pick(*(f"X{n}" for n in range(1, 8)), "T1", "T2", "T3", "T9", "T99")
call_outcomes = pick("Connected ", "left voicemail", "no answer", "whatever")

logged_calls: Draft = {
    "duration_seconds": often(pick(0, 29, 30, 120)),
    "outcome": often(call_outcomes),
    "rep_id": often(reps),
    "is_automated": one_in(10),
    "telephony_call_id": seldom(calls_named),
    "is_deleted": one_in(12),
    **links,
}

activity_drafts: Draft = {
    "kind": pick("call", "call", "email", "meeting", "message", "message"),
    "direction": pick("outbound", "outbound", "inbound", "inbound", None),
    "started_at": moments(),
    "duration_seconds": seldom(pick(0, 29, 30, 120)),
    "outcome": often(pick("connected", "No Answer", "completed", "no show", "whatever")),
    "rep_id": often(reps),
    "phone": seldom(pick(*NUMBERS, REP_NUMBER)),
    "email": seldom(emails),
    "is_automated": one_in(6),
    "telephony_call_id": seldom(calls_named),
    "is_deleted": one_in(15),
    **links,
}

# Several touches of one lead in a row: what makes message sessions, bursts and long chases.
run_drafts: Draft = {
    "kind": pick("message", "message", "call"),
    "rep_id": often(reps),
    "_at": moments(),
    "_contact": any_number,
    "_lead": Maybe(any_number, 1, 3),
    "_deal": None,
    "_touches": Several(
        {
            "direction": pick("outbound", "outbound", "inbound"),
            "duration_seconds": often(pick(0, 29, 30, 120)),
            "is_automated": one_in(6),
            "_minutes_later": pick(0, 1, 59, 60, 61, 480),
        },
        5,
        2,
    ),
}

leg_parts: Draft = {
    "extension": often(pick("101", "102", "103", "199")),
    "rep_email": seldom(pick("Anna@example.com", "clara@example.com")),
    "disposition": pick("answered", "answered", "no_answer", "busy", "voicemail"),
    "_delay": pick(0, 0, 20, 120),
    "_talk": pick(0, 15, 29, 30, 200),
    "_says_zero": BOTH,
}

call_drafts: Draft = {
    "direction": pick("outbound", "inbound"),
    "_at": moments(),
    "_number": numbers,
    "_linked": BOTH,
    "_legs": Several(leg_parts, 3, 1),
    "_logged": often(logged_calls),
    "_apart": pick(0, 0, 1, -1, 60, -60, 120, -120, 121, -121),
    "_by_number": BOTH,
}

leg_drafts: Draft = {
    "direction": pick("outbound", "inbound", "internal"),
    "_at": moments(),
    "_number": pick(*NUMBERS, *NUMBERS, REP_NUMBER, "anonymous", "103"),
    "_linked_id": pick("", "", "X1", "X2", "X9", "T1"),
    **leg_parts,
}

collateral_drafts: Draft = {
    "title": "Case study",
    "kind": pick("deck", "video"),
    "published_on": often(pick(date(2025, 1, 1), date(2025, 3, 10))),
    "retired_on": seldom(pick(date(2025, 3, 20), date(2025, 4, 2))),
}

event_drafts: Draft = {
    "event": pick("sent", "sent", "opened", "clicked", "downloaded"),
    "occurred_at": moments(),
    "rep_id": often(reps),
    "_item": any_number,
    "_activity": seldom(any_number),
    **links,
}

quota_drafts: Draft = {
    "rep_id": reps,
    "month": pick(date(2025, 3, 1), date(2025, 4, 1)),
    "amount": pick("1000", "500"),
    "currency": pick("USD", "EUR"),
}
