"""Bitrix24: its CRM and its call log."""

from functools import partial
from pathlib import Path

from orchestration.connectors.base import Setting
from orchestration.connectors.bitrix24 import client
from orchestration.connectors.bitrix24.mapping import (
    INQUIRY_SOURCES,
    company_rows,
    contact_rows,
    deal_rows,
    lead_rows,
    modified_at,
    native_id,
    user_rows,
)
from orchestration.connectors.bitrix24.mapping_stages import (
    deal_stage_rows,
    lead_stage_rows,
    no_rows,
    stage_key,
    told_stages,
)
from orchestration.connectors.bitrix24.mapping_touches import (
    activity_rows,
    call_rows,
    call_started_at,
    updated_at,
)
from orchestration.connectors.http import HTTP_SETTINGS
from orchestration.connectors.night import build_connector
from orchestration.connectors.streams import Stream
from orchestration.connectors.values import parse_iso

CONNECTOR = build_connector(
    folder=Path(__file__).parent,
    title="Bitrix24",
    settings=(
        Setting(
            "webhook",
            "the address of an inbound webhook: https://<portal>/rest/<user>/<code>/",
            required=True,
            secret=True,
        ),
        Setting("telephony", "false: its call log is not read, as another system's is; true"),
        Setting("inquiry_sources", f"SOURCE_ID=channel of who asks first; {INQUIRY_SOURCES}"),
        # The webhook is where the system is.
        *(one for one in HTTP_SETTINGS if one.key != "base_url"),
    ),
    open_api=client.open_api,
    streams=(
        Stream(
            name="users",
            entities=("crm/reps",),
            read=client.read_users,
            to_rows=user_rows,
            key=native_id,
        ),
        Stream(
            name="companies",
            entities=("crm/accounts",),
            read=client.read_companies,
            to_rows=company_rows,
            key=native_id,
            changed_at=modified_at,
            census=partial(client.census, client.COMPANIES),
        ),
        Stream(
            name="contacts",
            entities=("crm/contacts",),
            read=partial(client.read, client.CONTACTS),
            to_rows=contact_rows,
            key=native_id,
            changed_at=modified_at,
            census=partial(client.census, client.CONTACTS),
        ),
        Stream(
            name="leads",
            entities=("crm/leads", "crm/contacts"),
            read=client.read_leads,
            to_rows=lead_rows,
            key=native_id,
            changed_at=modified_at,
            census=partial(client.census, client.LEADS),
        ),
        Stream(
            name="deals",
            entities=("crm/deals",),
            read=client.read_deals,
            to_rows=deal_rows,
            key=native_id,
            changed_at=modified_at,
            census=partial(client.census, client.DEALS),
        ),
        Stream(
            name="lead_stages",
            entities=("crm/stage_changes",),
            read=client.read_lead_stages,
            to_rows=lead_stage_rows,
            key=native_id,
            changed_at=lambda entry: parse_iso(entry.get("CREATED_TIME")),
        ),
        Stream(
            name="deal_stages",
            entities=("crm/stage_changes",),
            read=client.read_deal_stages,
            to_rows=deal_stage_rows,
            key=native_id,
            changed_at=lambda entry: parse_iso(entry.get("CREATED_TIME")),
        ),
        # After all that names stages: those that a portal has no more are known from there.
        Stream(
            name="stages",
            entities=("crm/stage_changes",),
            read=client.read_stages,
            to_rows=no_rows,
            key=stage_key,
            # Read whole each night; what is there no more is kept, as history names it.
            changed_at=lambda _status: None,
            to_stages=told_stages,
        ),
        Stream(
            name="activities",
            entities=("crm/activities",),
            read=partial(client.read, client.ACTIVITIES),
            to_rows=activity_rows,
            key=native_id,
            changed_at=updated_at,
            census=partial(client.census, client.ACTIVITIES),
        ),
        Stream(
            name="calls",
            entities=("telephony/calls",),
            read=client.read_calls,
            to_rows=call_rows,
            key=native_id,
            # A call of the log does not change: what is late is in the look-back.
            changed_at=call_started_at,
            optional=True,
        ),
    ),
)
