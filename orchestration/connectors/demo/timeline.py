"""What happens with the leads: every touch of their lives, and how far they got.

The model, in short: whether somebody answers an inquiry within the hour doubles its chance to become
a prospect; every completed contact is a chance to qualify, to open a deal, to win and to lose; the rep's
two skills multiply the first and the third.
"""

from dataclasses import dataclass

import numpy as np

from orchestration.connectors.demo.company import Company
from orchestration.connectors.demo.draws import (
    DAY,
    HOUR,
    NEVER,
    Bools,
    Floats,
    Ints,
    Segments,
    at,
    choice,
    hashed,
    taken,
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
_ALWAYS_TALKS = 30
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
class Path:
    """One element of each array a lead: when it got where; NEVER where it did not."""

    working: Ints
    qualified: Ints
    opened: Ints
    disqualified: Ints
    closed: Ints
    closed_won: Bools
    reopened: Ints
    closed_again: Ints
    won_again: Bools
    skipped: Bools
    """The status `qualified` was never set: straight to converted."""
    last: Ints
    """Its last touch."""

    @property
    def won(self) -> Ints:
        """The closing that counts is the last."""
        last = np.where(self.closed_again < NEVER, self.closed_again, self.closed)
        is_won = np.where(self.closed_again < NEVER, self.won_again, self.closed_won)
        return np.where(is_won, last, NEVER)

    @property
    def ended(self) -> Ints:
        """Closed for good: won, lost or disqualified."""
        closed = np.where(self.reopened < NEVER, self.closed_again, self.closed)
        return np.minimum(closed, self.disqualified)


def draw_timeline(company: Company, leads: Leads, rng: np.random.Generator) -> tuple[Touches, Path]:
    """The touches and the path of every lead."""
    n = len(leads)
    by_call = leads.channel == BY_CALL
    is_automated = leads.is_inquiry & ~by_call & (leads.slot != UPSELL) & (rng.random(n) < 0.4)
    never = rng.random(n) < np.where(leads.is_inquiry, 0.09, 0.03)
    tries = np.minimum(1 + whole(rng.exponential(14.5, n)), leads.most)
    runs = Segments(by_call + is_automated + np.where(never, 0, tries))
    lead, place = runs.owners(), runs.positions()
    # The place among the regular touches; negative: the inquiry's call, the automatic reply.
    place = place - by_call[lead] - is_automated[lead]
    opening_call = (place == -1) & by_call[lead]
    automated = (place < 0) & ~opening_call

    kind, inbound = _kinds(rng, place, leads.is_inquiry[lead])
    kind = np.select([opening_call, automated], [CALL, EMAIL], kind)
    inbound = np.where(automated, False, inbound | opening_call)
    start = _starts(company, leads, runs, place, kind, inbound, opening_call, automated, rng)
    number = leads.number[lead] * TOUCHES + runs.positions()
    touches = _outcomes(company, leads, lead, number, start, kind, inbound, automated, rng)

    fast = _answered_fast(leads, runs, touches, place, opening_call)
    path, kept = _progress(company, leads, runs, touches, fast, rng)
    return taken(touches, kept), path


def burst_sizes(numbers: Ints) -> Ints:
    """How many messages a touch by message is, 1 to 5."""
    return 1 + whole(hashed(numbers, 106) ** 2 * MOST_MESSAGES)


def is_reply(numbers: Ints, parts: Ints) -> Bools:
    """Whether a message goes the other way than the first of its burst."""
    return np.asarray((parts > 0) & (hashed(numbers * MOST_MESSAGES + parts, 108) < 0.5))


def _is_answered_by_message(numbers: Ints) -> Bools:
    """Whether the other side wrote within the burst."""
    sizes = burst_sizes(numbers)
    replies = [(part < sizes) & is_reply(numbers, np.full_like(numbers, part))
               for part in range(1, MOST_MESSAGES)]
    return np.asarray(np.any(replies, axis=0))


def taken_columns(touches: Touches, **changed: Ints | Bools) -> Touches:
    return Touches(**{**vars(touches), **changed})


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


def _starts(
    company: Company,
    leads: Leads,
    runs: Segments,
    place: Ints,
    kind: Ints,
    inbound: Bools,
    opening_call: Bools,
    automated: Bools,
    rng: np.random.Generator,
) -> Ints:
    """Seconds UTC, climbing within each lead."""
    n, size, lead = len(leads), runs.size, runs.owners()
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
    at_any_hour = inbound & (rng.random(size) < 0.3) | (rng.random(size) < 0.04)
    spread = whole(np.minimum(rng.exponential(0.8 * HOUR, size), 4 * HOUR))
    planned = np.where(at_any_hour, planned, company.next_open(planned, leads.zone[lead], spread))
    reply = leads.created[lead] + 5 + whole(rng.random(size) * 55)
    planned = np.where(automated, reply, np.where(opening_call, leads.asked[lead], planned))

    # Two calls must not be taken for one, nor two bursts of messages (KPIS.md 1).
    before = np.concatenate([np.full(1, NONE), kind[:-1]])
    after_reply = np.concatenate([np.zeros(1, bool), automated[:-1]])
    chatty = (kind == MESSAGE) | (before == MESSAGE)
    least = np.select([place == -1, after_reply, chatty], [0, 10, 7_800], 600)
    needed = runs.cumsum(np.where(runs.positions() == 0, 0, least))
    return np.asarray(runs.climbing(planned - needed) + needed)


def _outcomes(
    company: Company,
    leads: Leads,
    lead: Ints,
    number: Ints,
    start: Ints,
    kind: Ints,
    inbound: Bools,
    automated: Bools,
    rng: np.random.Generator,
) -> Touches:
    size = len(lead)
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
    long_enough = (talk >= _ALWAYS_TALKS) | (system == CRM_ONLY) & ~timed
    completed = np.select(
        [automated, is_call, is_meeting, kind == MESSAGE],
        [False, (outcome == CONNECTED) & long_enough, outcome == HELD,
         inbound | _is_answered_by_message(number)],
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
        inbound=np.asarray(inbound, bool),
        automated=automated,
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


def _answered_fast(
    leads: Leads, runs: Segments, touches: Touches, place: Ints, opening_call: Bools
) -> Bools:
    """Leads answered within the hour."""
    answer = runs.first((place == 0) | opening_call & touches.completed)
    waited: Ints = at(touches.start, answer) - leads.asked
    return np.asarray(leads.is_inquiry & (waited <= HOUR))


def _progress(
    company: Company,
    leads: Leads,
    runs: Segments,
    touches: Touches,
    fast: Bools,
    rng: np.random.Generator,
) -> tuple[Path, Bools]:
    """How far each lead gets, and which touches still happen (bool a touch)."""
    n, size, lead = len(leads), runs.size, touches.lead
    reps, flat = company.reps, np.arange(runs.size)
    alive = touches.start < leads.cut[lead]
    contact = touches.completed & alive
    nth = runs.cumsum(contact.astype(np.int64))

    def chance(p: Floats | float) -> Bools:
        return np.asarray(contact & (rng.random(size) < p))

    opener, closer = reps.opener[touches.rep], reps.closer[touches.rep]
    eager = np.where(fast, 1.3, np.where(leads.is_inquiry, 0.5, 0.8)) * leads.quality
    eager = np.where((leads.excluded == NONE) & (leads.merged_at == NEVER), eager, 0.0)
    asks = runs.first(chance(0.16 * eager[lead] * opener))
    refuses = runs.first(chance(np.where(eager[lead] > 0, 0.07, 0.0)))
    is_prospect = asks < np.minimum(refuses, size)
    asks = np.where(is_prospect, asks, size)
    # Who qualifies and gets an offer in one conversation skips a step.
    at_once = rng.random(n) < 0.1
    opens = runs.first(chance(0.38) & (flat > asks[lead]))
    opens = np.where(at_once, asks, opens)
    leaves = runs.first(chance(0.06) & (flat > asks[lead]))
    opens = np.where(is_prospect & (opens <= leaves), opens, size)
    wins = runs.first(
        chance(0.16 * closer * (0.7 + 0.08 * np.minimum(nth, 8))) & (flat > opens[lead])
    )
    loses = runs.first(chance(0.07) & (flat > opens[lead]))

    def after(index: Ints, most: int) -> Ints:
        wait = 120 + whole(rng.random(n) * most)
        return np.where(index < size, at(touches.start + touches.talk, index) + wait, NEVER)

    qualified = after(asks, 1_200)
    opened = np.where(opens < size, np.maximum(after(opens, 2_400), qualified + 60), NEVER)
    is_lost = np.where(is_prospect, (leaves < opens) & (opens == size), refuses < size)
    disqualified = np.where(
        is_lost,
        after(np.where(is_prospect, leaves, refuses), 4 * HOUR),
        NEVER,
    )
    closed = np.where(opens < size, after(np.minimum(wins, loses), 4 * HOUR), NEVER)
    closed = np.where(closed < NEVER, np.maximum(closed, opened + 600), NEVER)
    closed_won = (wins < loses) & (closed < NEVER)

    over = np.minimum(disqualified, closed)
    still = rng.random(size) < np.where(closed_won, 0.2, 0.3)[lead]
    kept = alive & ((touches.start < over[lead]) | still)
    last = np.zeros(n, np.int64)
    last[lead[kept]] = touches.start[kept]
    last = np.maximum(last, leads.created)

    # Leads whose touches run out: most are given up in the end, the rest stay open.
    fate, wait = rng.random(n), whole((2 + rng.random(n) * 9) * DAY)
    quiet = (over == NEVER) & (leads.cut > last + wait) & (leads.excluded == NONE)
    quiet &= leads.merged_at == NEVER
    had_deal = opened < NEVER
    disqualified = np.where(quiet & ~had_deal & (fate < 0.6), last + wait, disqualified)
    closed = np.where(quiet & had_deal & (fate < 0.55), last + wait, closed)
    closed_won |= quiet & had_deal & (fate < 0.06)

    lost_deal = (closed < leads.cut) & ~closed_won & (closed < NEVER)
    reopens = lost_deal & (rng.random(n) < 0.07)
    reopened = np.where(reopens, closed + whole((2 + rng.random(n) * 5) * DAY), NEVER)
    closed_again = np.where(reopens, reopened + whole((1 + rng.random(n) * 5) * DAY), NEVER)
    first = runs.first(kept & ~touches.automated)
    path = Path(
        working=np.where(first < size, at(touches.start, first) + 60, NEVER),
        qualified=qualified,
        opened=opened,
        disqualified=disqualified,
        closed=closed,
        closed_won=closed_won,
        reopened=reopened,
        closed_again=closed_again,
        won_again=reopens & (rng.random(n) < 0.4),
        skipped=at_once | (rng.random(n) < 0.05),
        last=last,
    )
    return path, kept
