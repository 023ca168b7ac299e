"""telephony/calls: every call as the switch logged it, leg by leg.

Besides the calls of leads there are those of strangers and those between reps.
"""

# ruff: noqa: PLR2004
# The chances that make up the model stand where they are used.

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from orchestration.connectors.demo import phones, text
from orchestration.connectors.demo.company import Company
from orchestration.connectors.demo.draws import (
    HOUR,
    NEVER,
    Bools,
    Ints,
    Segments,
    choice,
    hashed,
    stacked,
    taken,
    whole,
)
from orchestration.connectors.demo.leads import NONE, SLOTS, Leads
from orchestration.connectors.demo.names import rep_emails
from orchestration.connectors.demo.touches import (
    BUSY,
    CALL,
    CONNECTED,
    CRM_ONLY,
    NO_ANSWER,
    TOUCHES,
    VOICEMAIL,
    Touches,
)
from orchestration.connectors.demo.unit import Unit, Window, log_arrivals

PLAIN, CLICK, HUNT, TRANSFER = range(4)
_STRANGER_SLOT, _INTERNAL_SLOT = 8, 9
_DISPOSITIONS = ("answered", "no_answer", "busy", "failed", "voicemail")
_ANSWERED, _FAILED = 0, 3
_OF_OUTCOME = np.array([0, 1, 2, 4])
"""Disposition of CONNECTED, NO_ANSWER, BUSY, VOICEMAIL."""


@dataclass(frozen=True)
class Calls:
    """One element of each array a call; times are seconds UTC."""

    number: Ints
    start: Ints
    inbound: Bools
    outcome: Ints
    talk: Ints
    rep: Ints
    outside: Ints
    """The number at the customer's end; -1 where it is withheld."""
    pattern: Ints
    other: Ints
    """Another rep: who transferred it, whose phone rang too, who was called."""
    internal: Bools


def patterns(numbers: Ints, inbound: Bools, outcome: Ints, talk: Ints) -> Ints:
    """How the switch handled each call."""
    transferred = (outcome == CONNECTED) & (talk >= 60)
    way = hashed(numbers, 81)
    return np.select(
        [
            transferred & (way < np.where(inbound, 0.12, 0.03)),
            inbound & (way < 0.45),
            ~inbound & (way > 0.9),
        ],
        [TRANSFER, HUNT, CLICK],
        PLAIN,
    )


def call_keys(numbers: Ints, pattern: Ints) -> pa.Array:
    """What the call is called in the log: its linked_id, or its only leg's id."""
    linked = has_linked_id(numbers, pattern)
    return text.chosen([leg_ids(numbers, np.zeros_like(numbers)), linked_ids(numbers)], linked * 1)


def has_linked_id(numbers: Ints, pattern: Ints) -> Bools:
    return np.asarray((pattern != PLAIN) | (hashed(numbers, 82) < 0.5))


def linked_ids(numbers: Ints) -> pa.Array:
    return text.ids("K", numbers)


def leg_ids(numbers: Ints, legs: Ints) -> pa.Array:
    return text.ids("T", numbers * 8 + legs)


def calls_of_touches(unit: Unit, touches: Touches) -> Calls:
    """The calls among the touches that went through the switch."""
    rows = np.flatnonzero((touches.kind == CALL) & (touches.system != CRM_ONLY))
    of = taken(touches, rows)
    reps = len(unit.company.reps.zone)
    return Calls(
        number=of.number,
        start=of.start,
        inbound=of.inbound,
        outcome=of.outcome,
        talk=of.talk,
        rep=of.rep,
        outside=np.where(of.hidden, NONE, unit.outside_numbers(of)),
        pattern=patterns(of.number, of.inbound, of.outcome, of.talk),
        other=(of.rep + 1 + whole(hashed(of.number, 83) * (reps - 1))) % reps,
        internal=np.zeros(len(rows), bool),
    )


def stray_calls(company: Company, unit: int, leads: Leads) -> Calls:
    """Calls of strangers (one for 12 leads) and between reps (one for 8), on the leads' days."""
    rng = company.generator(2, unit)
    near = np.flatnonzero(leads.slot == 0)
    parts = []
    for slot, share in ((_STRANGER_SLOT, 1 / 12), (_INTERNAL_SLOT, 1 / 8)):
        rows = near[rng.random(len(near)) < share]
        n = len(rows)
        internal = np.full(n, slot == _INTERNAL_SLOT)
        rep = leads.owner[rows]
        start = company.next_open(
            leads.created[rows] + rng.integers(-HOUR, HOUR, n),
            leads.zone[rows],
            rng.integers(0, 8 * HOUR, n),
        )
        outcome = np.array([CONNECTED, NO_ANSWER, BUSY, VOICEMAIL])[choice(rng, n, (65, 20, 8, 7))]
        number = (leads.number[rows] // SLOTS * SLOTS + slot) * TOUCHES
        withheld = rng.random(n) < 0.4
        stranger = phones.STRANGERS + rng.integers(0, 1_000_000, n)
        inbound = ~internal
        talk = np.where(outcome == CONNECTED, whole(rng.exponential(70, n)) + 3, 0)
        parts.append(Calls(
            number=number,
            start=start,
            inbound=inbound,
            outcome=outcome,
            talk=talk,
            rep=rep,
            outside=np.where(internal | withheld, NONE, stranger),
            pattern=np.where(internal, PLAIN, patterns(number, inbound, outcome, talk)),
            other=(rep + rng.integers(1, len(company.reps.zone), n)) % len(company.reps.zone),
            internal=internal,
        ))  # fmt: skip
    return stacked(parts)


def call_table(unit: Unit, window: Window) -> pa.Table:
    """The legs that arrive in the window; some are logged twice, the second time a day later."""
    calls = stacked([
        calls_of_touches(unit, unit.touches),
        stray_calls(unit.company, unit.index, unit.leads),
    ])  # fmt: skip
    arrives = log_arrivals(calls.number, calls.start + calls.talk + 60)
    again = hashed(calls.number, 84) < 0.01
    first = taken(calls, window.holds(arrives))
    second = taken(calls, again & window.holds(arrives + 1))
    return _legs(unit.company, stacked([first, second]))


def _legs(company: Company, calls: Calls) -> pa.Table:
    number = calls.number
    counts = np.array([1, 2, 2, 2])[calls.pattern]
    counts += np.where(calls.pattern == HUNT, whole(hashed(number, 85) * 3), 0)
    runs = Segments(counts)
    call, leg = runs.owners(), runs.positions()
    of = taken(calls, call)
    key = of.number * 8 + leg
    click, hunt, transfer = (of.pattern == kind for kind in (CLICK, HUNT, TRANSFER))
    # Of a hunt group one phone is answered; a transfer has a short leg and a long one.
    winner = whole(hashed(number, 86) * counts)[call]
    long_leg = (hashed(number, 87) < 0.6).astype(np.int64)[call]
    rings = 4 + whole(hashed(number, 88) * 22)[call]
    is_short = transfer & (leg != long_leg)
    short_talk = np.maximum(of.talk * 3 // 10, 1)
    talk = np.select(
        [hunt & (leg != winner), click & (leg == 0), is_short, transfer],
        [0, 0, short_talk, of.talk - short_talk],
        of.talk,
    )
    first_talk = np.where(long_leg == 0, of.talk - short_talk, short_talk)
    offset = np.select(
        [transfer & (leg == 1), click & (leg == 1), hunt],
        [rings + first_talk, 4, leg % 2],
        0,
    )
    start = of.start + offset
    failed = (of.outcome == NO_ANSWER) & ~of.inbound & (hashed(of.number, 89) < 0.08)
    disposition = np.where(failed, _FAILED, _OF_OUTCOME[np.minimum(of.outcome, VOICEMAIL)])
    disposition = np.where(hunt & (leg != winner), 1, disposition)
    disposition = np.where(click & (leg == 0), _ANSWERED, disposition)
    answered = disposition == _ANSWERED
    own_ring = np.where(click & (leg == 0), 2, np.where(transfer & (leg == 1), 0, rings))
    # The rep's own leg of a click-to-call lasts as long as the call does.
    whole_call = click & (leg == 0)
    lasts = own_ring + np.where(whole_call, rings + of.talk + 2, talk)
    lasts += np.where(answered, 0, np.where(disposition == 4, 12, 6))
    is_other = (hunt & (leg != winner)) | is_short
    rep = np.where(is_other, (of.other + leg) % len(company.reps.zone), of.rep)
    outside = phones.spelled_by_switch(of.outside, key)
    nobody = text.pick(phones.ANONYMOUS, phones.withheld(key)).cast(pa.string())
    outside = text.chosen([outside, nobody], (of.outside < 0) * 1)
    desk = phones.spelled_by_switch(
        np.full(len(call), phones.GB * 10**10 + phones.SWITCHBOARD), key + 1
    )
    extension, callee = text.whole_numbers(700 + rep), text.whole_numbers(700 + of.other)
    where = np.where(of.internal, 2, of.inbound * 1)
    named = hashed(key, 90)
    return pa.table({
        "call_id": leg_ids(of.number, leg),
        "linked_id": text.ids("K", np.where(has_linked_id(of.number, of.pattern), of.number, NONE)),
        "direction": text.pick(("outbound", "inbound", "internal"), where),
        "from_number": text.chosen([desk, outside, extension], where),
        "to_number": text.chosen([outside, desk, callee], where),
        "extension": text.whole_numbers(np.where(named < 0.9, 700 + rep, NONE)),
        "rep_email": rep_emails(np.where((named > 0.5) & (named < 0.97), rep, NONE)),
        "started_at": text.times(start, key),
        "answered_at": text.times(np.where(answered, start + own_ring, NEVER), key + 1),
        "ended_at": text.times(start + lasts, key + 2),
        "talk_seconds": text.whole_numbers(np.where(answered | (named < 0.7), talk, NONE)),
        "disposition": text.pick(_DISPOSITIONS, disposition),
        "queue": text.pick(("sales",), np.where(hunt, 0, NONE)),
    })  # fmt: skip
