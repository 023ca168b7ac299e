"""KPIS.md 3.2: `kpi_speed_to_lead` and its Kaplan-Meier curve."""

from __future__ import annotations

from datetime import datetime, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING

from tests.reference.statistics import (
    Wait,
    kaplan_meier,
    mean,
    median,
    risk_ratio,
    share_columns,
    survival_quantile,
)

if TYPE_CHECKING:
    from tests.reference.facts import Facts
    from tests.reference.lead_facts import LeadFact
    from tests.reference.periods import Frame, Row

HOUR = 3600
LIMITS = {"5m": 300, "1h": HOUR, "24h": 24 * HOUR}
ARTICLE_WINDOW_SECONDS = timedelta(days=30).total_seconds()


def inquiries_of(facts: Facts) -> list[LeadFact]:
    return [lead for lead in facts.counted_leads if lead.is_inquiry]


def kpi_speed_to_lead(facts: Facts, frame: Frame) -> list[Row]:
    cells = frame.by_cell(
        inquiries_of(facts),
        when=lambda lead: lead.clock_started_at,
        rep=lambda lead: lead.first_owner_rep_id,
        source=lambda lead: lead.lead_source,
    )
    return [
        frame.head(cell) | _measures(leads, frame.settings.as_of)
        for cell, leads in sorted(cells.items(), key=lambda item: item[0])
    ]


def _measures(leads: list[LeadFact], as_of: datetime) -> Row:
    seconds = [lead.response_seconds for lead in leads if lead.response_seconds is not None]
    business = [
        lead.business_response_seconds / HOUR
        for lead in leads
        if lead.business_response_seconds is not None
    ]
    steps = kaplan_meier(map(wait_of, leads))
    comparable = [second / HOUR for second in seconds if second <= ARTICLE_WINDOW_SECONDS]
    return {
        "inquiries": len(leads),
        "responded": len(seconds),
        "pending": sum(lead.response_status == "pending" for lead in leads),
        "never": sum(lead.response_status == "never" for lead in leads),
        **_within("5m", leads, as_of),
        **_within("1h", leads, as_of),
        **_within("24h", leads, as_of),
        "mean_response_hours": mean(comparable),
        "median_response_hours": _hours(survival_quantile(steps, Fraction(1, 2))),
        "p90_response_hours": _hours(survival_quantile(steps, Fraction(9, 10))),
        "median_business_response_hours": median(business),
        **_worth_of_speed(leads),
    }


def wait_of(lead: LeadFact) -> Wait:
    if lead.response_seconds is not None:
        return Wait(lead.response_seconds, True)
    return Wait(lead.waiting_seconds or 0.0, False)


def _within(name: str, leads: list[LeadFact], as_of: datetime) -> Row:
    """Of the inquiries that are old enough to have been answered within the limit."""
    limit = LIMITS[name]
    eligible = [lead for lead in leads if (as_of - lead.clock_started_at).total_seconds() >= limit]
    within = sum(_is_answered(lead, limit) for lead in eligible)
    return {
        f"eligible_{name}": len(eligible),
        f"within_{name}": within,
        **share_columns(f"share_within_{name}", within, len(eligible)),
    }


def _is_answered(lead: LeadFact, limit: float) -> bool:
    return lead.response_seconds is not None and lead.response_seconds <= limit


def _worth_of_speed(leads: list[LeadFact]) -> Row:
    answered = [lead for lead in leads if lead.response_seconds is not None]
    quick = [lead.prospect_at is not None for lead in answered if _is_answered(lead, HOUR)]
    slow = [lead.prospect_at is not None for lead in answered if not _is_answered(lead, HOUR)]
    lift, low, high = risk_ratio(sum(quick), len(quick), sum(slow), len(slow))
    return {
        "answered_within_1h": len(quick),
        "prospects_within_1h": sum(quick),
        **share_columns("prospect_rate_within_1h", sum(quick), len(quick)),
        "answered_after_1h": len(slow),
        "prospects_after_1h": sum(slow),
        **share_columns("prospect_rate_after_1h", sum(slow), len(slow)),
        "lift_within_1h": lift,
        "lift_within_1h_low": low,
        "lift_within_1h_high": high,
    }


def _hours(seconds: float | None) -> float | None:
    return None if seconds is None else seconds / HOUR


def kpi_speed_to_lead_curve(facts: Facts, frame: Frame) -> list[Row]:
    """One row for each time at which somebody was answered."""
    scopes = frame.by_scope(
        inquiries_of(facts),
        rep=lambda lead: lead.first_owner_rep_id,
        source=lambda lead: lead.lead_source,
    )
    return [
        frame.scope_head(scope)
        | {
            "hours": step.seconds / HOUR,
            "at_risk": step.at_risk,
            "responded": step.happened,
            "still_waiting": float(step.surviving),
        }
        for scope, leads in sorted(scopes.items(), key=lambda item: item[0])
        for step in kaplan_meier(map(wait_of, leads))
    ]
