"""Users, companies, contacts, leads and deals of Bitrix24 -> rows of the landing contract."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from orchestration.connectors.values import (
    Record,
    Row,
    Rows,
    Settings,
    dug,
    iso,
    joined,
    parse_iso,
    text,
)

INQUIRY_SOURCES = "CALL=call;CALLBACK=callback;EMAIL=email;WEB=form;WEBFORM=form;STORE=form"
"""The vendor's sources by which somebody asks first, and by which channel; beside them the open
lines (`1|WHATSAPP`), which are chats."""
_NOBODY = "0"


def native_id(record: Record) -> str:
    return text(record.get("ID")) or ""


def modified_at(record: Record) -> datetime | None:
    return parse_iso(record.get("DATE_MODIFY"))


def referred(value: object) -> str | None:
    """An id of something else; 0 is nobody."""
    told = text(value)
    return None if told == _NOBODY else told


def user_rows(user: Record, _settings: Settings) -> Rows:
    departments = user.get("_departments")
    name = _full_name(user) or text(user.get("EMAIL")) or native_id(user)
    hired = text(user.get("UF_EMPLOYMENT_DATE"))
    return {
        "crm/reps": [
            {
                "rep_id": native_id(user),
                "full_name": name,
                "email": text(user.get("EMAIL")),
                "phone": text(user.get("WORK_PHONE")) or text(user.get("PERSONAL_MOBILE")),
                "extension": text(user.get("UF_PHONE_INNER")),
                "team": next(filter(None, departments or ()), None),
                "time_zone": text(user.get("TIME_ZONE")),
                "is_active": text(user.get("ACTIVE")),
                "hired_on": hired[:10] if hired else None,
            }
        ]
    }


def company_rows(company: Record, _settings: Settings) -> Rows:
    return {
        "crm/accounts": [
            {
                "account_id": native_id(company),
                "name": text(company.get("TITLE")) or native_id(company),
                "industry": text(company.get("_industry")) or text(company.get("INDUSTRY")),
                "country": text(company.get("ADDRESS_COUNTRY")),
                **_dates(company),
            }
        ]
    }


def contact_rows(contact: Record, _settings: Settings) -> Rows:
    return {
        "crm/contacts": [
            {
                "contact_id": native_id(contact),
                "account_id": referred(contact.get("COMPANY_ID")),
                **_person(contact),
            }
        ]
    }


def lead_rows(lead: Record, settings: Settings) -> Rows:
    """The lead; and the person in it, where that is none of the contacts (yet)."""
    channel = inquiry_channel(lead.get("SOURCE_ID"), settings)
    contact = referred(lead.get("CONTACT_ID"))
    person = _person_of_lead(lead, contact)
    created = iso(parse_iso(lead.get("DATE_CREATE")))
    return {
        "crm/contacts": [person] if person else [],
        "crm/leads": [
            {
                "lead_id": native_id(lead),
                "contact_id": contact or (person["contact_id"] if person else None),
                "account_id": referred(lead.get("COMPANY_ID")),
                "owner_rep_id": referred(lead.get("ASSIGNED_BY_ID")),
                "lead_source": text(lead.get("_source")) or text(lead.get("SOURCE_ID")),
                "is_inquiry": text(channel is not None),
                "inquiry_at": created if channel else None,
                "inquiry_channel": channel,
                "status": text(lead.get("STATUS_ID")),
                **_dates(lead),
            }
        ],
    }


def deal_rows(deal: Record, _settings: Settings) -> Rows:
    is_closed = deal.get("STAGE_SEMANTIC_ID") in ("S", "F")
    # CLOSEDATE is the day on which it was expected to close, and a day only.
    closed = parse_iso(deal.get("MOVED_TIME")) or parse_iso(deal.get("CLOSEDATE"))
    return {
        "crm/deals": [
            {
                "deal_id": native_id(deal),
                "lead_id": referred(deal.get("LEAD_ID")),
                "contact_id": referred(deal.get("CONTACT_ID")),
                "account_id": referred(deal.get("COMPANY_ID")),
                "owner_rep_id": referred(deal.get("ASSIGNED_BY_ID")),
                "pipeline": text(deal.get("_pipeline")) or text(deal.get("CATEGORY_ID")),
                "stage": text(deal.get("STAGE_ID")),
                "amount": _amount(deal),
                "currency": text(deal.get("CURRENCY_ID")),
                **_dates(deal),
                "closed_at": iso(closed) if is_closed else None,
            }
        ]
    }


def inquiry_channel(source: object, settings: Settings) -> str | None:
    """By which channel somebody of this source asked; None: we went to them."""
    told = text(source)
    if told is None:
        return None
    pairs = (
        one.partition("=") for one in settings.get("inquiry_sources", INQUIRY_SOURCES).split(";")
    )
    channels = {name.strip(): channel.strip() or "other" for name, _, channel in pairs}
    return channels.get(told) or ("chat" if "|" in told else None)


def _amount(deal: Record) -> str | None:
    """What nobody filled in is told as 0.00."""
    amount = text(deal.get("OPPORTUNITY"))
    is_empty = amount is not None and not amount.strip("0.")
    return None if is_empty and deal.get("IS_MANUAL_OPPORTUNITY") != "Y" else amount


def _person_of_lead(lead: Record, contact: str | None) -> Row | None:
    """A lead holds a person's numbers itself until it becomes a contact, and keeps them then."""
    person = _person(lead)
    if not (person["phones"] or person["emails"]):
        return None
    return {
        "contact_id": f"lead-{native_id(lead)}",
        "account_id": referred(lead.get("COMPANY_ID")),
        **person,
        "merged_into_id": contact,
    }


def _person(record: Record) -> dict[str, str | None]:
    return {
        "full_name": _full_name(record),
        "emails": joined(_values(record.get("EMAIL"))),
        "phones": joined(_values(record.get("PHONE"))),
        **_dates(record),
    }


def _values(several: object) -> Iterable[Any]:
    """Of `[{"VALUE": …, "VALUE_TYPE": "WORK"}, …]`."""
    some = several if isinstance(several, list) else []
    return [dug(one, "VALUE") for one in some]


def _full_name(record: Record) -> str | None:
    parts = (text(record.get(name)) for name in ("NAME", "SECOND_NAME", "LAST_NAME"))
    return " ".join(filter(None, parts)) or None


def _dates(record: Mapping[str, Any]) -> dict[str, str | None]:
    return {
        "created_at": iso(parse_iso(record.get("DATE_CREATE"))),
        "updated_at": iso(modified_at(record)),
        "is_deleted": "false",
    }
