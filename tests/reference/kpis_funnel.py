"""KPIS.md 3.5: `kpi_funnel` and `kpi_rep_profile`."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tests.reference.periods import UNKNOWN, Frame, Row
from tests.reference.statistics import median, ratio, share_columns, wilson

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.reference.deals import DealFact
    from tests.reference.facts import Facts
    from tests.reference.lead_facts import LeadFact

PROFILE_WINDOW = timedelta(days=365)


@dataclass(frozen=True)
class Step:
    name: str
    entered_at: Callable[[LeadFact], datetime | None]
    next_at: Callable[[LeadFact], datetime | None]
    is_skipped: Callable[[LeadFact], bool]


STEPS = (
    Step("lead", lambda x: x.created_at, lambda x: x.prospect_at, lambda _: False),
    Step(
        "prospect",
        lambda x: x.prospect_at,
        lambda x: x.opportunity_at,
        lambda x: x.skipped_prospect,
    ),
    Step(
        "opportunity",
        lambda x: x.opportunity_at,
        lambda x: x.won_at,
        lambda x: x.skipped_opportunity,
    ),
)


def kpi_funnel(facts: Facts, frame: Frame) -> list[Row]:
    cohorts = frame.by_cell(
        facts.counted_leads,
        when=lambda lead: lead.created_at,
        rep=lambda lead: lead.first_owner_rep_id,
        source=lambda lead: lead.lead_source,
    )
    return [
        frame.head(cell) | _step(step, leads)
        for cell, leads in sorted(cohorts.items(), key=lambda item: item[0])
        for step in STEPS
        if any(step.entered_at(lead) is not None for lead in leads)
    ]


def _step(step: Step, leads: list[LeadFact]) -> Row:
    entered = [lead for lead in leads if step.entered_at(lead) is not None]
    went_on = [lead for lead in entered if step.next_at(lead) is not None]
    stayed = [lead for lead in entered if step.next_at(lead) is None]
    lost = sum(lead.lost_at is not None for lead in stayed)
    days = [days for lead in entered if (days := _days_in(step, lead)) is not None]
    return {
        "step": step.name,
        "entered": len(entered),
        "went_on": len(went_on),
        "lost": lost,
        "still_there": len(stayed) - lost,
        "skipped": sum(step.is_skipped(lead) for lead in entered),
        **share_columns("conversion", len(went_on), len(entered)),
        "median_days": median(days),
    }


def _days_in(step: Step, lead: LeadFact) -> float | None:
    """How long a lead that has left the step was in it; a skipped step took no time to count."""
    entered_at = step.entered_at(lead)
    left_at = step.next_at(lead) or lead.closed_at
    if entered_at is None or left_at is None or step.is_skipped(lead) or left_at < entered_at:
        return None
    return (left_at - entered_at).total_seconds() / 86400


@dataclass(frozen=True)
class Chance:
    """One lead that a rep might have opened, or one deal that he might have closed."""

    rep_id: str
    source: str
    is_converted: bool


def kpi_rep_profile(facts: Facts, frame: Frame) -> list[Row]:
    since = frame.settings.as_of - PROFILE_WINDOW
    openings = [_opening(lead) for lead in facts.counted_leads if lead.created_at > since]
    closings = [
        _closing(deal)
        for deal in facts.counted_deals
        if deal.closed_at is not None and deal.closed_at > since
    ]
    return [*_profiles("opener", openings, frame), *_profiles("closer", closings, frame)]


def _opening(lead: LeadFact) -> Chance:
    return Chance(
        lead.first_owner_rep_id or UNKNOWN,
        lead.lead_source or UNKNOWN,
        lead.prospect_at is not None,
    )


def _closing(deal: DealFact) -> Chance:
    return Chance(deal.closing_rep_id or UNKNOWN, deal.lead_source or UNKNOWN, deal.is_won)


def _profiles(side: str, chances: list[Chance], frame: Frame) -> list[Row]:
    def team(chance: Chance) -> str:
        return frame.team(None if chance.rep_id == UNKNOWN else chance.rep_id)

    had = Counter((team(chance), chance.source) for chance in chances)
    made = Counter((team(chance), chance.source) for chance in chances if chance.is_converted)
    rows = []
    for rep_id in sorted({chance.rep_id for chance in chances} - {UNKNOWN}):
        own = [chance for chance in chances if chance.rep_id == rep_id]
        expected = sum(made[team(c), c.source] / had[team(c), c.source] for c in own) / len(own)
        rows.append(_profile(rep_id, side, own, expected))
    return rows


def _profile(rep_id: str, side: str, own: list[Chance], expected: float) -> Row:
    converted = sum(chance.is_converted for chance in own)
    low, high = wilson(converted, len(own))
    assert low is not None
    assert high is not None
    verdict = "not enough data"
    if low > expected:
        verdict = "strong"
    elif high < expected:
        verdict = "weak"
    return {
        "rep_id": rep_id,
        "side": side,
        "entered": len(own),
        "converted": converted,
        "observed_rate": ratio(converted, len(own)),
        "observed_low": low,
        "observed_high": high,
        "expected_rate": expected,
        "index": ratio(converted / len(own), expected),
        "verdict": verdict,
    }
