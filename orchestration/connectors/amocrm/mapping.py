"""Users, companies, contacts and leads of amoCRM -> rows of the landing contract.

What amoCRM calls a lead is a deal, too: one record, first asked and then sold. It becomes a row of
crm/leads, and one of crm/deals as soon as it was in a status from which it is a deal; both have its
id, and its history up to then and from then on.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from orchestration.connectors.amocrm.mapping_history import LOST, Story, stage_rows
from orchestration.connectors.values import (
    Record,
    Row,
    Rows,
    Settings,
    dug,
    iso,
    joined,
    parse_epoch,
    text,
)

SOURCE_FIELD = "UTM_SOURCE"
_CHANNELS = {"forms": "form", "sip": "call", "chats": "chat", "mail": "email"}
_ASKED = ("called_at", "received_at", "form_sent_at")
_NOBODY = "0"


def updated_at(record: Record) -> datetime | None:
    return parse_epoch(record.get("updated_at"))


def created_at(record: Record) -> datetime | None:
    return parse_epoch(record.get("created_at"))


def referred(value: object) -> str | None:
    """An id of somebody; 0 is a robot, or nobody."""
    told = text(value)
    return None if told == _NOBODY else told


def user_rows(user: Record, _settings: Settings) -> Rows:
    groups = dug(user, "_embedded", "groups") or ()
    return {
        "crm/reps": [
            {
                "rep_id": text(user.get("id")),
                "full_name": text(user.get("name")) or text(user.get("email")),
                "email": text(user.get("email")),
                "team": next(filter(None, (text(dug(one, "name")) for one in groups)), None),
                "is_active": text(dug(user, "rights", "is_active")),
            }
        ]
    }


def company_rows(company: Record, _settings: Settings) -> Rows:
    key = text(company.get("id"))
    name = text(company.get("name")) or key
    return {"crm/accounts": [{"account_id": key, "name": name, **_dates(company)}]}


def contact_rows(contact: Record, _settings: Settings) -> Rows:
    parts = (text(contact.get(name)) for name in ("first_name", "last_name"))
    return {
        "crm/contacts": [
            {
                "contact_id": text(contact.get("id")),
                "account_id": text(dug(contact, "_embedded", "companies", 0, "id")),
                "full_name": text(contact.get("name")) or " ".join(filter(None, parts)) or None,
                "emails": joined(field_values(contact, "EMAIL")),
                "phones": joined(field_values(contact, "PHONE")),
                **_dates(contact),
            }
        ]
    }


def lead_rows(lead: Record, settings: Settings) -> Rows:
    """The lead, its deal where it is or was one, and how both moved."""
    story = Story(lead)
    shared = {
        "contact_id": _main_contact(lead),
        "account_id": text(dug(lead, "_embedded", "companies", 0, "id")),
        "owner_rep_id": referred(lead.get("responsible_user_id")),
    }
    key = text(lead.get("id"))
    asked = inquiry(lead, story)
    rows: dict[str, list[Row]] = {
        "crm/leads": [
            {
                "lead_id": key,
                **shared,
                "lead_source": _source(lead, settings),
                **asked,
                "status": _stage(lead),
                **_dates(lead),
            }
        ],
        "crm/deals": [],
        **stage_rows(key, story),
    }
    if story.opened is not None:
        is_closed = story.kind in ("won", "lost")
        rows["crm/deals"].append(
            {
                "deal_id": key,
                "lead_id": key,
                **shared,
                "pipeline": text(lead.get("_pipeline")) or text(lead.get("pipeline_id")),
                "stage": _stage(lead),
                # A budget that nobody filled in is told as 0.
                "amount": referred(lead.get("price")),
                "currency": text(lead.get("_currency")),
                **_dates(lead),
                "created_at": iso(story.opened),
                "closed_at": iso(parse_epoch(lead.get("closed_at"))) if is_closed else None,
            }
        )
    return rows


def inquiry(lead: Record, story: Story) -> dict[str, str | None]:
    """Who came in by themselves: as an incoming lead, or by a form, a call or a chat that made one.

    No user made those.
    """
    waiting = lead.get("_unsorted") or {}
    is_inquiry = bool(waiting) or story.began_unsorted or referred(lead.get("created_by")) is None
    return {
        "is_inquiry": text(is_inquiry),
        "inquiry_at": iso(_asked_at(waiting) or created_at(lead)) if is_inquiry else None,
        "inquiry_channel": _CHANNELS.get(str(waiting.get("category"))),
    }


def field_values(record: Record, name: str) -> list[Any]:
    """The values of a custom field, by its code, id or name."""
    return [
        dug(value, "value")
        for field in record.get("custom_fields_values") or ()
        if name in (field.get("field_code"), text(field.get("field_id")), field.get("field_name"))
        for value in field.get("values") or ()
    ]


def _asked_at(incoming: Record) -> datetime | None:
    told = (parse_epoch(dug(incoming, "metadata", name)) for name in _ASKED)
    return next(filter(None, told), None)


def _stage(lead: Record) -> str | None:
    """The status; with the reason of the loss where that says that the lead was none."""
    status, reason = text(lead.get("status_id")), referred(lead.get("loss_reason_id"))
    is_told = lead.get("_is_excluded") and status == LOST and reason
    return f"{status}:{reason}" if is_told else status


def _source(lead: Record, settings: Settings) -> str | None:
    told = field_values(lead, settings.get("source_field", SOURCE_FIELD))
    return next(filter(None, map(text, told)), None) or text(
        dug(lead, "_embedded", "source", "name")
    )


def _main_contact(lead: Record) -> str | None:
    contacts = dug(lead, "_embedded", "contacts") or ()
    main = sorted(contacts, key=lambda one: not one.get("is_main"))
    return text(dug(main, 0, "id"))


def _dates(record: Mapping[str, Any]) -> dict[str, str | None]:
    return {
        "created_at": iso(created_at(record)),
        "updated_at": iso(updated_at(record)),
        "is_deleted": "true" if record.get("is_deleted") else "false",
    }
