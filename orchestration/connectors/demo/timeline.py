"""How far leads get, and which of their touches happen.

The model, in short: whether somebody answers an inquiry within the hour doubles its chance to
become a prospect; every completed contact is a chance to qualify, to open a deal, to win and to
lose; the rep's two skills multiply the first and the third.
"""

# ruff: noqa: PLR2004
# The chances that make up the model stand where they are used.

from dataclasses import dataclass, replace

import numpy as np

from orchestration.connectors.demo.company import Company
from orchestration.connectors.demo.draws import (
    DAY,
    HOUR,
    NEVER,
    Bools,
    Floats,
    Ints,
    at,
    taken,
    whole,
)
from orchestration.connectors.demo.leads import NONE, Leads
from orchestration.connectors.demo.touches import (
    Slots,
    Touches,
    draw_slots,
    draw_starts,
    draw_touches,
)


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
    slots = draw_slots(leads, rng)
    start = draw_starts(company, leads, slots, rng)
    touches = draw_touches(company, leads, slots, start, rng)
    alive = touches.start < leads.cut[touches.lead]
    climb = _climb(company, leads, slots, touches, alive=alive, rng=rng)
    # Little happens after the end, but something does: thanks, complaints, another brochure.
    over = np.minimum(climb.disqualified, climb.closed)[touches.lead]
    still = rng.random(len(touches)) < np.where(climb.closed_won, 0.2, 0.3)[touches.lead]
    kept = alive & ((touches.start < over) | still)
    return taken(touches, kept), _ended(leads, slots, touches, climb, kept=kept, rng=rng)


def _answered_fast(leads: Leads, slots: Slots, touches: Touches) -> Bools:
    """Leads answered within the hour."""
    answer = slots.runs.first((slots.place == 0) | slots.is_opening & touches.completed)
    waited: Ints = at(touches.start, answer) - leads.asked
    return np.asarray(leads.is_inquiry & (waited <= HOUR))


def _climb(
    company: Company,
    leads: Leads,
    slots: Slots,
    touches: Touches,
    *,
    alive: Bools,
    rng: np.random.Generator,
) -> Path:
    """How far the completed contacts bring each lead."""
    n, runs, lead = len(leads), slots.runs, touches.lead
    size, reps, flat = runs.size, company.reps, np.arange(runs.size)
    fast = _answered_fast(leads, slots, touches)
    contact = touches.completed & alive
    nth = np.minimum(runs.cumsum(contact.astype(np.int64)), 8)

    def chance(p: Floats | float) -> Bools:
        return np.asarray(contact & (rng.random(size) < p))

    eager = np.where(fast, 1.3, np.where(leads.is_inquiry, 0.5, 0.8)) * leads.quality
    eager = np.where((leads.excluded == NONE) & (leads.merged_at == NEVER), eager, 0.0)
    asks = runs.first(chance(0.16 * eager[lead] * reps.opener[touches.rep]))
    refuses = runs.first(chance(np.where(eager[lead] > 0, 0.07, 0.0)))
    is_prospect = asks < np.minimum(refuses, size)
    asks = np.where(is_prospect, asks, size)
    # Who qualifies and gets an offer in one conversation skips a step.
    at_once = rng.random(n) < 0.1
    opens = runs.first(chance(0.38) & (flat > asks[lead]))
    opens = np.where(at_once, asks, opens)
    leaves = runs.first(chance(0.06) & (flat > asks[lead]))
    opens = np.where(is_prospect & (opens <= leaves), opens, size)
    winning = 0.16 * reps.closer[touches.rep] * (0.7 + 0.08 * nth)
    wins = runs.first(chance(winning) & (flat > opens[lead]))
    loses = runs.first(chance(0.07) & (flat > opens[lead]))
    # Leaving before an offer, refusing before being asked.
    parts = np.where(is_prospect, np.where(opens == size, leaves, size), refuses)

    def after(index: Ints, most: int) -> Ints:
        wait = 120 + whole(rng.random(n) * most)
        # A lead that came in by call is entered when the call may be over already.
        done = np.maximum(at(touches.start + touches.talk, index), leads.created)
        return np.where(index < size, done + wait, NEVER)

    qualified = after(asks, 1_200)
    opened = np.where(opens < size, np.maximum(after(opens, 2_400), qualified + 60), NEVER)
    closed = np.where(opens < size, after(np.minimum(wins, loses), 4 * HOUR), NEVER)
    never = np.full(n, NEVER, np.int64)
    return Path(
        working=never,
        qualified=qualified,
        opened=opened,
        disqualified=after(parts, 4 * HOUR),
        closed=np.where(closed < NEVER, np.maximum(closed, opened + 600), NEVER),
        closed_won=(wins < loses) & (closed < NEVER),
        reopened=never,
        closed_again=never,
        won_again=np.zeros(n, bool),
        skipped=at_once | (rng.random(n) < 0.05),
        last=never,
    )


def _ended(
    leads: Leads,
    slots: Slots,
    touches: Touches,
    climb: Path,
    *,
    kept: Bools,
    rng: np.random.Generator,
) -> Path:
    """What becomes of leads whose touches run out, and of deals that are taken up again."""
    n, runs = len(leads), slots.runs
    last = leads.created.copy()
    # Of several values for one place the last one written stays: the latest.
    last[touches.lead[kept]] = touches.start[kept]
    last = np.maximum(last, leads.created)
    first = runs.first(kept & ~touches.automated)
    working = np.maximum(at(touches.start, first), leads.created) + 60

    # Most are given up in the end, the rest stay open.
    over = np.minimum(climb.disqualified, climb.closed)
    fate, wait = rng.random(n), whole((2 + rng.random(n) * 9) * DAY)
    quiet = (over == NEVER) & (leads.cut > last + wait)
    quiet &= (leads.excluded == NONE) & (leads.merged_at == NEVER)
    had_deal = quiet & (climb.opened < NEVER)
    given_up = quiet & ~had_deal & (fate < 0.6)
    closed = np.where(had_deal & (fate < 0.55), last + wait, climb.closed)
    closed_won = climb.closed_won | had_deal & (fate < 0.06)

    reopens = (closed < leads.cut) & ~closed_won & (rng.random(n) < 0.07)
    reopened = closed + whole((2 + rng.random(n) * 5) * DAY)
    closed_again = reopened + whole((1 + rng.random(n) * 5) * DAY)
    return replace(
        climb,
        working=np.where(first < runs.size, working, NEVER),
        disqualified=np.where(given_up, last + wait, climb.disqualified),
        closed=closed,
        closed_won=closed_won,
        reopened=np.where(reopens, reopened, NEVER),
        closed_again=np.where(reopens, closed_again, NEVER),
        won_again=reopens & (rng.random(n) < 0.4),
        last=last,
    )
