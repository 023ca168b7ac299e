"""The demo company as canonical rows, as they are once landed: clean, one row a key."""

import json
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb

from orchestration.connectors import build_context, discover
from orchestration.landing import land
from orchestration.landing.contract import load_contract
from orchestration.settings import build_settings
from tests.sandbox import sandbox
from tests.sandbox.account import Account, Row, Rows

_PREFIX = "demo:"


def demo_company(home: Path, *, leads: int = 200, nights: int = 1) -> dict[str, list[Row]]:
    """The demo company after so many nights, by entity; ids without the connector's name."""
    settings = build_settings(home=home)
    context = build_context(settings, "demo", {})
    told = {**context.settings, "leads": str(leads)}
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        state: Mapping[str, Any] = {}
        for night in range(nights):
            delivery = discover()["demo"].extract(type(context)(told, state, context.workdir))
            land(connection, settings, "demo", delivery, f"sandbox-{night}")
            state = delivery.state
        return {
            entity.name: _rows(connection, entity.table, [c.name for c in entity.columns])
            for entity in load_contract().values()
        }


def build_accounts(rows: Rows, names: list[str]) -> dict[str, Account]:
    """An account of each vendor, holding of the company what it can hold.

    A CRM names a call as the telephone system among `names` does.
    """
    accounts: dict[str, Account] = {}
    switchboard = next((name for name in names if _is_telephony(name)), None)
    if switchboard is not None:
        accounts[switchboard] = sandbox(switchboard).build_account(rows)
    for name in names:
        if name != switchboard:
            given = renamed_calls(rows, accounts[switchboard]) if switchboard else dict(rows)
            if switchboard:
                # A CRM that has a log of calls itself has none beside another system's.
                given.pop("telephony/calls", None)
            accounts[name] = sandbox(name).build_account(given)
    for account in accounts.values():
        # As many as the client asks for, up to what the vendor allows.
        account.page_size = 1000
    return {name: accounts[name] for name in names}


def _is_telephony(name: str) -> bool:
    return str(sandbox(name).build_account({}).MAIN).startswith("telephony/")


def renamed_calls(rows: Rows, switchboard: Account) -> dict[str, list[Row]]:
    """The rows with the calls that a CRM names called as the telephone system calls them."""

    def renamed(row: Row) -> Row:
        call = row.get("telephony_call_id")
        native = switchboard.native_id("telephony/calls", call) if call else None
        return {**row, "telephony_call_id": native}

    return {
        entity: [renamed(row) for row in some] if entity == "crm/activities" else list(some)
        for entity, some in rows.items()
    }


def _rows(connection: duckdb.DuckDBPyConnection, table: str, names: list[str]) -> list[Row]:
    found = connection.execute(f"select {', '.join(names)} from {table} order by all").fetchall()
    return [dict(zip(names, map(_text, values), strict=True)) for values in found]


def _text(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat() + "Z"
    if isinstance(value, date):
        return value.isoformat()
    return str(value).removeprefix(_PREFIX)


def env_lines(accounts: Mapping[str, Account], urls: Mapping[str, str]) -> list[str]:
    """The `.env` that reads these accounts."""
    lines = [f"TOUCHLINE_SOURCES={','.join(accounts)}"]
    for name, account in accounts.items():
        for key, value in account.settings(urls[name]).items():
            told = value if value.isascii() and " " not in value else json.dumps(value)
            lines.append(f"TOUCHLINE_{name}_{key}".upper() + f"={told}")
    return lines
