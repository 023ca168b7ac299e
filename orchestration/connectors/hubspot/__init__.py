"""HubSpot: contacts, companies, leads, deals and what was done with them."""

from functools import partial
from pathlib import Path

from orchestration.connectors.base import Setting
from orchestration.connectors.http import HTTP_SETTINGS
from orchestration.connectors.hubspot.client import HubspotApi, open_api
from orchestration.connectors.hubspot.kinds import KINDS
from orchestration.connectors.hubspot.linking import links
from orchestration.connectors.hubspot.mapping import changed_at, rep_rows
from orchestration.connectors.hubspot.mapping_activities import (
    call_rows,
    email_rows,
    meeting_rows,
    message_rows,
)
from orchestration.connectors.hubspot.mapping_people import company_rows, contact_rows
from orchestration.connectors.hubspot.mapping_sales import deal_rows, lead_rows
from orchestration.connectors.hubspot.mapping_stages import no_rows, stage_changed_at, stage_rows
from orchestration.connectors.hubspot.reading import (
    census,
    read_leads,
    read_objects,
    read_owners,
    read_stages,
)
from orchestration.connectors.night import build_connector
from orchestration.connectors.streams import Stream

_HISTORY = ("crm/stage_changes", "crm/owner_changes")


def _activities(name: str) -> Stream[HubspotApi]:
    rows = {
        "calls": call_rows,
        "emails": email_rows,
        "meetings": meeting_rows,
        "communications": message_rows,
    }
    return Stream(
        name=name,
        entities=("crm/activities",),
        read=partial(read_objects, KINDS[name]),
        to_rows=rows[name],
        changed_at=changed_at,
        census=partial(census, KINDS[name]),
        links=partial(links, KINDS[name]),
    )


CONNECTOR = build_connector(
    folder=Path(__file__).parent,
    title="HubSpot",
    settings=(
        Setting("token", "the access token of a private app (pat-…)", required=True, secret=True),
        Setting("leads", "objects (HubSpot's leads), or lifecycle (contacts are leads)"),
        Setting("lead_source_property", "the property that says where a lead came from"),
        Setting("inquiry_at_property", "the property that says when a lead asked first"),
        Setting("inquiry_channel_property", "the property that says how it asked"),
        Setting("message_direction_property", "the property of messages that says the direction"),
        Setting("message_number_property", "the property of messages that holds the number"),
        Setting("searches_per_second", "at most so many searches a second; 4"),
        *HTTP_SETTINGS,
    ),
    open_api=open_api,
    streams=(
        Stream(name="owners", entities=("crm/reps",), read=read_owners, to_rows=rep_rows),
        Stream(
            name="stages",
            entities=("crm/deals",),
            read=read_stages,
            to_rows=no_rows,
            # A stage that is deleted is not forgotten: deals have been in it.
            changed_at=stage_changed_at,
            to_stages=stage_rows,
        ),
        Stream(
            name="companies",
            entities=("crm/accounts",),
            read=partial(read_objects, KINDS["companies"]),
            to_rows=company_rows,
            changed_at=changed_at,
            census=partial(census, KINDS["companies"]),
        ),
        Stream(
            name="contacts",
            entities=("crm/contacts", "crm/leads", *_HISTORY),
            read=partial(read_objects, KINDS["contacts"]),
            to_rows=contact_rows,
            changed_at=changed_at,
            census=partial(census, KINDS["contacts"]),
            links=partial(links, KINDS["contacts"]),
        ),
        Stream(
            name="leads",
            entities=("crm/leads", *_HISTORY),
            read=read_leads,
            to_rows=lead_rows,
            changed_at=changed_at,
            census=partial(census, KINDS["leads"]),
            links=partial(links, KINDS["leads"]),
            optional=True,
        ),
        Stream(
            name="deals",
            entities=("crm/deals", *_HISTORY),
            read=partial(read_objects, KINDS["deals"]),
            to_rows=deal_rows,
            changed_at=changed_at,
            census=partial(census, KINDS["deals"]),
            links=partial(links, KINDS["deals"]),
        ),
        _activities("calls"),
        _activities("emails"),
        _activities("meetings"),
        _activities("communications"),
    ),
)
