"""Companies -> crm/accounts; contacts -> crm/contacts, and crm/leads where contacts are leads."""

from collections.abc import Iterator
from datetime import datetime
from functools import cache
from zoneinfo import available_timezones

from orchestration.connectors.hubspot.kinds import leads_are_contacts
from orchestration.connectors.hubspot.mapping import (
    by_whom,
    created_at,
    history,
    is_deleted,
    link,
    owner_changes,
    prop,
    updated_at,
    when,
)
from orchestration.connectors.values import Record, Row, Rows, Settings, iso, joined, text

_NO_LEAD = ("subscriber", "customer", "evangelist", "other")
"""Lifecycle stages that make no lead of a contact that was never in another."""
_UNQUALIFIED = "UNQUALIFIED"


def company_rows(company: Record, _settings: Settings) -> Rows:
    """A company without a name goes by its domain."""
    key = text(company.get("id"))
    return {
        "crm/accounts": [
            {
                "account_id": key,
                "name": prop(company, "name") or prop(company, "domain") or key,
                "industry": prop(company, "industry"),
                "country": prop(company, "country"),
                "created_at": created_at(company),
                "updated_at": updated_at(company),
                "is_deleted": is_deleted(company),
            }
        ]
    }


def contact_rows(contact: Record, settings: Settings) -> Rows:
    emails = (prop(contact, "hs_additional_emails") or "").split(";")
    names = [prop(contact, key) for key in ("firstname", "lastname")]
    numbers = ("phone", "mobilephone", "hs_whatsapp_phone_number")
    row = {
        "contact_id": text(contact.get("id")),
        "account_id": prop(contact, "associatedcompanyid"),
        "full_name": " ".join(filter(None, names)) or None,
        "emails": joined([prop(contact, "email"), *emails]),
        "phones": joined(prop(contact, key) for key in numbers),
        "time_zone": _zone(prop(contact, "hs_timezone")),
        "created_at": created_at(contact),
        "updated_at": updated_at(contact),
        "is_deleted": is_deleted(contact),
        "merged_into_id": link(contact, "merged_into"),
    }
    lead = _lead_rows(contact, settings) if leads_are_contacts(settings) else {}
    return {"crm/contacts": [row], **lead}


def _lead_rows(contact: Record, settings: Settings) -> Rows:
    """The contact as a lead, from when it first was in a stage that makes one; else none."""
    since = next(
        (at for at, stage, _ in history(contact, "lifecyclestage") if _makes_a_lead(stage)), None
    )
    present = prop(contact, "lifecyclestage")
    if since is None and not _makes_a_lead(present):
        return {}
    key = text(contact.get("id"))
    is_unqualified = prop(contact, "hs_lead_status") == _UNQUALIFIED
    named = settings.get("inquiry_at_property")
    asked = when(contact, named or "first_conversion_date")
    channel = prop(contact, settings.get("inquiry_channel_property"))
    lead = {
        "lead_id": key,
        "contact_id": key,
        "account_id": prop(contact, "associatedcompanyid"),
        "owner_rep_id": prop(contact, "hubspot_owner_id"),
        "lead_source": prop(contact, settings.get("lead_source_property") or "hs_analytics_source"),
        "is_inquiry": "true" if asked else ("false" if named else None),
        "inquiry_at": iso(asked),
        "inquiry_channel": channel or ("form" if asked and not named else None),
        "status": _UNQUALIFIED if is_unqualified else present,
        "created_at": iso(since) or created_at(contact),
        "updated_at": updated_at(contact),
        "is_deleted": is_deleted(contact),
        "merged_into_id": link(contact, "merged_into"),
    }
    return {
        "crm/leads": [lead],
        "crm/stage_changes": [
            row for at, row in _stage_changes(contact) if since is None or at >= since
        ],
        "crm/owner_changes": owner_changes(contact, "lead"),
    }


def _stage_changes(contact: Record) -> Iterator[tuple[datetime, Row]]:
    """Through the lifecycle; a lead that is unqualified is lost until it is taken up again."""
    told = [(at, 0, value, entry) for at, value, entry in history(contact, "lifecyclestage")]
    told += [(at, 1, value, entry) for at, value, entry in history(contact, "hs_lead_status")]
    stage: str | None = None
    is_unqualified = False
    for at, what, value, entry in sorted(told, key=lambda one: one[:2]):
        was_unqualified = is_unqualified
        if what:
            is_unqualified = value == _UNQUALIFIED
            if is_unqualified == was_unqualified:
                continue
        else:
            stage = value
        entered = _UNQUALIFIED if is_unqualified and what else stage
        if entered and not (is_unqualified and not what):
            yield at, _change(contact, entered, at, entry)


def _change(contact: Record, stage: str, at: datetime, entry: Record) -> Row:
    return {
        "object_type": "lead",
        "object_id": text(contact.get("id")),
        "stage": stage,
        "changed_at": iso(at),
        "rep_id": by_whom(contact, entry),
    }


def _makes_a_lead(stage: str | None) -> bool:
    """A stage of the company's own does, so that somebody is asked what it means."""
    return stage is not None and stage not in _NO_LEAD


def _zone(told: str | None) -> str | None:
    """`america_slash_new_york` is America/New_York."""
    return _zones().get(told.lower(), told) if told else None


@cache
def _zones() -> dict[str, str]:
    return {
        name.lower().replace("/", "_slash_").replace("-", "_hyphen_"): name
        for name in available_timezones()
    }
