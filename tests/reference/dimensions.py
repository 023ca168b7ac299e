"""`dim_reps`, `dim_collateral`, `dim_customers`, `dim_dates`: their natural attributes."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING

from tests.reference.deals import won_deals_by_customer
from tests.reference.kpis_collateral import in_force_on
from tests.reference.periods import Frame, Row, local_day, period_start

if TYPE_CHECKING:
    from tests.reference.facts import Facts


def dim_reps(facts: Facts, _: Frame) -> list[Row]:
    return [asdict(rep) for rep in facts.context.company.reps.values()]


def dim_collateral(facts: Facts, frame: Frame) -> list[Row]:
    today = local_day(frame.settings.as_of, frame.settings)
    return [
        asdict(item) | {"is_in_force": in_force_on(item, today)}
        for item in facts.context.company.collateral.values()
    ]


def dim_customers(facts: Facts, _: Frame) -> list[Row]:
    """Every customer that a lead or a deal names."""
    contracts = won_deals_by_customer(facts.deals)
    found = {(lead.customer_kind, lead.customer_id) for lead in facts.leads}
    found |= {(deal.customer_kind, deal.customer_id) for deal in facts.deals}
    first_won = {
        (customer.kind, customer.id): deals[0].closed_at for customer, deals in contracts.items()
    }
    return [
        {"customer_id": key, "customer_kind": kind, "first_won_at": first_won.get((kind, key))}
        for kind, key in sorted((kind, key) for kind, key in found if kind and key)
    ]


def dim_dates(facts: Facts, frame: Frame) -> list[Row]:
    """Each day from the first thing that happened to `as_of`."""
    moments = [
        *(touch.started_at for touch in facts.touches),
        *(lead.created_at for lead in facts.leads),
        *(deal.created_at for deal in facts.deals),
    ]
    last = local_day(frame.settings.as_of, frame.settings)
    first = local_day(min(moments, default=frame.settings.as_of), frame.settings)
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return [
        {
            "date": day,
            "week": period_start(day, "week"),
            "month": period_start(day, "month"),
            "quarter": period_start(day, "quarter"),
            "weekday": day.isoweekday(),
        }
        for day in days
    ]
