"""Users, organizations, persons and leads of Pipedrive -> canonical rows."""

from typing import Any

from orchestration.connectors.values import (
    Record,
    Rows,
    Settings,
    dug,
    iso,
    joined,
    parse_iso,
    text,
)

INQUIRIES = {"Web forms": "form", "Leadbooster": "chat", "Live chat": "chat"}
"""Sources of leads that asked first, and how they asked."""
_FOUND_BY_US = ("Prospector", "Import", "Website visitors")


def when(value: object) -> str | None:
    """A time of Pipedrive: with a zone in v2, without one, and UTC, in v1."""
    return iso(parse_iso(value))


def user_rows(user: Record, settings: Settings) -> Rows:
    del settings
    is_active = user.get("active_flag") is not False and user.get("is_deleted") is not True
    return {
        "crm/reps": [
            {
                "rep_id": text(user.get("id")),
                # An invited user may have no name yet.
                "full_name": text(user.get("name")) or text(user.get("email")),
                "email": text(user.get("email")),
                "phone": text(user.get("phone")),
                "team": text(user.get("_team")),
                "time_zone": text(user.get("timezone_name")),
                "is_active": text(is_active),
            }
        ]
    }


def organization_rows(organization: Record, settings: Settings) -> Rows:
    del settings
    key = text(organization.get("id"))
    return {
        "crm/accounts": [
            {
                "account_id": key,
                "name": text(organization.get("name")) or f"organization {key}",
                "industry": text(organization.get("_industry")),
                "country": text(dug(organization, "address", "country")),
                "created_at": when(organization.get("add_time")),
                "updated_at": when(organization.get("update_time")),
                "is_deleted": text(organization.get("is_deleted") is True),
            }
        ]
    }


def person_rows(person: Record, settings: Settings) -> Rows:
    del settings
    return {
        "crm/contacts": [
            {
                "contact_id": text(person.get("id")),
                "account_id": text(person.get("org_id")),
                "full_name": text(person.get("name")),
                "emails": _values(person.get("emails")),
                "phones": _values(person.get("phones")),
                "created_at": when(person.get("add_time")),
                "updated_at": when(person.get("update_time")),
                "is_deleted": text(person.get("is_deleted") is True),
            }
        ]
    }


def lead_rows(lead: Record, settings: Settings) -> Rows:
    """A lead of the inbox, of the archive, or one that became a deal."""
    source = text(lead.get("source_name"))
    created = when(lead.get("add_time"))
    asked = _how_it_asked(source, settings)
    is_inquiry = True if asked else False if source in _FOUND_BY_US else None
    return {
        "crm/leads": [
            {
                "lead_id": text(lead.get("id")),
                "contact_id": text(lead.get("person_id")),
                "account_id": text(lead.get("organization_id")),
                "owner_rep_id": text(lead.get("owner_id")),
                "lead_source": text(lead.get("_channel")) or source,
                "is_inquiry": text(is_inquiry),
                "inquiry_at": created if asked else None,
                "inquiry_channel": asked,
                "status": _status(lead, settings),
                "created_at": created,
                "updated_at": _updated(lead),
                "is_deleted": "false",
            }
        ]
    }


def _status(lead: Record, settings: Settings) -> str:
    """What became of it; while it is in the inbox, if asked for, its first label."""
    if dug(lead, "_links", "converted_at"):
        return "converted"
    if lead.get("is_archived") is True:
        return "archived"
    labels = lead.get("_labels")
    if settings.get("lead_labels") == "true" and labels:
        return str(labels[0])
    return "open"


def _updated(lead: Record) -> str | None:
    """Becoming a deal is a change that leaves no time in the lead."""
    times = [
        moment
        for moment in (
            parse_iso(lead.get("update_time")),
            parse_iso(dug(lead, "_links", "converted_at")),
        )
        if moment
    ]
    return iso(max(times, default=None))


def _how_it_asked(source: str | None, settings: Settings) -> str | None:
    """The channel of an inquiry; None where the lead did not ask."""
    told = dict(INQUIRIES)
    for pair in (settings.get("inquiry_sources") or "").split(","):
        name, _, channel = pair.partition("=")
        if name.strip():
            told[name.strip()] = channel.strip() or "web"
    return told.get(source or "")


def _values(listed: Any) -> str | None:
    """Addresses or numbers, the primary one first."""
    ordered = sorted(listed or (), key=lambda one: one.get("primary") is not True)
    return joined(one.get("value") for one in ordered)
