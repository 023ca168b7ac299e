"""Twilio Programmable Voice: its log of calls, leg by leg."""

from pathlib import Path

from orchestration.connectors.base import Setting
from orchestration.connectors.http import HTTP_SETTINGS
from orchestration.connectors.night import build_connector
from orchestration.connectors.streams import Stream
from orchestration.connectors.twilio.client import open_api, read_calls
from orchestration.connectors.twilio.mapping import call_rows, sid, started_at

CONNECTOR = build_connector(
    folder=Path(__file__).parent,
    title="Twilio",
    settings=(
        Setting("account_sid", "the account (AC…) whose calls are read", required=True),
        Setting("auth_token", "its auth token; or, better, a key:", secret=True),
        Setting("api_key", "an API key (SK…) made for touchline"),
        Setting("api_secret", "the key's secret", secret=True),
        Setting("answered_alone", "true: an inbound call put through to nobody may be talk"),
        *HTTP_SETTINGS,
    ),
    open_api=open_api,
    streams=(
        Stream(
            name="calls",
            entities=("telephony/calls",),
            read=read_calls,
            to_rows=call_rows,
            key=sid,
            # Calls have no time of change that can be asked for: what comes late is in the
            # look-back.
            changed_at=started_at,
        ),
    ),
)
