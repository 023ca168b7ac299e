"""What is sold: the deals of the leads that got so far, and every stage that each was in."""

# ruff: noqa: PLR2004
# The chances that make up the model stand where they are used.

from dataclasses import dataclass
from typing import Any

import numpy as np

from orchestration.connectors.demo.draws import (
    DAY,
    NEVER,
    Bools,
    Floats,
    Ints,
    choice,
    stacked,
    whole,
)
from orchestration.connectors.demo.leads import NONE, Leads
from orchestration.connectors.demo.timeline import Path

STAGES = ("qualification", "proposal", "negotiation", "won", "lost")
QUALIFICATION, PROPOSAL, NEGOTIATION, WON, LOST = range(5)
CURRENCIES = ("RUB", "USD", "GBP", "EUR", "XAF")
_RARE = CURRENCIES.index("XAF")
"""A currency for which the seeds have no rate."""
_PER_DOLLAR = np.array([90.0, 1.0, 0.8, 0.9, 600.0])
BETWEEN = (1, 2, 3, 4, 5)
"""The columns of `times` between opening and closing."""
MAIN, TWIN, SECOND = range(3)
"""Deal number = 10 x lead number + slot; a twin is entered by mistake, a second is sold later."""


@dataclass(frozen=True)
class Deals:
    """One element (or row) of each array a deal; times are seconds UTC or NEVER."""

    lead: Ints
    """Row of the lead."""
    number: Ints
    slot: Ints
    created: Ints
    times: Ints
    """Deal x 9: when it came into each stage of `stages`."""
    stages: Ints
    """Deal x 9."""
    estimate: Floats
    amount: Floats
    """What it is closed with; NaN where nobody entered it."""
    corrected_at: Ints
    correction: Floats
    currency: Ints
    moved_at: Ints
    """When it went to another rep (with its lead)."""
    merged_at: Ints
    deleted_at: Ints

    def __len__(self) -> int:
        return len(self.lead)

    def is_closing(self) -> Bools:
        """Deal x 9."""
        return np.isin(self.stages, (WON, LOST)) & (self.times < NEVER)


def draw_deals(leads: Leads, path: Path, rng: np.random.Generator) -> Deals:
    """The deal of every lead that was opened, twins entered by mistake, and second contracts."""
    rows = np.flatnonzero(path.opened < NEVER)
    main = _main_deals(rows, leads, path, rng)
    twin = np.flatnonzero(rng.random(len(rows)) < 0.012)
    won = path.won[rows]
    can = (won < leads.created[rows] + 50 * DAY) & (leads.cut[rows] > won)
    second = np.flatnonzero(can & (rng.random(len(rows)) < 0.06))
    return stacked([main, _twins(main, twin, rng), _seconds(main, second, won[second], rng)])


def _main_deals(rows: Ints, leads: Leads, path: Path, rng: np.random.Generator) -> Deals:
    n = len(rows)
    created, closed = path.opened[rows], path.closed[rows]
    until = np.where(closed < NEVER, closed, np.maximum(path.last[rows], created + DAY))
    share = np.sort(rng.random((n, 5)), axis=1) * 0.96 + 0.02
    steps = created[:, None] + whole((until - created)[:, None] * share)
    # Proposal and negotiation may be skipped, entered twice, or gone back to.
    skips = rng.random((n, 2)) < (0.22, 0.3)
    again, back = rng.random(n) < 0.05, rng.random(n) < 0.06
    back &= ~skips[:, 1]
    proposal = np.where(skips[:, 0], NEVER, steps[:, 0])
    repeated = np.where(again & ~skips[:, 0], steps[:, 1], NEVER)
    negotiation = np.where(skips[:, 1], NEVER, steps[:, 2])
    regressed = np.where(back, steps[:, 3], NEVER)
    returned = np.where(back, steps[:, 4], NEVER)
    reopened, closed_again = path.reopened[rows], path.closed_again[rows]
    times = np.stack(
        [
            created,
            proposal,
            repeated,
            negotiation,
            regressed,
            returned,
            closed,
            reopened,
            closed_again,
        ],
        axis=1,
    )
    fixed = [QUALIFICATION, PROPOSAL, PROPOSAL, NEGOTIATION, PROPOSAL, NEGOTIATION]
    stages = np.empty((n, 9), np.int64)
    stages[:, :6] = fixed
    stages[:, 6] = np.where(path.closed_won[rows], WON, LOST)
    stages[:, 7] = NEGOTIATION
    stages[:, 8] = np.where(path.won_again[rows], WON, LOST)

    currency = np.where(rng.random(n) < 0.85, leads.country[rows], choice(rng, n, (0, 1, 0, 2)))
    currency = np.where(rng.random(n) < 0.005, _RARE, currency)
    dollars = np.exp(rng.normal(8.3, 0.9, n)) * (1 + 0.4 * (leads.account[rows] != NONE))
    estimate = np.round(dollars * _PER_DOLLAR[currency], 0)
    amount = np.round(estimate * (0.75 + 0.4 * rng.random(n)), 2)
    amount = np.where(rng.random(n) < 0.03, np.nan, amount)
    last = np.minimum(np.where(closed_again < NEVER, closed_again, closed), NEVER)
    fixes = (rng.random(n) < 0.05) & (last < NEVER)
    moved = leads.reassigned[rows]
    return Deals(
        lead=rows,
        number=leads.number[rows] * 10,
        slot=np.zeros(n, np.int64),
        created=created,
        times=times,
        stages=stages,
        estimate=estimate,
        amount=amount,
        corrected_at=np.where(fixes, last + whole((0.5 + rng.random(n) * 3) * DAY), NEVER),
        correction=np.round(amount * (0.9 + 0.2 * rng.random(n)), 2),
        currency=currency,
        moved_at=np.where((moved > created) & (moved < last), moved, NEVER),
        merged_at=np.full(n, NEVER, np.int64),
        deleted_at=np.full(n, NEVER, np.int64),
    )


def _fresh(main: Deals, rows: Ints, slot: int, created: Ints) -> dict[str, Any]:
    """A further deal of the same leads, with nothing but its first stage."""
    times = np.full((len(rows), main.times.shape[1]), NEVER, np.int64)
    times[:, 0] = created
    never = np.full(len(rows), NEVER, np.int64)
    columns = {name: values[rows] for name, values in vars(main).items()}
    return {
        **columns,
        "number": main.number[rows] + slot,
        "slot": np.full(len(rows), slot, np.int64),
        "created": created,
        "times": times,
        "corrected_at": never,
        "moved_at": never,
    }


def _twins(main: Deals, rows: Ints, rng: np.random.Generator) -> Deals:
    """Entered twice: merged into the first a few days later, or deleted."""
    n = len(rows)
    created = main.created[rows] + whole(rng.random(n) * DAY)
    end = created + whole((0.1 + rng.random(n) * 3) * DAY)
    merged = rng.random(n) < 0.6
    columns = _fresh(main, rows, TWIN, created)
    columns["merged_at"] = np.where(merged, end, NEVER)
    columns["deleted_at"] = np.where(merged, NEVER, end)
    return Deals(**columns)


def _seconds(main: Deals, rows: Ints, won: Ints, rng: np.random.Generator) -> Deals:
    """A customer's second contract, sold soon after the first."""
    n = len(rows)
    created = won + whole((3 + rng.random(n) * 10) * DAY)
    closed = created + whole((2 + rng.random(n) * 8) * DAY)
    columns = _fresh(main, rows, SECOND, created)
    times, stages = columns["times"], columns["stages"].copy()
    times[:, 6] = closed
    stages[:, 6] = np.where(rng.random(n) < 0.7, WON, LOST)
    columns["stages"] = stages
    columns["amount"] = np.round(main.estimate[rows] * (0.3 + rng.random(n) * 0.5), 2)
    return Deals(**columns)
