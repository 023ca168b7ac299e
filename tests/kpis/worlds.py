"""Companies of a few rows: each test says above itself which rows are its own.

All tests of a module share one drop folder, so their ids, numbers and lead sources differ; it is
landed and transformed once a module (the fixture `marts`).
"""

import csv
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import duckdb

from tests.kpis.warehouse import build, fetch

Test = TypeVar("Test", bound=Callable[..., None])

_LEFT_OUT = ("kpi_scorecard", "kpi_speed_to_lead_audit")


@dataclass(frozen=True)
class Row:
    entity: str
    cells: Mapping[str, str]


def at(text: str) -> str:
    """`3 14:00:00` is a time on 3 March 2025, a Monday (UTC); `Apr 1 14:00` one in April."""
    month, day, clock = ["Mar", *text.split()][-3:]
    months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun"]
    return f"2025-{months.index(month) + 1:02}-{int(day):02}T{clock}Z"


def moment(text: str) -> datetime:
    """What the marts hold of `at(text)`."""
    return datetime.fromisoformat(at(text).removesuffix("Z"))


def number(n: int) -> str:
    """A telephone number of its own."""
    return f"+7916555{n:04}"


def rep(key: str, team: str = "", **cells: str) -> Row:
    return Row("crm/reps", {"rep_id": key, "full_name": key, "team": team, **cells})


def account(key: str, **cells: str) -> Row:
    return Row("crm/accounts", {"account_id": key, "name": key, **cells})


def contact(key: str, **cells: str) -> Row:
    return Row("crm/contacts", {"contact_id": key, **cells})


def lead(key: str, created: str = "3 08:00", **cells: str) -> Row:
    return Row("crm/leads", {"lead_id": key, "status": "new", "created_at": at(created), **cells})


def deal(key: str, created: str = "3 08:00", **cells: str) -> Row:
    return Row(
        "crm/deals", {"deal_id": key, "stage": "proposal", "created_at": at(created), **cells}
    )


def course(kind: str, key: str, *stages: tuple[str, str]) -> tuple[Row, ...]:
    """The stages of a lead or deal, each with its time."""
    return tuple(
        Row(
            "crm/stage_changes",
            {"object_type": kind, "object_id": key, "stage": stage, "changed_at": at(when)},
        )
        for stage, when in stages
    )


def owners(kind: str, key: str, *reps: tuple[str, str]) -> tuple[Row, ...]:
    return tuple(
        Row(
            "crm/owner_changes",
            {"object_type": kind, "object_id": key, "owner_rep_id": who, "changed_at": at(when)},
        )
        for who, when in reps
    )


def activity(key: str, when: str, kind: str, direction: str = "outbound", **cells: str) -> Row:
    return Row(
        "crm/activities",
        {
            "activity_id": key,
            "kind": kind,
            "direction": direction,
            "started_at": at(when),
            **cells,
        },
    )


def call(key: str, when: str, direction: str = "outbound", **cells: str) -> Row:
    return activity(key, when, "call", direction, **cells)


def email(key: str, when: str, direction: str = "outbound", **cells: str) -> Row:
    return activity(key, when, "email", direction, **cells)


def leg(
    key: str, when: str, direction: str = "outbound", talk: int | None = None, **cells: str
) -> Row:
    """A leg to or from `outside`; answered where somebody talks."""
    outside = {"outbound": "to_number", "inbound": "from_number"}.get(direction, "queue")
    told = {
        "call_id": key,
        "direction": direction,
        outside: cells.pop("outside", ""),
        "started_at": at(when),
        "disposition": "no_answer" if talk is None else "answered",
        "talk_seconds": "" if talk is None else str(talk),
        **cells,
    }
    return Row("telephony/calls", told)


REPS = (
    rep("R1", "East", extension="101", email="r1@example.com", phone="+74951234501"),
    rep("R2", "East", extension="102", email="r2@example.com"),
    rep("R3", "West", extension="103", email="r3@example.com"),
)


@dataclass
class Company:
    """The drop folder of one test module, in the writing."""

    as_of: str
    seeds: Mapping[str, list[dict[str, str]]] = field(default_factory=dict)
    """Reference tables that are not those of `seeds/`."""
    variables: Mapping[str, str] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=lambda: list(REPS))

    def given(self, *rows: Row | tuple[Row, ...]) -> Callable[[Test], Test]:
        """The rows of the test below."""
        for row in rows:
            self.rows += row if isinstance(row, tuple) else [row]
        return lambda test: test

    def build(self, connection: duckdb.DuckDBPyConnection, folder: Path) -> "Marts":
        for entity in {row.entity for row in self.rows}:
            cells = [row.cells for row in self.rows if row.entity == entity]
            _write(folder / f"{entity}.csv", cells)
        for name, table in self.seeds.items():
            _write(folder / "seeds" / f"{name}.csv", table)
        build(
            connection,
            folder,
            as_of=moment(self.as_of),
            seeds=folder / "seeds",
            variables=self.variables,
            leave_out=_LEFT_OUT,
        )
        return Marts(connection)


@dataclass(frozen=True)
class Marts:
    """What came out; ids are given and told as the files have them, without `files:`."""

    connection: duckdb.DuckDBPyConnection

    def select(self, query: str) -> list[dict[str, Any]]:
        return [
            {name: _native(value) for name, value in row.items()}
            for row in fetch(self.connection, query)
        ]

    def touches(self, *leads: str) -> list[dict[str, Any]]:
        """The touches of leads, in their order."""
        named = ", ".join(f"'files:{key}'" for key in leads)
        return self.select(
            f"select * from marts.fct_touches where lead_id in ({named}) order by started_at, touch_id"
        )

    def touch(self, key: str) -> dict[str, Any]:
        """The one touch of an activity, or of a telephony call that the CRM does not have."""
        (found,) = self.select(
            f"select * from marts.fct_touches where crm_activity_id = 'files:{key}' "
            f"or (telephony_call_id = 'files:{key}' and crm_activity_id is null)"
        )
        return found

    def has_touch(self, key: str) -> bool:
        return bool(
            self.select(f"select 1 from marts.fct_touches where crm_activity_id = 'files:{key}'")
        )

    def lead(self, key: str) -> dict[str, Any]:
        (found,) = self.select(f"select * from marts.fct_leads where lead_id = 'files:{key}'")
        return found

    def deal(self, key: str) -> dict[str, Any]:
        (found,) = self.select(f"select * from marts.fct_deals where deal_id = 'files:{key}'")
        return found

    def kpi(
        self, table: str, source: str, start: str = "2025-03-01", grain: str = "month", **more: str
    ) -> dict[str, Any]:
        """The row of a lead source, which is each test's own."""
        return self.scoped(table, "lead_source", source, start, grain, **more)

    def scoped(
        self, table: str, scope: str, value: str, start: str, grain: str = "month", **more: str
    ) -> dict[str, Any]:
        conditions = {
            "period_grain": grain,
            "period_start": start,
            "scope": scope,
            "scope_value": value,
            **more,
        }
        where = " and ".join(f"{name} = '{wanted}'" for name, wanted in conditions.items())
        found = self.select(f"select * from marts.{table} where {where}")
        assert len(found) < 2, f"{table}: {where} gives {len(found)} rows"
        return found[0] if found else {}


def _native(value: Any) -> Any:
    return value.removeprefix("files:") if isinstance(value, str) else value


def _write(file: Path, rows: list[Mapping[str, str]] | list[dict[str, str]]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    columns = list(dict.fromkeys(column for row in rows for column in row))
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, columns, restval="")
        writer.writeheader()
        writer.writerows(rows)
