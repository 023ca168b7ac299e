"""Asterisk: its call detail records, from Master.csv, SQLite or any database."""

from pathlib import Path

from orchestration.connectors.asterisk.client import began, open_api, read_calls
from orchestration.connectors.asterisk.mapping import call_rows, leg_key
from orchestration.connectors.base import Setting
from orchestration.connectors.night import build_connector
from orchestration.connectors.streams import Stream

CONNECTOR = build_connector(
    folder=Path(__file__).parent,
    title="Asterisk CDR",
    settings=(
        Setting("time_zone", "the zone of its times: the PBX's, or UTC (usegmtime)", required=True),
        Setting("path", "Master.csv or master.sqlite3; what was rotated is found beside it"),
        Setting("url", "or a database: an SQLAlchemy address", secret=True),
        Setting("password", "its password, where the address has none", secret=True),
        Setting("table", "the table; cdr"),
        Setting("columns", "the CSV's columns in their order, where cdr_csv's are not kept"),
        Setting("names", "columns that are named otherwise: start=calldate,end=enddate"),
        Setting("extension_pattern", "what a rep's telephone is called; its group: the extension"),
        Setting("trunks", "how trunks' channels begin: PJSIP/trunk,DAHDI/"),
        Setting("inbound_contexts", "how the contexts of calls from outside begin"),
        Setting("inside_contexts", "how the contexts of reps' telephones begin"),
        Setting("outside_prefix", "what reps dial before an outside number"),
        Setting("amd_column", "a column that holds AMDSTATUS: MACHINE is voicemail"),
    ),
    open_api=open_api,
    streams=(
        Stream(
            name="calls",
            entities=("telephony/calls",),
            read=read_calls,
            to_rows=call_rows,
            key=leg_key,
            # Written when it ends: a long call comes late, which the look-back covers.
            changed_at=began,
        ),
    ),
)
