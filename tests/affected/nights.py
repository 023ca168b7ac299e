"""A small company night by night, each night of which can be set against a rebuild."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from orchestration.affected import Scope
from tests.kpis.warehouse import fetch, land_folder, transform, transform_night
from tests.reference.worlds import World, write_world

AS_OF = datetime(2026, 3, 20, 12)  # noqa: DTZ001  UTC, as all times of the marts

Rows = dict[str, list[dict[str, str]]]


def lead(number: int, **other: str) -> dict[str, str]:
    return {
        "lead_id": f"L{number}",
        "contact_id": f"C{number}",
        "owner_rep_id": "R1",
        "status": "working",
        "created_at": "2026-03-02T09:00:00Z",
        "updated_at": "",
        "merged_into_id": "",
        "is_deleted": "",
        "is_inquiry": "true",
        **other,
    }


def contact(number: int, **other: str) -> dict[str, str]:
    return {
        "contact_id": f"C{number}",
        "account_id": "",
        "phones": f"+7 495 123-45-1{number}",
        "emails": f"c{number}@example.com",
        "merged_into_id": "",
        **other,
    }


def call(name: str, number: str, **other: str) -> dict[str, str]:
    return {
        "call_id": name,
        "linked_id": "",
        "direction": "outbound",
        "from_number": "",
        "to_number": number,
        "extension": "",
        "started_at": "2026-03-03T10:00:00Z",
        "talk_seconds": "60",
        "disposition": "answered",
        **other,
    }


def activity(name: str, **other: str) -> dict[str, str]:
    return {
        "activity_id": name,
        "kind": "call",
        "direction": "outbound",
        "started_at": "2026-03-04T10:00:00Z",
        "lead_id": "",
        "contact_id": "",
        "phone": "",
        "telephony_call_id": "",
        **other,
    }


def rep(number: int, **other: str) -> dict[str, str]:
    return {
        "rep_id": f"R{number}",
        "full_name": "Anna",
        "extension": f"10{number}",
        "phone": "",
        "team": "East",
        "is_active": "true",
        **other,
    }


BEGINNING: Rows = {
    "crm/reps": [rep(1), rep(2), rep(3, extension="102", is_active="false")],
    "crm/contacts": [contact(number) for number in range(1, 7)],
    "crm/leads": [lead(number) for number in range(1, 7)],
    "telephony/calls": [
        *(call(f"T{number}", f"+7495123451{number}") for number in range(1, 4)),
        call("masked 1", "anonymous"),
        call("masked 2", "anonymous"),
    ],
    "crm/activities": [
        activity("A4", lead_id="L4"),
        activity("of nobody", phone="anonymous"),
        activity("names a call to come", lead_id="L5", telephony_call_id="T9"),
    ],
}


class Nights:
    """A warehouse after its first night; each further one is set against a rebuild."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
        self.connection, self.folder, self.count = connection, folder, 0
        self.night(BEGINNING, AS_OF)

    def night(self, rows: Mapping[str, Any], as_of: datetime = AS_OF) -> Scope:
        self.count += 1
        drop = self.folder / "drop"
        named = {f"{entity}-{self.count}": list(some) for entity, some in rows.items()}
        seeds = write_world(World(named), drop, self.folder / "seeds")
        settings = land_folder(self.connection, drop, f"night {self.count}")
        return transform_night(
            self.connection, settings, as_of, f"night {self.count}", seeds, leave_out=LEFT_OUT
        )

    def reached(self, kind: str) -> set[str]:
        rows = self.connection.execute("select id from raw.affected where kind = ?", [kind])
        return {str(found).removeprefix("files:") for (found,) in rows.fetchall()}

    def equals_a_rebuild(self, as_of: datetime = AS_OF) -> bool:
        def facts() -> list[Any]:
            return [
                fetch(self.connection, f"select * from marts.{fact} order by all")
                for fact in ("fct_touches", "fct_leads", "fct_deals", "dim_customers")
            ]

        in_place = facts()
        transform(self.connection, as_of, leave_out=LEFT_OUT)
        return in_place == facts()


LEFT_OUT = ("kpi_scorecard",)
