"""KPIS.md 4: `kpi_activity` and `kpi_pipeline`. Their columns are ours, since MARTS.md has none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from tests.reference.deals import DealFact, local_day_rate
from tests.reference.kpis_closed_deals import closed_measures
from tests.reference.periods import Cell, Frame, Row, period_end, period_start
from tests.reference.statistics import median, ratio, share_columns

if TYPE_CHECKING:
    from tests.reference.facts import Facts
    from tests.reference.touch_fact import TouchFact


def kpi_activity(facts: Facts, frame: Frame) -> list[Row]:
    calls = frame.by_cell(
        (t for t in facts.counted_touches if t.channel == "call" and not t.is_automated),
        when=lambda touch: touch.started_at,
        rep=lambda touch: touch.rep_id,
        source=lambda touch: facts.source_of(touch.lead_id),
    )
    leads = frame.by_cell(
        facts.counted_leads,
        when=lambda lead: lead.created_at,
        rep=lambda lead: lead.first_owner_rep_id,
        source=lambda lead: lead.lead_source,
    )
    return [
        frame.head(cell)
        | _calls(calls.get(cell, []), facts)
        | {"untouched_leads": sum(lead.last_touch_at is None for lead in leads.get(cell, []))}
        for cell in sorted({*calls, *leads})
    ]


def _calls(calls: list[TouchFact], facts: Facts) -> Row:
    outbound = [call for call in calls if call.is_outbound]
    connected = sum(call.is_completed for call in outbound)
    missed = [call for call in calls if call.direction == "inbound" and not call.is_answered]
    waits = [wait for call in missed if (wait := _hours_to_call_back(call, facts)) is not None]
    return {
        "outbound_calls": len(outbound),
        "completed_outbound_calls": connected,
        **share_columns("connect_rate", connected, len(outbound)),
        "talk_seconds": float(sum((call.talk_seconds or Decimal(0) for call in calls), Decimal(0))),
        "missed_inbound_calls": len(missed),
        "called_back": len(waits),
        "median_callback_hours": median(waits),
    }


def _hours_to_call_back(missed: TouchFact, facts: Facts) -> float | None:
    """Until the next outbound call to the lead."""
    later = [
        call.started_at
        for call in facts.counted_touches
        if call.lead_id == missed.lead_id
        and call.channel == "call"
        and call.is_outbound
        and not call.is_automated
        and call.started_at >= missed.started_at
    ]
    return (min(later) - missed.started_at).total_seconds() / 3600 if later else None


def kpi_pipeline(facts: Facts, frame: Frame) -> list[Row]:
    """Opened, closed and open deals against the quotas of the same period."""

    def cells(deals: list[DealFact], moment: str) -> dict[Cell, list[DealFact]]:
        return frame.by_cell(
            deals,
            when=lambda deal: getattr(deal, moment),
            rep=lambda deal: deal.closing_rep_id or deal.owner_rep_id,
            source=lambda deal: deal.lead_source,
        )

    opened = cells(facts.counted_deals, "created_at")
    closed = cells(facts.counted_deals, "closed_at")
    quotas = _quotas(facts, frame)
    rows = []
    for cell in sorted({*opened, *closed, *quotas}):
        closing = closed_measures(closed.get(cell, []))
        standing = _standing_at_the_end(cell, facts, frame)
        known = [deal.reporting_amount for deal in standing if deal.reporting_amount is not None]
        quota = quotas.get(cell)
        rows.append(
            frame.head(cell)
            | {"opportunities": len(opened.get(cell, []))}
            | closing
            | {
                "sales_velocity": _velocity(len(opened.get(cell, [])), closing),
                "quota_amount": quota,
                "quota_attainment": (
                    ratio(closing["won_amount"], quota)
                    if quota and closing["won_amount"] is not None
                    else None
                ),
                "open_deals": len(standing),
                "open_amount": float(sum(known)),
                "coverage": ratio(float(sum(known)), quota) if quota else None,
            }
        )
    return rows


def _velocity(opportunities: int, closing: Row) -> float | None:
    """Money a day."""
    rate, average, cycle = (
        closing[name] for name in ("close_rate", "average_deal", "median_cycle_days")
    )
    if rate is None or average is None or not cycle:
        return None
    return float(opportunities * rate * average / cycle)


def _standing_at_the_end(cell: Cell, facts: Facts, frame: Frame) -> list[DealFact]:
    """The deals that were open when the period ended, or are open now if it has not."""
    end_day = period_end(cell.start, cell.grain)
    end = (
        datetime.combine(end_day, datetime.min.time(), tzinfo=frame.settings.business_zone)
        .astimezone(UTC)
        .replace(tzinfo=None)
    )
    moment = min(end, frame.settings.as_of + timedelta(microseconds=1))
    return [
        deal
        for deal in facts.counted_deals
        if deal.created_at < moment
        and (deal.closed_at is None or deal.closed_at >= moment)
        and cell.scope in frame.scopes(deal.closing_rep_id or deal.owner_rep_id, deal.lead_source)
    ]


def _quotas(facts: Facts, frame: Frame) -> dict[Cell, float]:
    """By month and quarter; a week and a lead source have none."""
    totals: dict[Cell, float] = {}
    for quota in facts.context.company.quotas:
        month = datetime.combine(quota.month, datetime.min.time())
        rate = local_day_rate(quota.currency, month, facts.context)
        if rate is None:
            continue
        for grain in ("month", "quarter"):
            for scope in frame.scopes(quota.rep_id, None)[:3]:
                cell = Cell(grain, period_start(quota.month, grain), scope)
                totals[cell] = totals.get(cell, 0.0) + float(quota.amount * rate)
    return totals
