"""Leads -> crm/leads, deals -> crm/deals, and what both went through."""

from datetime import datetime, timedelta

from orchestration.connectors.hubspot.kinds import leads_are_contacts
from orchestration.connectors.hubspot.mapping import (
    created_at,
    is_deleted,
    link,
    moment,
    owner_changes,
    prop,
    stage_changes,
    updated_at,
    when,
)
from orchestration.connectors.hubspot.mapping_stages import lead_step
from orchestration.connectors.values import Record, Rows, Settings, dug, iso, text

_NO_LEAD = ("spam", "duplicate", "test")
"""Reasons of disqualification that say it never was one."""
# A form that was filled in so long before the lead was made is what it asked with.
_ASKED_BEFORE, _ASKED_AFTER = timedelta(days=7), timedelta(minutes=30)


def lead_rows(lead: Record, settings: Settings) -> Rows:
    """A lead of HubSpot's own, with its primary contact and company."""
    asked = _asked_at(lead, settings)
    named = settings.get("inquiry_at_property")
    channel = prop(lead, settings.get("inquiry_channel_property"))
    source = prop(lead, settings.get("lead_source_property") or "hs_lead_source")
    return {
        "crm/leads": [
            {
                "lead_id": text(lead.get("id")),
                "contact_id": link(lead, "contacts"),
                "account_id": link(lead, "companies"),
                "owner_rep_id": prop(lead, "hubspot_owner_id"),
                "lead_source": source or text(dug(lead, "_links", "origin", "source")),
                "is_inquiry": "true" if asked else ("false" if named else None),
                "inquiry_at": iso(asked),
                "inquiry_channel": channel or ("form" if asked and not named else None),
                "status": _status(lead),
                "created_at": created_at(lead),
                "updated_at": updated_at(lead),
                "is_deleted": is_deleted(lead),
                "merged_into_id": link(lead, "merged_into"),
            }
        ],
        "crm/stage_changes": stage_changes(lead, "lead", "hs_pipeline_stage"),
        "crm/owner_changes": owner_changes(lead, "lead"),
    }


def _status(lead: Record) -> str | None:
    stage = prop(lead, "hs_pipeline_stage")
    reason = (prop(lead, "hs_lead_disqualification_reason") or "").lower()
    return reason if lead_step(stage or "") == "lost" and reason in _NO_LEAD else stage


def _asked_at(lead: Record, settings: Settings) -> datetime | None:
    """When the company's own property says; else the last form before the lead was made."""
    if named := settings.get("inquiry_at_property"):
        return when(lead, named)
    made = moment(lead.get("createdAt"))
    asked = [moment(one) for one in dug(lead, "_links", "origin", "asked") or ()]
    near = [
        one for one in asked if one and made and made - _ASKED_BEFORE <= one <= made + _ASKED_AFTER
    ]
    return max(near, default=None)


def deal_rows(deal: Record, settings: Settings) -> Rows:
    """A deal; where contacts are leads, its contact is the lead that it came from."""
    is_closed = prop(deal, "hs_is_closed") == "true"
    lead = link(deal, "contacts" if leads_are_contacts(settings) else "leads")
    return {
        "crm/deals": [
            {
                "deal_id": text(deal.get("id")),
                "lead_id": lead,
                "contact_id": link(deal, "contacts"),
                "account_id": link(deal, "companies"),
                "owner_rep_id": prop(deal, "hubspot_owner_id"),
                "pipeline": prop(deal, "pipeline"),
                "stage": prop(deal, "dealstage"),
                "amount": prop(deal, "amount"),
                "currency": prop(deal, "deal_currency_code") or text(deal.get("_currency")),
                "created_at": created_at(deal),
                "updated_at": updated_at(deal),
                # Of an open deal it is what somebody hopes for.
                "closed_at": iso(when(deal, "closedate")) if is_closed else None,
                "is_deleted": is_deleted(deal),
                "merged_into_id": link(deal, "merged_into"),
            }
        ],
        "crm/stage_changes": stage_changes(deal, "deal", "dealstage"),
        "crm/owner_changes": owner_changes(deal, "deal"),
    }
