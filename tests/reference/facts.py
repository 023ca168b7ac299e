"""All facts of a company, in the order in which each needs the one before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.reference.collateral import (
    EventFact,
    Refusals,
    build_collateral_events,
    refusals_of_leads,
)
from tests.reference.deals import DealFact, build_deals, finish_deals
from tests.reference.lead_facts import LeadFact, build_leads
from tests.reference.leads import climb_leads, excluded_leads
from tests.reference.matching import LeadMatcher
from tests.reference.touches import build_touches

if TYPE_CHECKING:
    from tests.reference.context import Context
    from tests.reference.touch_fact import TouchFact


@dataclass(frozen=True)
class Facts:
    touches: list[TouchFact]
    leads: list[LeadFact]
    deals: list[DealFact]
    collateral_events: list[EventFact]
    refusals: Refusals
    context: Context

    @property
    def counted_touches(self) -> list[TouchFact]:
        return [touch for touch in self.touches if touch.counts]

    @property
    def counted_leads(self) -> list[LeadFact]:
        return [lead for lead in self.leads if not lead.is_excluded]

    @property
    def counted_deals(self) -> list[DealFact]:
        return [deal for deal in self.deals if not deal.is_excluded]

    def source_of(self, lead_id: str | None) -> str | None:
        return self.context.company.leads[lead_id].lead_source if lead_id else None


def build_facts(context: Context) -> Facts:
    out = excluded_leads(context)
    own_deals, deal_climbs = build_deals(context)
    climbs = climb_leads(context, own_deals, deal_climbs)
    deals = finish_deals(own_deals, out)
    matcher = LeadMatcher(context, climbs, out)
    touches = build_touches(context, matcher, deals, out)
    leads = build_leads(context, climbs, out, touches.facts)
    refusals = refusals_of_leads(context, own_deals, deal_climbs)
    events = build_collateral_events(context, matcher, touches, refusals, out)
    return Facts(touches.facts, leads, deals, events, refusals, context)
