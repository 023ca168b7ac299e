"""KPIS.md 2: how far each lead climbed, and when; which leads count in no KPI."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from tests.reference.deals import (
    RANKS,
    DealClimb,
    DealFact,
    Moment,
    history,
    last_run_start,
)

if TYPE_CHECKING:
    from datetime import datetime

    from tests.reference.context import Context
    from tests.reference.model import Lead


@dataclass(frozen=True)
class LeadClimb:
    """The first time at or beyond each step, and how it ended."""

    prospect_at: datetime | None
    opportunity_at: datetime | None
    won_at: datetime | None
    lost_at: datetime | None
    closed_at: datetime | None
    funnel_step: str
    skipped_prospect: bool
    skipped_opportunity: bool
    times_back: int


def lead_moments(lead: Lead, context: Context) -> list[Moment]:
    """The statuses of a lead in time; without a history, its present one since `updated_at`."""
    past = history("lead", lead.lead_id, lead.status, context)
    if past:
        return [moment for moment, _ in past]
    since = lead.updated_at or lead.created_at
    present = Moment(since, context.seeds.stage("lead", lead.status))
    return [present] if since <= context.settings.as_of else []


def excluded_leads(context: Context) -> dict[str, str]:
    """The reason of each lead that counts in no KPI: merged, deleted, or its status."""
    reasons: dict[str, str] = {}
    for lead in context.company.leads.values():
        if context.identity.lead(lead.lead_id) != lead.lead_id:
            reasons[lead.lead_id] = "merged"
        elif lead.is_deleted:
            reasons[lead.lead_id] = "deleted"
        else:
            past = history("lead", lead.lead_id, lead.status, context)
            moments = lead_moments(lead, context)
            if moments and moments[-1].stage.is_excluded:
                status = past[-1][1] if past else lead.status
                reasons[lead.lead_id] = status.strip().lower()
    return reasons


def climb_leads(
    context: Context, deals: list[DealFact], deal_climbs: dict[str, DealClimb]
) -> dict[str, LeadClimb]:
    """`deals` as they are by themselves: one that is excluded says nothing about its lead."""
    deals_of: dict[str, list[DealFact]] = defaultdict(list)
    for deal in deals:
        if deal.lead_id is not None and not deal.is_excluded:
            deals_of[deal.lead_id].append(deal)
    return {
        lead.lead_id: climb_lead(lead_moments(lead, context), deals_of[lead.lead_id], deal_climbs)
        for lead in context.company.leads.values()
    }


def climb_lead(
    moments: list[Moment], deals: list[DealFact], deal_climbs: dict[str, DealClimb]
) -> LeadClimb:
    everything = list(moments)
    for deal in deals:
        everything += deal_climbs[deal.deal_id].moments
    won_at = min((deal.closed_at for deal in deals if deal.is_won and deal.closed_at), default=None)
    opportunity_at = _earliest(_first_beyond("opportunity", everything), won_at)
    prospect_at = _earliest(_first_beyond("prospect", everything), opportunity_at)
    lost_at, lost_since = (None, None) if won_at else _lost(moments, deals)
    return LeadClimb(
        prospect_at=prospect_at,
        opportunity_at=opportunity_at,
        won_at=won_at,
        lost_at=lost_at,
        closed_at=won_at or lost_since,
        funnel_step=_step(prospect_at, opportunity_at, won_at, lost_at),
        skipped_prospect=_is_skipped("prospect", prospect_at, everything),
        skipped_opportunity=_is_skipped("opportunity", opportunity_at, everything),
        times_back=sum(
            RANKS.get(later.step or "", 0) < RANKS.get(earlier.step or "", 0)
            for earlier, later in pairwise(moments)
            if later.step != "lost" and earlier.step != "lost"
        ),
    )


def _first_beyond(step: str, moments: list[Moment]) -> datetime | None:
    reached = [m.at for m in moments if RANKS.get(m.step or "", -1) >= RANKS[step]]
    return min(reached, default=None)


def _is_skipped(step: str, reached_at: datetime | None, moments: list[Moment]) -> bool:
    """It went past the step: at the time when it was there or beyond, it was beyond."""
    if reached_at is None:
        return False
    return not any(moment.step == step and moment.at == reached_at for moment in moments)


def _earliest(*moments: datetime | None) -> datetime | None:
    return min((moment for moment in moments if moment is not None), default=None)


def _step(
    prospect_at: datetime | None,
    opportunity_at: datetime | None,
    won_at: datetime | None,
    lost_at: datetime | None,
) -> str:
    if won_at is not None:
        return "won"
    if lost_at is not None:
        return "lost"
    if opportunity_at is not None:
        return "opportunity"
    return "prospect" if prospect_at is not None else "lead"


def _lost(moments: list[Moment], deals: list[DealFact]) -> tuple[datetime | None, datetime | None]:
    """(lost at, lost since) of a lead that is lost now and has no won deal.

    Lost: no open deal, and disqualified or all deals lost. It is lost with the last of its deals;
    without any, for the first time that it was disqualified and since the last time.
    """
    if any(deal.is_open for deal in deals):
        return None, None
    if not deals and not (moments and moments[-1].step == "lost"):
        return None, None
    closings = [deal.closed_at for deal in deals if deal.closed_at is not None]
    if closings:
        return max(closings), max(closings)
    return min(moment.at for moment in moments if moment.step == "lost"), last_run_start(moments)
