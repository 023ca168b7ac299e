"""Template: what it is, in a line."""

from pathlib import Path

from orchestration.connectors._template.client import list_deals, open_api, read_deals
from orchestration.connectors._template.mapping import changed_at, deal_rows
from orchestration.connectors.base import Setting
from orchestration.connectors.http import HTTP_SETTINGS
from orchestration.connectors.night import build_connector
from orchestration.connectors.streams import Stream

CONNECTOR = build_connector(
    folder=Path(__file__).parent,
    title="Template",
    settings=(
        Setting("token", "where it is made, which rights it needs", required=True, secret=True),
        *HTTP_SETTINGS,
    ),
    open_api=open_api,
    # In the order in which their rows should land: reps, accounts, contacts, leads, deals.
    streams=(
        Stream(
            name="deals",
            entities=("crm/deals",),
            read=read_deals,
            to_rows=deal_rows,
            changed_at=changed_at,
            census=list_deals,
        ),
    ),
)
