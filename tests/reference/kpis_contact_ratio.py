"""KPIS.md 3.1: `kpi_contact_ratio` and `kpi_contact_ratio_cohort`."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tests.reference.statistics import percentile, ratio

if TYPE_CHECKING:
    from tests.reference.facts import Facts
    from tests.reference.lead_facts import LeadFact
    from tests.reference.periods import Frame, Row
    from tests.reference.touch_fact import TouchFact


def is_outreach(touch: TouchFact) -> bool:
    """A call or email to a customer who was new then, that no machine sent."""
    return (
        touch.counts
        and touch.is_outbound
        and touch.channel in ("call", "email")
        and not touch.is_automated
        and touch.is_new_customer is True
    )


def _measures(outreach: list[TouchFact], prospects: int, new_contracts: int) -> Row:
    calls = sum(touch.channel == "call" for touch in outreach)
    return {
        "outreach_calls": calls,
        "outreach_emails": len(outreach) - calls,
        "outreach_touches": len(outreach),
        "prospects": prospects,
        "new_contracts": new_contracts,
        "touches_per_contract": ratio(len(outreach), new_contracts),
        "prospects_per_1000_calls": ratio(1000 * prospects, calls),
        "contracts_per_1000_calls": ratio(1000 * new_contracts, calls),
    }


def kpi_contact_ratio(facts: Facts, frame: Frame) -> list[Row]:
    outreach = frame.by_cell(
        filter(is_outreach, facts.touches),
        when=lambda touch: touch.started_at,
        rep=lambda touch: touch.rep_id,
        source=lambda touch: facts.source_of(touch.lead_id),
    )
    prospects = frame.by_cell(
        facts.counted_leads,
        when=lambda lead: lead.prospect_at,
        rep=lambda lead: lead.first_owner_rep_id,
        source=lambda lead: lead.lead_source,
    )
    contracts = frame.by_cell(
        (deal for deal in facts.counted_deals if deal.is_new_contract),
        when=lambda deal: deal.closed_at,
        rep=lambda deal: deal.closing_rep_id,
        source=lambda deal: deal.lead_source,
    )
    return [
        frame.head(cell)
        | _measures(
            outreach.get(cell, []), len(prospects.get(cell, [])), len(contracts.get(cell, []))
        )
        for cell in sorted({*outreach, *prospects, *contracts})
    ]


def kpi_contact_ratio_cohort(facts: Facts, frame: Frame) -> list[Row]:
    """All that became of the leads created in a period, whoever did it and whenever."""
    cohorts = frame.by_cell(
        facts.counted_leads,
        when=lambda lead: lead.created_at,
        rep=lambda lead: lead.first_owner_rep_id,
        source=lambda lead: lead.lead_source,
    )
    as_of = frame.settings.as_of
    slow = slow_time_to_contract(facts.counted_leads, as_of)
    rows = []
    for cell, leads in sorted(cohorts.items(), key=lambda item: item[0]):
        members = {lead.lead_id for lead in leads}
        outreach = [t for t in facts.touches if t.lead_id in members and is_outreach(t)]
        contracts = sum(
            deal.is_new_contract for deal in facts.counted_deals if deal.lead_id in members
        )
        prospects = sum(lead.prospect_at is not None for lead in leads)
        age = (as_of - max(lead.created_at for lead in leads)).total_seconds()
        rows.append(
            frame.head(cell)
            | {"leads": len(leads)}
            | _measures(outreach, prospects, contracts)
            | {"is_mature": slow is not None and age > slow}
        )
    return rows


def slow_time_to_contract(leads: list[LeadFact], as_of: datetime) -> float | None:
    """The 90th percentile of lead-to-contract time, in seconds, over the last 365 days."""
    year_ago = as_of - timedelta(days=365)
    times = [
        (lead.won_at - lead.created_at).total_seconds()
        for lead in leads
        if lead.won_at is not None and lead.won_at > year_ago
    ]
    return percentile(times, 0.9)
