"""The touches that a lead would have: when, how, and whether somebody was reached."""

# ruff: noqa: PLR2004
# The chances that make up the model stand where they are used.

from dataclasses import dataclass

import numpy as np

from orchestration.connectors.demo.company import Company
from orchestration.connectors.demo.draws import (
    DAY,
    HOUR,
    NEVER,
    Bools,
    Ints,
    Segments,
    choice,
    hashed,
    whole,
)
from orchestration.connectors.demo.leads import BY_CALL, NONE, UPSELL, Leads

KINDS = ("call", "email", "meeting", "message")
CALL, EMAIL, MEETING, MESSAGE = range(4)
OUTCOMES = ("connected", "no_answer", "busy", "voicemail", "held", "no_show", "left_message")
CONNECTED, NO_ANSWER, BUSY, VOICEMAIL, HELD, NO_SHOW, LEFT_MESSAGE = range(7)
BOTH, CRM_ONLY, TELEPHONY_ONLY = range(3)
BY_LEAD, BY_DEAL, BY_CONTACT, BY_ADDRESS, BY_ALL = range(5)
MOST_MESSAGES = 5
TOUCHES = 64
"""Touch number = 64 x lead number + slot."""
TALKS_SECONDS = 30
"""Seconds of talk that make a call a completed contact (KPIS.md 1)."""


@dataclass(frozen=True)
class Touches:
    """One element of each array a touch, by lead and time; times are seconds UTC."""

    lead: Ints
    """Row of the lead."""
    number: Ints
    start: Ints
    kind: Ints
    inbound: Bools
    automated: Bools
    outcome: Ints
    """-1 where there is none (email, message)."""
    talk: Ints
    """Seconds of talk, or of meeting."""
    rep: Ints
    system: Ints
    timed: Bools
    """The CRM knows how long it took."""
    office: Bools
    """By the office number, which several people share."""
    hidden: Bools
    """The caller withheld the number."""
    completed: Bools
    link: Ints
    """What the CRM's row names."""
    explicit: Bools
    """The CRM's row names the call in the telephony log."""
    skew: Ints
    """Seconds that the CRM's clock is ahead."""

    def __len__(self) -> int:
        return len(self.lead)


@dataclass(frozen=True)
class Slots:
    """The places at which touches may happen, by lead, before they have a time."""

    runs: Segments
    """One run a lead."""
    lead: Ints
    place: Ints
    """Among the lead's regular touches, from 0; -1: the call it asked by, or the reply."""
    is_opening: Bools
    """The call by which it asked."""
    automated: Bools
    """The reply that a machine sends at once."""
    kind: Ints
    inbound: Bools


def draw_slots(leads: Leads, rng: np.random.Generator) -> Slots:
    """How many touches each lead would have, and of which kind."""
    n = len(leads)
    by_call = leads.channel == BY_CALL
    replied = leads.is_inquiry & ~by_call & (leads.slot != UPSELL) & (rng.random(n) < 0.4)
    never = rng.random(n) < np.where(leads.is_inquiry, 0.09, 0.03)
    tries = np.minimum(1 + whole(rng.exponential(14.5, n)), leads.most)
    runs = Segments(by_call + replied + np.where(never, 0, tries))
    lead = runs.owners()
    place = runs.positions() - by_call[lead] - replied[lead]
    is_opening = (place == -1) & by_call[lead]
    automated = (place < 0) & ~is_opening
    kind, inbound = _kinds(rng, place, leads.is_inquiry[lead])
    return Slots(
        runs=runs,
        lead=lead,
        place=place,
        is_opening=is_opening,
        automated=automated,
        kind=np.select([is_opening, automated], [CALL, EMAIL], kind),
        inbound=np.asarray(~automated & (inbound | is_opening)),
    )


def _kinds(rng: np.random.Generator, place: Ints, is_inquiry: Bools) -> tuple[Ints, Bools]:
    size = len(place)
    #            call out/in, email out/in, message out/in, meeting
    drawn = choice(rng, size, (47, 7, 18, 10, 5, 5, 8))
    drawn = np.where((drawn == 6) & (place < 3), 0, drawn)
    first = choice(rng, size, (72, 0, 22, 0, 6))
    drawn = np.where(place == 0, first, drawn)
    kind = np.array([CALL, CALL, EMAIL, EMAIL, MESSAGE, MESSAGE, MEETING])[drawn]
    # Who never asked does not write first either.
    inbound = np.isin(drawn, (1, 3, 5)) & (is_inquiry | (place > 1))
    return kind, inbound


def draw_starts(company: Company, leads: Leads, slots: Slots, rng: np.random.Generator) -> Ints:
    """Seconds UTC, climbing within each lead."""
    n, runs, lead, place, kind = len(leads), slots.runs, slots.lead, slots.place, slots.kind
    size = runs.size
    temper = rng.random(n)
    response = np.select(
        [temper < 0.42, temper < 0.72],
        [rng.exponential(0.2 * HOUR, n), rng.exponential(4 * HOUR, n)],
        rng.exponential(35 * HOUR, n),
    )
    response = np.where(leads.is_inquiry, response + 60, rng.exponential(20 * HOUR, n) + 600)
    response = np.maximum(response, leads.assigned - leads.created + 20)
    hurried = (rng.random(n) < 0.07)[lead] & (place < 7)
    growing = np.minimum(0.3 + 0.3 * place, 3.5)
    gap = rng.exponential(1.0, size) * np.where(hurried, 0.09, growing) * DAY
    gap = np.where(place == 0, response[lead], np.where(place < 0, 0, gap))
    planned = leads.created[lead] + runs.cumsum(whole(gap))
    at_any_hour = slots.inbound & (rng.random(size) < 0.3) | (rng.random(size) < 0.04)
    spread = whole(np.minimum(rng.exponential(0.8 * HOUR, size), 4 * HOUR))
    planned = np.where(at_any_hour, planned, company.next_open(planned, leads.zone[lead], spread))
    reply = leads.created[lead] + 5 + whole(rng.random(size) * 55)
    planned = np.where(
        slots.automated, reply, np.where(slots.is_opening, leads.asked[lead], planned)
    )

    # Two calls must not be taken for one, nor two bursts of messages (KPIS.md 1).
    before = np.concatenate([np.full(1, NONE), kind[:-1]])
    after_reply = np.concatenate([np.zeros(1, bool), slots.automated[:-1]])
    chatty = (kind == MESSAGE) | (before == MESSAGE)
    least = np.select([place == -1, after_reply, chatty], [0, 10, 7_800], 600)
    needed = runs.cumsum(np.where(runs.positions() == 0, 0, least))
    return np.asarray(runs.climbing(planned - needed) + needed)


def draw_touches(
    company: Company, leads: Leads, slots: Slots, start: Ints, rng: np.random.Generator
) -> Touches:
    """Who made or took each touch, whether it reached somebody, and which system knows."""
    lead, kind, inbound = slots.lead, slots.kind, slots.inbound
    size, number = len(lead), leads.number[lead] * TOUCHES + slots.runs.positions()
    rep = leads.owner_at(lead, start)
    colleague = (rng.random(size) < 0.04) & (leads.reassigned[lead] == NEVER)
    rep = np.where(colleague, (rep + 1) % len(company.reps.zone), rep)

    is_call, is_meeting = kind == CALL, kind == MEETING
    manned = company.is_open(start, leads.zone[lead])
    answers = np.where(inbound, np.where(manned, 0.84, 0.15), 0.33 + 0.05 * leads.quality[lead])
    answered = rng.random(size) < answers
    missed = np.array([NO_ANSWER, BUSY, VOICEMAIL])[choice(rng, size, (55, 17, 28))]
    held = np.where(rng.random(size) < 0.8, HELD, NO_SHOW)
    outcome = np.select([is_meeting, is_call & answered, is_call], [held, CONNECTED, missed], NONE)
    talked = np.clip(np.exp(rng.normal(5.0, 1.0, size)), 4, 5_400)
    met = 1_800 + 900 * choice(rng, size, (40, 30, 20, 10))
    talk = np.select([outcome == HELD, outcome == CONNECTED], [met, whole(talked)], 0)

    system = np.where(is_call, choice(rng, size, (72, 13, 15)), CRM_ONLY)
    timed = np.where(is_call, rng.random(size) < 0.75, is_meeting)
    long_enough = (talk >= TALKS_SECONDS) | (system == CRM_ONLY) & ~timed
    completed = np.select(
        [slots.automated, is_call, is_meeting, kind == MESSAGE],
        [
            False,
            (outcome == CONNECTED) & long_enough,
            outcome == HELD,
            inbound | _is_answered_by_message(number),
        ],
        inbound,
    )
    contact = leads.contact[lead] != NONE
    link = choice(rng, size, (46, 12, 18, 12, 12))
    link = np.where(is_meeting & (link == BY_ADDRESS), BY_LEAD, link)
    link = np.where(~contact & (link != BY_DEAL), BY_LEAD, link)
    return Touches(
        lead=lead,
        number=number,
        start=start,
        kind=kind,
        inbound=inbound,
        automated=slots.automated,
        outcome=outcome,
        talk=talk,
        rep=rep,
        system=system,
        timed=np.asarray(timed, bool),
        office=is_call & leads.has_office[lead] & (rng.random(size) < 0.2),
        hidden=is_call & inbound & (rng.random(size) < 0.04),
        completed=np.asarray(completed, bool),
        link=link,
        explicit=(system == BOTH) & (rng.random(size) < 0.4),
        skew=rng.integers(-90, 91, size) * (system == BOTH),
    )


def burst_sizes(numbers: Ints) -> Ints:
    """How many messages a touch by message is, 1 to 5."""
    return 1 + whole(hashed(numbers, 106) ** 2 * MOST_MESSAGES)


def is_reply(numbers: Ints, parts: Ints) -> Bools:
    """Whether a message goes the other way than the first of its burst."""
    return np.asarray((parts > 0) & (hashed(numbers * MOST_MESSAGES + parts, 108) < 0.5))


def _is_answered_by_message(numbers: Ints) -> Bools:
    """Whether the other side wrote within the burst."""
    sizes = burst_sizes(numbers)
    replies = [
        (part < sizes) & is_reply(numbers, np.full_like(numbers, part))
        for part in range(1, MOST_MESSAGES)
    ]
    return np.asarray(np.any(replies, axis=0))
