"""KPIS.md 1, "Which lead": the rule that decides, or why none did."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.reference.parsing import parse_email

if TYPE_CHECKING:
    from datetime import datetime

    from tests.reference.context import Context
    from tests.reference.leads import LeadClimb
    from tests.reference.model import Activity, Lead


@dataclass(frozen=True)
class Named:
    """What a touch names: its references and addresses, as they came."""

    lead: str | None = None
    deal: str | None = None
    contact: str | None = None
    phone: str | None = None
    email: str | None = None

    @staticmethod
    def by_activity(activity: Activity, phone: str | None) -> Named:
        return Named(
            lead=activity.lead_id,
            deal=activity.deal_id,
            contact=activity.contact_id,
            phone=phone,
            email=parse_email(activity.email),
        )


@dataclass(frozen=True)
class Match:
    lead_id: str | None
    rule: str


class LeadMatcher:
    def __init__(
        self,
        context: Context,
        climbs: dict[str, LeadClimb],
        excluded_leads: dict[str, str],
    ) -> None:
        self._identity = identity = context.identity
        self._climbs = climbs
        self._tolerance = context.settings.lead_clock_tolerance
        self._leads_of_contact: dict[str, list[Lead]] = defaultdict(list)
        for lead in context.company.leads.values():
            contact_id = identity.live_contact(lead.contact_id)
            if contact_id is not None and lead.lead_id not in excluded_leads:
                self._leads_of_contact[contact_id].append(lead)

    def match(self, named: Named, began_at: datetime, rep_id: str | None) -> Match:
        lead_id = self._identity.lead(named.lead)
        if lead_id is not None:
            return Match(lead_id, "explicit_lead")
        lead_id = self._identity.lead_of_deal(self._identity.deal(named.deal))
        if lead_id is not None:
            return Match(lead_id, "via_deal")
        tiers = self._tiers(named)
        for rule, contacts in tiers.items():
            lead_id = self._best_open_lead(contacts, began_at, rep_id)
            if lead_id is not None:
                return Match(lead_id, rule)
        return Match(None, "no_open_lead" if any(tiers.values()) else "no_contact")

    def _tiers(self, named: Named) -> dict[str, set[str]]:
        """The contact that it names goes before its phone, its phone before its email."""
        contact_id = self._identity.live_contact(named.contact)
        by_phone = self._identity.contacts_by_phone
        by_email = self._identity.contacts_by_email
        return {
            "contact": {contact_id} if contact_id else set(),
            "phone": by_phone.get(named.phone, set()) if named.phone else set(),
            "email": by_email.get(named.email, set()) if named.email else set(),
        }

    def only_contact(self, named: Named) -> str | None:
        """The contact of a touch that has no lead, where what it names leaves no doubt."""
        for contacts in self._tiers(named).values():
            if contacts:
                return next(iter(contacts)) if len(contacts) == 1 else None
        return None

    def _best_open_lead(
        self, contacts: set[str], began_at: datetime, rep_id: str | None
    ) -> str | None:
        """One owned by the touch's rep at the time, then the newest, then the lowest id."""
        leads = [
            lead
            for contact_id in contacts
            for lead in self._leads_of_contact[contact_id]
            if self._is_open(lead, began_at)
        ]
        owned = [
            lead
            for lead in leads
            if rep_id is not None and self._identity.owners(lead).at(began_at) == rep_id
        ]
        candidates = owned or leads
        newest = max((lead.created_at for lead in candidates), default=None)
        return min((lead.lead_id for lead in candidates if lead.created_at == newest), default=None)

    def _is_open(self, lead: Lead, began_at: datetime) -> bool:
        closed_at = self._climbs[lead.lead_id].closed_at
        return lead.created_at <= began_at + self._tolerance and (
            closed_at is None or closed_at >= began_at
        )
