"""Nights of a connector against a made-up account, and what it has told up to now."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from orchestration.connectors import discover
from orchestration.connectors.base import Context, Delivery
from orchestration.landing.contract import Column, load_contract
from tests.sandbox.account import Account, Row, row_key
from tests.sandbox.server import Sandbox

FAST = {
    "requests_per_second": "100000",
    "back_off_seconds": "0.01",
    "time_out_seconds": "0.5",
    "attempts": "4",
}
"""A test does not wait as politely as a night does."""

Told = dict[str, dict[tuple[str, ...], Row]]


class Nights:
    """Spends nights; `state` and `told` are what has landed so far."""

    def __init__(self, name: str, sandbox: Sandbox, account: Account, workdir: Path) -> None:
        self.connector = discover()[name]
        self.sandbox, self.account, self.workdir = sandbox, account, workdir
        self.more_settings: dict[str, str] = {}
        self.state: Mapping[str, Any] = {}
        self.told: Told = {}

    def ask(self, *, state: Mapping[str, Any] | None = None, full: bool = False) -> Delivery:
        """A night that does not land."""
        settings = {**self.account.settings(self.sandbox.url), **FAST, **self.more_settings}
        kept = self.state if state is None else state
        # As landing keeps it.
        kept = {} if full else json.loads(json.dumps(kept))
        return self.connector.extract(Context(settings, kept, self.workdir, full))

    def spend(self, *, full: bool = False) -> Told:
        """A night that lands; what it delivered."""
        delivery = self.ask(full=full)
        self.state = delivery.state
        landed(self.told, delivery)
        return landed({}, delivery)


def landed(told: Told, delivery: Delivery) -> Told:
    """`told` with a delivery landed on it: of a key, the later by `updated_at`, then by order."""
    for entity, files in delivery.files.items():
        latest_by = load_contract()[entity].latest_by
        for path in files:
            for line in path.read_text(encoding="utf-8").splitlines():
                row = typed(entity, json.loads(line))
                key = row_key(entity, json.loads(line))
                before = told.setdefault(entity, {}).get(key)
                if before and latest_by and _stamp(row, latest_by) < _stamp(before, latest_by):
                    continue
                told[entity][key] = row
    return told


def typed(entity: str, row: Row) -> dict[str, Any]:
    """A row as landing would read it, without what is empty: times in UTC, numbers, booleans."""
    found = {}
    for column in load_contract()[entity].columns:
        value = row.get(column.name)
        if value is not None and value != "":
            found[column.name] = _typed(column, value)
    return found


def expected(account: Account) -> Told:
    """What the account holds, as `told` has it."""
    return {
        entity: {row_key(entity, row): typed(entity, row) for row in rows}
        for entity, rows in account.expected().items()
        if rows
    }


def only_held(account: Account, told: Told) -> Told:
    """`told` without the columns that the account does not speak of."""
    return {
        entity: {
            key: {name: row[name] for name in row if name in account.HOLDS[entity]}
            for key, row in rows.items()
        }
        for entity, rows in told.items()
        if entity in account.HOLDS and rows
    }


def _typed(column: Column, value: str) -> Any:
    if column.kind == "time":
        moment = datetime.fromisoformat(value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    if column.kind == "number":
        try:
            return Decimal(value).normalize()
        except InvalidOperation:
            return value
    return value.lower() if column.kind == "boolean" else value


def _stamp(row: Row, latest_by: str) -> Any:
    return row.get(latest_by) or datetime.min.replace(tzinfo=UTC)
