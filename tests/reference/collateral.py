"""`fct_collateral_events`: whose lead it went to, who sent it, and whether after a refusal."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING

from tests.reference.leads import lead_moments
from tests.reference.matching import LeadMatcher, Named

if TYPE_CHECKING:
    from tests.reference.context import Context
    from tests.reference.deals import DealClimb, DealFact, Moment
    from tests.reference.model import CollateralEvent
    from tests.reference.touch_fact import TouchFact
    from tests.reference.touches import Touches

Refusals = dict[str, list[datetime]]


@dataclass(frozen=True)
class EventFact:
    event_id: str
    collateral_id: str
    event: str
    occurred_at: datetime
    rep_id: str | None
    lead_id: str | None
    deal_id: str | None
    is_after_refusal: bool
    # More than MARTS.md asks for.
    is_excluded: bool
    exclusion_reason: str | None


def refusals_of_leads(
    context: Context, deals: list[DealFact], deal_climbs: dict[str, DealClimb]
) -> Refusals:
    """When each lead refused: it was disqualified, or one of its deals was lost.

    `deals` as they are by themselves: an excluded one says nothing about its lead.
    """
    refusals: Refusals = {
        lead.lead_id: _falls(lead_moments(lead, context)) for lead in context.company.leads.values()
    }
    for deal in deals:
        if deal.lead_id is not None and not deal.is_excluded:
            refusals[deal.lead_id] += _falls(list(deal_climbs[deal.deal_id].moments))
    return refusals


def _falls(moments: list[Moment]) -> list[datetime]:
    """The times at which a record became lost."""
    first = [moment.at for moment in moments[:1] if moment.step == "lost"]
    return first + [
        later.at
        for earlier, later in pairwise(moments)
        if later.step == "lost" and earlier.step != "lost"
    ]


def build_collateral_events(
    context: Context,
    matcher: LeadMatcher,
    touches: Touches,
    refusals: Refusals,
    excluded_leads: dict[str, str],
) -> list[EventFact]:
    touch_of = touches.by_activity
    facts = []
    for event in context.company.collateral_events.values():
        touch = touch_of.get(event.activity_id or "")
        lead_id = _lead_of(event, touch, matcher, context)
        reason = excluded_leads.get(lead_id) if lead_id else None
        rep_id = context.identity.rep(event.rep_id) or (touch.rep_id if touch else None)
        facts.append(
            EventFact(
                event_id=event.event_id,
                collateral_id=event.collateral_id,
                event=event.event,
                occurred_at=event.occurred_at,
                rep_id=rep_id,
                lead_id=lead_id,
                deal_id=context.identity.deal(event.deal_id),
                is_after_refusal=any(
                    at < event.occurred_at for at in refusals.get(lead_id or "", [])
                ),
                is_excluded=reason is not None,
                exclusion_reason=reason,
            )
        )
    return _with_senders(facts)


def _lead_of(
    event: CollateralEvent, touch: TouchFact | None, matcher: LeadMatcher, context: Context
) -> str | None:
    """Its own lead, its deal's, that of the touch which it was part of, its contact's open one."""
    named = Named(lead=event.lead_id, deal=event.deal_id)
    rep_id = context.identity.rep(event.rep_id)
    explicit = matcher.match(named, event.occurred_at, rep_id).lead_id
    if explicit is not None:
        return explicit
    if touch is not None and touch.lead_id is not None:
        return touch.lead_id
    return matcher.match(Named(contact=event.contact_id), event.occurred_at, rep_id).lead_id


def _with_senders(facts: list[EventFact]) -> list[EventFact]:
    """What the customer did belongs to the rep who last sent him the item."""
    sends: dict[tuple[str, str | None], list[EventFact]] = defaultdict(list)
    for fact in sorted(facts, key=lambda fact: (fact.occurred_at, fact.event_id)):
        if fact.event == "sent":
            sends[(fact.collateral_id, fact.lead_id)].append(fact)
    completed = []
    for fact in facts:
        before = [
            send.rep_id
            for send in sends[(fact.collateral_id, fact.lead_id)]
            if send.occurred_at <= fact.occurred_at
        ]
        is_orphan = fact.rep_id is None and fact.event != "sent" and fact.lead_id is not None
        completed.append(replace(fact, rep_id=before[-1]) if is_orphan and before else fact)
    return completed
