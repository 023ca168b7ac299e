"""`fct_leads`: KPIS.md 2, the clocks of 3.2 and what 3.3 says about a single lead."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tests.reference.hours import Calendar
from tests.reference.speed import (
    business_seconds,
    clock_start,
    is_outside_hours,
    not_long_before,
    respond,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.reference.context import Context
    from tests.reference.leads import LeadClimb
    from tests.reference.model import Lead, Settings
    from tests.reference.touch_fact import TouchFact


@dataclass(frozen=True)
class LeadFact:
    lead_id: str
    customer_id: str | None
    contact_id: str | None
    account_id: str | None
    lead_source: str | None
    first_owner_rep_id: str | None
    owner_rep_id: str | None
    is_inquiry: bool
    created_at: datetime
    clock_started_at: datetime
    first_attempt_at: datetime | None
    first_contact_at: datetime | None
    response_status: str
    response_seconds: float | None
    business_response_seconds: float | None
    waiting_seconds: float | None
    prospect_at: datetime | None
    opportunity_at: datetime | None
    won_at: datetime | None
    lost_at: datetime | None
    closed_at: datetime | None
    funnel_step: str
    attempts: int
    completed_contacts: int
    contacts_to_win: int | None
    is_burst: bool
    is_gave_up_early: bool
    last_touch_at: datetime | None
    is_excluded: bool
    exclusion_reason: str | None
    # More than MARTS.md asks for.
    customer_kind: str | None
    assigned_at: datetime | None
    is_answered_outside_hours: bool | None
    skipped_prospect: bool
    skipped_opportunity: bool
    times_back: int


def build_leads(
    context: Context,
    climbs: dict[str, LeadClimb],
    excluded_leads: dict[str, str],
    touches: list[TouchFact],
) -> list[LeadFact]:
    touches_of: dict[str, list[TouchFact]] = defaultdict(list)
    for touch in sorted(touches, key=lambda touch: touch.order):
        if touch.lead_id is not None and touch.counts:
            touches_of[touch.lead_id].append(touch)
    facts = []
    for lead in context.company.leads.values():
        reason = excluded_leads.get(lead.lead_id)
        facts.append(_fact(lead, climbs[lead.lead_id], reason, touches_of[lead.lead_id], context))
    return facts


def _fact(
    lead: Lead,
    climb: LeadClimb,
    exclusion_reason: str | None,
    touches: list[TouchFact],
    context: Context,
) -> LeadFact:
    identity, settings = context.identity, context.settings
    owners = identity.owners(lead)
    customer = identity.customer_of_lead(lead.lead_id)
    clock = clock_start(lead, touches, settings)
    timely = not_long_before(clock, touches, settings) if lead.is_inquiry else touches
    response = respond(lead, climb.closed_at, clock, timely, settings)
    owner = identity.company.reps.get(owners.first or "")
    team = owner.team if owner else None
    calendar = Calendar(team, context.seeds, settings.business_timezone)
    completed = [touch for touch in touches if touch.is_completed]
    human = [touch.started_at for touch in touches if not touch.is_automated]
    quiet = settings.as_of - max(human, default=lead.created_at)
    contact_id = identity.contact(lead.contact_id)
    return LeadFact(
        lead_id=lead.lead_id,
        customer_id=customer.id if customer else None,
        customer_kind=customer.kind if customer else None,
        contact_id=contact_id,
        account_id=identity.account(lead.account_id),
        lead_source=lead.lead_source,
        first_owner_rep_id=owners.first,
        owner_rep_id=owners.present,
        is_inquiry=lead.is_inquiry,
        created_at=lead.created_at,
        clock_started_at=clock,
        first_attempt_at=_first(t for t in timely if t.is_outbound and not t.is_automated),
        first_contact_at=_first(t for t in timely if t.is_completed),
        response_status=response.status,
        response_seconds=response.seconds,
        business_response_seconds=business_seconds(clock, response, calendar),
        waiting_seconds=response.waiting_seconds,
        prospect_at=climb.prospect_at,
        opportunity_at=climb.opportunity_at,
        won_at=climb.won_at,
        lost_at=climb.lost_at,
        closed_at=climb.closed_at,
        funnel_step=climb.funnel_step,
        attempts=sum(touch.is_attempt for touch in touches),
        completed_contacts=len(completed),
        contacts_to_win=(
            sum(touch.started_at <= climb.won_at for touch in completed) if climb.won_at else None
        ),
        is_burst=is_burst([t.started_at for t in touches if t.is_attempt], settings),
        is_gave_up_early=(
            len(completed) < settings.persistence_contacts
            and has_given_up(climb.closed_at, climb.won_at, quiet, settings)
        ),
        last_touch_at=max(human, default=None),
        is_excluded=exclusion_reason is not None,
        exclusion_reason=exclusion_reason,
        assigned_at=owners.changes[0].changed_at if owners.changes else None,
        is_answered_outside_hours=is_outside_hours(response, calendar),
        skipped_prospect=climb.skipped_prospect,
        skipped_opportunity=climb.skipped_opportunity,
        times_back=climb.times_back,
    )


def _first(touches: Iterable[TouchFact]) -> datetime | None:
    return next((touch.started_at for touch in touches), None)


def is_burst(attempts: list[datetime], settings: Settings) -> bool:
    """`burst_attempts` or more attempts within some 24 hours. `attempts` are in order."""
    later = attempts[settings.burst_attempts - 1 :]
    day = timedelta(hours=24)
    return any(end - begin <= day for begin, end in zip(attempts, later, strict=False))


def has_given_up(
    closed_at: datetime | None, won_at: datetime | None, quiet: timedelta, settings: Settings
) -> bool:
    """Lost, or open and untouched for long."""
    if won_at is not None:
        return False
    return closed_at is not None or quiet >= timedelta(days=settings.abandoned_after_days)
