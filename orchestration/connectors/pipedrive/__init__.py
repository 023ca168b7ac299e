"""Pipedrive: leads, deals, contacts, activities, logged calls and mail."""

from datetime import datetime, timedelta
from pathlib import Path

from orchestration.connectors.base import Setting
from orchestration.connectors.http import HTTP_SETTINGS
from orchestration.connectors.night import build_connector
from orchestration.connectors.pipedrive.client import (
    list_deals,
    list_of,
    open_api,
    read_activities,
    read_deals,
    read_organizations,
    read_persons,
    read_stages,
    read_users,
)
from orchestration.connectors.pipedrive.history import LOOK_BACK, read_histories, read_mail
from orchestration.connectors.pipedrive.leads import conversions_of, list_leads, read_leads
from orchestration.connectors.pipedrive.mapping import (
    lead_rows,
    organization_rows,
    person_rows,
    user_rows,
)
from orchestration.connectors.pipedrive.mapping_activities import activity_rows, mail_rows
from orchestration.connectors.pipedrive.mapping_deals import (
    deal_rows,
    history_rows,
    no_rows,
    stage_rows,
)
from orchestration.connectors.streams import Stream
from orchestration.connectors.values import Record, parse_iso

_WEEK = timedelta(days=7)


def _updated(record: Record) -> datetime | None:
    return parse_iso(record.get("update_time"))


CONNECTOR = build_connector(
    folder=Path(__file__).parent,
    title="Pipedrive",
    settings=(
        Setting("api_token", "a user's API token", required=True, secret=True),
        Setting("lead_labels", "true: the status of a lead in the inbox is its first label"),
        Setting("deals_are_leads", "false: a deal that came from no lead is no lead of its own"),
        Setting("inquiry_sources", "more sources of leads that asked first: API=web,Website=form"),
        Setting("activity_types", "what more types are: visit=meeting,sms_in=message inbound"),
        Setting("own_numbers", "the company's telephone numbers: a logged call to one is inbound"),
        Setting("call_logs", "false: logged calls are not asked for"),
        Setting("mail", "true: mail is read, person by person"),
        Setting("histories_a_night", "how many deals' histories a night may ask for; 1000"),
        Setting("mail_persons_a_night", "how many persons' mail a night may ask for; 1000"),
        *HTTP_SETTINGS,
    ),
    open_api=open_api,
    streams=(
        Stream(
            name="users",
            entities=("crm/reps",),
            read=read_users,
            to_rows=user_rows,
        ),
        Stream(
            name="organizations",
            entities=("crm/accounts",),
            read=read_organizations,
            to_rows=organization_rows,
            changed_at=_updated,
            census=list_of("/organizations"),
        ),
        Stream(
            name="persons",
            entities=("crm/contacts",),
            read=read_persons,
            to_rows=person_rows,
            changed_at=_updated,
            census=list_of("/persons"),
        ),
        Stream(
            name="leads",
            entities=("crm/leads",),
            read=read_leads,
            to_rows=lead_rows,
            changed_at=_updated,
            census=list_leads,
            # The archive costs twice as much, and a lead that became a deal is told by its deal.
            census_every=_WEEK,
            links=conversions_of,
        ),
        Stream(
            name="stages",
            entities=("crm/deals",),
            read=read_stages,
            to_rows=no_rows,
            # A stage that is deleted is not forgotten: deals have been in it.
            changed_at=_updated,
            to_stages=stage_rows,
        ),
        Stream(
            name="deals",
            entities=("crm/deals", "crm/leads", "crm/stage_changes"),
            read=read_deals,
            to_rows=deal_rows,
            changed_at=_updated,
            census=list_deals,
        ),
        Stream(
            name="histories",
            entities=("crm/stage_changes", "crm/owner_changes"),
            read=read_histories,
            to_rows=history_rows,
            changed_at=_updated,
            # What a night leaves over the next one takes up, from there and not from before.
            look_back=LOOK_BACK,
            full_every=None,
        ),
        Stream(
            name="activities",
            entities=("crm/activities",),
            read=read_activities,
            to_rows=activity_rows,
            changed_at=_updated,
            census=list_of("/activities"),
            census_every=_WEEK,
        ),
        Stream(
            name="mail",
            entities=("crm/activities",),
            read=read_mail,
            to_rows=mail_rows,
            changed_at=lambda record: parse_iso(record.get("_changed_at")),
            look_back=LOOK_BACK,
            full_every=None,
            optional=True,
        ),
    ),
)
