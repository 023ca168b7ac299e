"""KPIS.md 3.3: `kpi_completed_contacts` and `kpi_touch_hazard`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.reference.lead_facts import LeadFact, has_given_up
from tests.reference.statistics import median, ratio, share_columns

if TYPE_CHECKING:
    from tests.reference.facts import Facts
    from tests.reference.model import Settings
    from tests.reference.periods import Frame, Row


def kpi_completed_contacts(facts: Facts, frame: Frame) -> list[Row]:
    cohorts = frame.by_cell(
        facts.counted_leads,
        when=lambda lead: lead.created_at,
        rep=lambda lead: lead.first_owner_rep_id,
        source=lambda lead: lead.lead_source,
    )
    return [
        frame.head(cell) | _measures(leads, facts)
        for cell, leads in sorted(cohorts.items(), key=lambda item: item[0])
    ]


def _measures(leads: list[LeadFact], facts: Facts) -> Row:
    members = {lead.lead_id for lead in leads}
    contacts = sum(lead.completed_contacts for lead in leads)
    wins = [lead.contacts_to_win for lead in leads if lead.contacts_to_win is not None]
    fifth_plus = sum(win >= 5 for win in wins)
    gaps = [
        touch.hours_since_previous_touch
        for touch in facts.counted_touches
        if touch.lead_id in members and touch.hours_since_previous_touch is not None
    ]
    return {
        "leads": len(leads),
        "attempts": sum(lead.attempts for lead in leads),
        "completed_contacts": contacts,
        "contacts_per_lead": ratio(contacts, len(leads)),
        "wins": len(wins),
        **{f"wins_at_contact_{k}": wins.count(k) for k in range(5)},
        "wins_at_contact_5_plus": fifth_plus,
        **share_columns("share_wins_first_contact", wins.count(1), len(wins)),
        **share_columns("share_wins_fifth_plus", fifth_plus, len(wins)),
        "gave_up_early": sum(lead.is_gave_up_early for lead in leads),
        "burst_leads": sum(lead.is_burst for lead in leads),
        "median_gap_hours": median(gaps),
    }


def contacts_that_count(lead: LeadFact) -> int:
    """How many contacts a lead got to. What came after a win did not help to win."""
    return lead.completed_contacts if lead.contacts_to_win is None else lead.contacts_to_win


def kpi_touch_hazard(facts: Facts, frame: Frame) -> list[Row]:
    scopes = frame.by_scope(
        facts.counted_leads,
        rep=lambda lead: lead.first_owner_rep_id,
        source=lambda lead: lead.lead_source,
    )
    return [
        frame.scope_head(scope) | _hazard(leads, k, frame.settings)
        for scope, leads in sorted(scopes.items(), key=lambda item: item[0])
        for k in range(1, max(map(contacts_that_count, leads)) + 1)
    ]


def _hazard(leads: list[LeadFact], k: int, settings: Settings) -> Row:
    """Of those who got to contact k: won at it, went on to the next, gave up, or still open."""
    reached = [lead for lead in leads if contacts_that_count(lead) >= k]
    stopped = [lead for lead in reached if contacts_that_count(lead) == k]
    won_at = sum(lead.won_at is not None for lead in stopped)
    won_later = sum(lead.won_at is not None for lead in reached) - won_at
    gave_up = sum(_gave_up(lead, settings) for lead in stopped)
    return {
        "contact_number": k,
        "reached": len(reached),
        "won_at": won_at,
        "went_on": len(reached) - len(stopped),
        "gave_up_after": gave_up,
        "still_open": len(stopped) - won_at - gave_up,
        **share_columns("chance_at", won_at, len(reached)),
        "won_later": won_later,
        **share_columns("chance_later", won_later, len(reached)),
    }


def _gave_up(lead: LeadFact, settings: Settings) -> bool:
    quiet = settings.as_of - (lead.last_touch_at or lead.created_at)
    return has_given_up(lead.closed_at, lead.won_at, quiet, settings)
