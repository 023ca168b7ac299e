"""KPIS.md 2: `fct_deals`, and the climb of a single lead or deal through the steps."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tests.reference.identity import Customer
from tests.reference.seeds import Seeds, Stage

if TYPE_CHECKING:
    from decimal import Decimal

    from tests.reference.context import Context
    from tests.reference.identity import Identity
    from tests.reference.model import Deal

RANKS = {"lead": 0, "prospect": 1, "opportunity": 2, "won": 3}
CLOSED = ("won", "lost")


@dataclass(frozen=True)
class Moment:
    """A record stood at this stage from this time on."""

    at: datetime
    stage: Stage

    @property
    def step(self) -> str | None:
        return self.stage.step


@dataclass(frozen=True)
class DealFact:
    deal_id: str
    lead_id: str | None
    customer_id: str | None
    owner_rep_id: str | None
    closing_rep_id: str | None
    lead_source: str | None
    pipeline: str | None
    stage: str
    funnel_step: str | None
    amount: Decimal | None
    currency: str | None
    reporting_amount: Decimal | None
    created_at: datetime
    closed_at: datetime | None
    is_won: bool
    is_lost: bool
    is_new_contract: bool
    cycle_days: float | None
    is_excluded: bool
    exclusion_reason: str | None
    # More than MARTS.md asks for.
    customer_kind: str | None

    @property
    def customer(self) -> Customer | None:
        if self.customer_kind is None or self.customer_id is None:
            return None
        return Customer(self.customer_kind, self.customer_id)

    @property
    def is_open(self) -> bool:
        return self.closed_at is None


def history(
    object_type: str, object_id: str, present_stage: str, context: Context
) -> list[tuple[Moment, str]]:
    """The stage changes of an object in order, each with its native stage.

    Of changes at one time the one to the present stage is the last.
    """
    changes = sorted(
        (
            change
            for change in context.company.stage_changes
            if (change.object_type, change.object_id) == (object_type, object_id)
        ),
        key=lambda change: (change.changed_at, change.stage == present_stage, change.stage),
    )
    return [
        (Moment(change.changed_at, context.seeds.stage(object_type, change.stage)), change.stage)
        for change in changes
    ]


def last_run_start(moments: list[Moment]) -> datetime:
    """Since when the record has stood, without a break, at the step where it stands."""
    start = moments[-1]
    for moment in reversed(moments):
        if moment.step != start.step:
            break
        start = moment
    return start.at


Contracts = dict[Customer, list[DealFact]]


@dataclass(frozen=True)
class DealClimb:
    """What the stage changes of a deal, or its present row, say about its course."""

    moments: tuple[Moment, ...]
    stage: str
    present: Stage
    closed_at: datetime | None

    @property
    def outcome(self) -> str | None:
        return self.present.step if self.closed_at is not None else None


def deal_climb(deal: Deal, context: Context) -> DealClimb:
    """A reopened deal has the outcome and time of its last closing; one open again is open."""
    past = history("deal", deal.deal_id, deal.stage, context)
    if past:
        moments = [moment for moment, _ in past]
        present = moments[-1].stage
        closed_at = last_run_start(moments) if present.step in CLOSED else None
        if present.step in CLOSED and all(not _opened(moment) for moment in moments):
            moments.insert(0, Moment(deal.created_at, Stage("opportunity")))
        return DealClimb(tuple(moments), past[-1][1], present, closed_at)
    return _climb_without_history(deal, context.seeds, context.settings.as_of)


def _opened(moment: Moment) -> bool:
    return RANKS.get(moment.step or "", 0) >= RANKS["opportunity"]


def _climb_without_history(deal: Deal, seeds: Seeds, as_of: datetime) -> DealClimb:
    """From the present stage: opened at `created_at`, closed at `closed_at`."""
    stage = seeds.stage("deal", deal.stage)
    opened = Moment(deal.created_at, Stage("opportunity"))
    changed_at = deal.updated_at or deal.created_at
    if stage.step in CLOSED:
        closed_at = deal.closed_at or changed_at
        if closed_at > as_of:
            return DealClimb((opened,), deal.stage, opened.stage, None)
        return DealClimb((opened, Moment(closed_at, stage)), deal.stage, stage, closed_at)
    if stage.step == "opportunity":
        return DealClimb((opened,), deal.stage, stage, None)
    moments = (Moment(changed_at, stage),) if changed_at <= as_of else ()
    return DealClimb(moments, deal.stage, stage, None)


def local_day_rate(currency: str | None, at: datetime, context: Context) -> Decimal | None:
    settings = context.settings
    day = at.replace(tzinfo=UTC).astimezone(settings.business_zone).date()
    return context.seeds.rate(currency, day, settings.reporting_currency)


def build_deals(context: Context) -> tuple[list[DealFact], dict[str, DealClimb]]:
    """The deals as they are by themselves; `finish_deals` adds what others make of them."""
    deals = context.company.deals.values()
    climbs = {deal.deal_id: deal_climb(deal, context) for deal in deals}
    return [_fact(deal, climbs[deal.deal_id], context) for deal in deals], climbs


def _fact(deal: Deal, climb: DealClimb, context: Context) -> DealFact:
    company, identity = context.company, context.identity
    owners = identity.owners(deal)
    customer = identity.customer_of_deal(deal)
    lead_id = identity.lead(deal.lead_id)
    rate = local_day_rate(deal.currency, climb.closed_at or context.settings.as_of, context)
    reason = _exclusion_reason(deal, climb, identity)
    return DealFact(
        deal_id=deal.deal_id,
        lead_id=lead_id,
        customer_id=customer.id if customer else None,
        customer_kind=customer.kind if customer else None,
        owner_rep_id=owners.present,
        closing_rep_id=owners.at(climb.closed_at) if climb.closed_at else None,
        lead_source=company.leads[lead_id].lead_source if lead_id else None,
        pipeline=deal.pipeline,
        stage=climb.stage,
        funnel_step=climb.present.step,
        amount=deal.amount,
        currency=deal.currency,
        reporting_amount=None if deal.amount is None or rate is None else deal.amount * rate,
        created_at=deal.created_at,
        closed_at=climb.closed_at,
        is_won=climb.outcome == "won",
        is_lost=climb.outcome == "lost",
        is_new_contract=False,
        cycle_days=_cycle_days(deal, climb.closed_at),
        is_excluded=reason is not None,
        exclusion_reason=reason,
    )


def _exclusion_reason(deal: Deal, climb: DealClimb, identity: Identity) -> str | None:
    if identity.deal(deal.deal_id) != deal.deal_id:
        return "merged"
    if deal.is_deleted:
        return "deleted"
    if climb.present.is_excluded:
        return climb.stage.strip().lower()
    return None


def _cycle_days(deal: Deal, closed_at: datetime | None) -> float | None:
    """None for a deal that closed before it was created (D14)."""
    if closed_at is None or closed_at < deal.created_at:
        return None
    return (closed_at - deal.created_at).total_seconds() / 86400


def won_deals_by_customer(deals: list[DealFact]) -> Contracts:
    """The contracts of each customer, the first one first."""
    contracts: Contracts = defaultdict(list)
    for deal in deals:
        if deal.is_won and not deal.is_excluded and deal.customer is not None:
            contracts[deal.customer].append(deal)
    for won in contracts.values():
        won.sort(key=lambda deal: (deal.closed_at or deal.created_at, deal.deal_id))
    return contracts


def finish_deals(deals: list[DealFact], excluded_leads: dict[str, str]) -> list[DealFact]:
    """A lead that counts in no KPI takes its deals with it; then the new contracts."""
    deals = [
        replace(deal, is_excluded=True, exclusion_reason=excluded_leads[deal.lead_id])
        if deal.lead_id in excluded_leads and not deal.is_excluded
        else deal
        for deal in deals
    ]
    new = {contracts[0].deal_id for contracts in won_deals_by_customer(deals).values()}
    return [replace(deal, is_new_contract=deal.deal_id in new) for deal in deals]


def is_new_customer(customer: Customer | None, at: datetime, contracts: Contracts) -> bool | None:
    """New at `at`: none of its deals was won before."""
    if customer is None:
        return None
    return all(
        deal.closed_at is None or deal.closed_at >= at for deal in contracts.get(customer, [])
    )
