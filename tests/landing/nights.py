"""Nights of landing a drop folder, one after the other, in memory."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from orchestration.connectors.base import Context
from orchestration.connectors.files import CONNECTOR
from orchestration.landing import LoadCount, land, load_state
from orchestration.settings import Settings, build_settings
from tests.kpis.warehouse import fetch, open_warehouse

_EVERYTHING = "2025-03-03T10:00:00Z"
REQUIRED: Mapping[str, Mapping[str, str]] = {
    "crm/leads": {"lead_id": "L1", "status": "new", "created_at": _EVERYTHING},
    "crm/deals": {"deal_id": "D1", "stage": "proposal", "created_at": _EVERYTHING},
    "crm/contacts": {"contact_id": "C1"},
    "crm/reps": {"rep_id": "R1", "full_name": "Anna"},
    "crm/quotas": {"rep_id": "R1", "month": "2025-03-01", "amount": "1"},
    "crm/collateral": {"collateral_id": "S1", "title": "A sheet"},
    "crm/collateral_events": {
        "event_id": "E1",
        "collateral_id": "S1",
        "event": "sent",
        "occurred_at": _EVERYTHING,
    },
    "crm/stage_changes": {
        "object_type": "lead",
        "object_id": "L1",
        "stage": "new",
        "changed_at": _EVERYTHING,
    },
    "crm/owner_changes": {
        "object_type": "lead",
        "object_id": "L1",
        "owner_rep_id": "R1",
        "changed_at": _EVERYTHING,
    },
    "crm/activities": {"activity_id": "A1", "kind": "call", "started_at": _EVERYTHING},
    "telephony/calls": {
        "call_id": "T1",
        "direction": "outbound",
        "started_at": _EVERYTHING,
        "disposition": "answered",
    },
}
"""A row of each entity with no more than it needs."""


@dataclass
class Nights:
    """A drop folder and what has landed of it. Every night's counts are checked to add up."""

    connection: duckdb.DuckDBPyConnection
    settings: Settings
    folder: Path
    told: Mapping[str, str]
    """Settings of the connector: time_zone, encoding."""
    count: int = 0

    def drop(self, name: str, content: str | bytes) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())

    def drop_rows(self, name: str, *rows: Mapping[str, str]) -> None:
        """Rows of text without commas and quotes."""
        columns = list(dict.fromkeys(column for row in rows for column in row))
        lines = [",".join(row.get(column, "") for column in columns) for row in rows]
        self.drop(name, "\n".join([",".join(columns), *lines, ""]))

    def land(self) -> dict[str, LoadCount]:
        """One night: the files that are new or changed. Raises LandingError as landing does."""
        self.count += 1
        run_id = f"night {self.count}"
        context = Context(
            {"path": str(self.folder), **self.told},
            load_state(self.connection, "files"),
            self.folder,
        )
        before = self.raw_counts()
        try:
            counts = land(
                self.connection, self.settings, "files", CONNECTOR.extract(context), run_id
            )
        finally:
            self._check_ledger(run_id, before)
        return {count.entity: count for count in counts}

    def raw_counts(self) -> dict[str, tuple[int, int]]:
        """Entity -> rows in raw, rows in quarantine."""
        found = {}
        for entity in REQUIRED:
            table = "raw." + entity.replace("/", "_")
            known = fetch(
                self.connection,
                f"select 1 from duckdb_tables() where schema_name || '.' || table_name = '{table}'",
            )
            raw = self.select(f"select count(*) as n from {table}")[0]["n"] if known else 0
            aside = self.select(
                f"select count(*) as n from quarantine.rows where entity = '{entity}'"
            )
            found[entity] = (raw, aside[0]["n"])
        return found

    def _check_ledger(self, run_id: str, before: Mapping[str, tuple[int, int]]) -> None:
        """Rows in + replayed = kept + replaced + quarantined, and so say the tables themselves."""
        after = self.raw_counts()
        for row in self.select(f"select * from quality.loads where run_id = '{run_id}'"):
            entity = row["entity"]
            went = row["kept"] + row["replaced"] + row["quarantined"]
            assert row["rows_in"] + row["replayed"] == went, row
            if entity in before:
                assert after[entity][0] - before[entity][0] == row["kept"], row
                moved = row["quarantined"] - row["replayed"]
                assert after[entity][1] - before[entity][1] == moved, row

    def select(self, query: str) -> list[dict[str, Any]]:
        return fetch(self.connection, query)

    def raw(self, entity: str, columns: str = "*") -> list[dict[str, Any]]:
        table = "raw." + entity.replace("/", "_")
        return self.select(f"select {columns} from {table} order by _file, _line")

    def quarantine(self) -> list[dict[str, Any]]:
        return self.select(
            "select entity, file, line, rule, record from quarantine.rows order by file, line"
        )


@contextmanager
def open_nights(
    folder: Path, told: Mapping[str, str] | None = None, **settings: Any
) -> Iterator[Nights]:
    drop = folder / "drop"
    drop.mkdir(parents=True)
    with open_warehouse() as connection:
        chosen = build_settings(home=folder / "home", **settings)
        load_state(connection, "files")
        yield Nights(connection, chosen, drop, told or {})
