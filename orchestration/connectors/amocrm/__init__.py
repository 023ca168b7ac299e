"""amoCRM, which is Kommo outside Russia: leads that are deals, notes that are calls."""

from datetime import timedelta
from functools import partial
from pathlib import Path

from orchestration.connectors.amocrm import client
from orchestration.connectors.amocrm.asking import open_api
from orchestration.connectors.amocrm.mapping import (
    SOURCE_FIELD,
    company_rows,
    contact_rows,
    created_at,
    lead_rows,
    updated_at,
    user_rows,
)
from orchestration.connectors.amocrm.mapping_history import no_rows, stage_key, told_stages
from orchestration.connectors.amocrm.mapping_touches import message_rows, note_rows
from orchestration.connectors.base import Setting
from orchestration.connectors.http import HTTP_SETTINGS
from orchestration.connectors.night import build_connector
from orchestration.connectors.streams import Stream

_NOTES = tuple(
    Stream(
        name=f"{entity}_notes",
        entities=("crm/activities",),
        read=partial(client.read_notes, entity),
        to_rows=note_rows,
        changed_at=updated_at,
        census=partial(client.list_notes, entity),
        # There are many of them, and few are ever deleted.
        census_every=timedelta(days=7),
    )
    for entity in ("leads", "contacts", "companies")
)

CONNECTOR = build_connector(
    folder=Path(__file__).parent,
    title="amoCRM (Kommo)",
    settings=(
        Setting("account", "the account's address: acme.amocrm.ru, acme.kommo.com"),
        Setting("token", "a long-lived token of a private integration", required=True, secret=True),
        Setting("deal_from", "ids of the statuses from which a lead is a deal; the second of each"),
        Setting("prospect_from", "ids of those from which it is a prospect; those of deal_from"),
        Setting("source_field", f"the lead's field that says where it is from; {SOURCE_FIELD}"),
        Setting("excluded_loss_reasons", "names or ids of reasons: spam, duplicate, test; none"),
        *HTTP_SETTINGS,
    ),
    open_api=open_api,
    streams=(
        Stream(name="users", entities=("crm/reps",), read=client.read_users, to_rows=user_rows),
        Stream(
            name="companies",
            entities=("crm/accounts",),
            read=partial(client.read_list, "companies"),
            to_rows=company_rows,
            changed_at=updated_at,
            census=partial(client.census, "companies"),
        ),
        Stream(
            name="contacts",
            entities=("crm/contacts",),
            read=partial(client.read_list, "contacts"),
            to_rows=contact_rows,
            changed_at=updated_at,
            census=partial(client.census, "contacts"),
        ),
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
            name="leads",
            entities=("crm/leads", "crm/deals", "crm/stage_changes", "crm/owner_changes"),
            read=client.read_leads,
            to_rows=lead_rows,
            changed_at=updated_at,
            census=client.list_leads,
        ),
        *_NOTES,
        Stream(
            name="messages",
            entities=("crm/activities",),
            read=client.read_messages,
            to_rows=message_rows,
            changed_at=created_at,
        ),
    ),
)
