"""The reference tables of `seeds/` that the facts and KPIs need."""

from __future__ import annotations

import csv
from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

LEAD_STATUSES = {
    "new": "lead",
    "working": "lead",
    "qualified": "prospect",
    "converted": "prospect",
    "disqualified": "lost",
    "spam": None,
    "duplicate": None,
    "test": None,
}
DEAL_STAGES = {
    "qualification": "opportunity",
    "proposal": "opportunity",
    "negotiation": "opportunity",
    "won": "won",
    "lost": "lost",
}


@dataclass(frozen=True)
class Stage:
    """What a native stage means. `step` is None where it is excluded or not mapped."""

    step: str | None
    is_excluded: bool = False


UNMAPPED = Stage(None)


@dataclass(frozen=True)
class Hours:
    team: str
    weekday: int
    opens: str
    closes: str
    time_zone: str | None = None
    country: str | None = None


@dataclass(frozen=True)
class Holiday:
    team: str | None
    country: str | None
    day: date


@dataclass
class Seeds:
    stages: dict[tuple[str, str], Stage] = field(default_factory=dict)
    hours: list[Hours] = field(default_factory=list)
    holidays: list[Holiday] = field(default_factory=list)
    rates: dict[str, list[tuple[date, Decimal]]] = field(default_factory=dict)
    outcomes: dict[tuple[str, str], str] = field(default_factory=dict)

    def stage(self, object_type: str, native_stage: str) -> Stage:
        return self.stages.get((object_type, native_stage.strip().lower()), UNMAPPED)

    def outcome(self, kind: str, native_outcome: str | None) -> str | None:
        return self.outcomes.get((kind, (native_outcome or "").strip().lower()))

    def rate(self, currency: str | None, day: date, reporting_currency: str) -> Decimal | None:
        """Reporting-currency units for one unit of the currency, in force on that day."""
        if currency is None:
            return None
        rates = self.rates.get(currency.upper(), [])
        position = bisect_right([since for since, _ in rates], day)
        if position:
            return rates[position - 1][1]
        return Decimal(1) if currency.upper() == reporting_currency.upper() else None


def _rows(folder: Path, name: str) -> list[dict[str, str]]:
    file = folder / f"{name}.csv"
    if not file.exists():
        return []
    with file.open(encoding="utf-8-sig", newline="") as stream:
        return [
            {column: (cell or "").strip() for column, cell in row.items() if column is not None}
            for row in csv.DictReader(stream)
        ]


def _default_stages() -> dict[tuple[str, str], Stage]:
    stages = {("lead", name): Stage(step, step is None) for name, step in LEAD_STATUSES.items()}
    stages.update({("deal", name): Stage(step) for name, step in DEAL_STAGES.items()})
    return stages


def read_seeds(folder: Path, connector: str) -> Seeds:
    seeds = Seeds(stages=_default_stages() if connector == "files" else {})
    for row in _rows(folder, "stage_map"):
        if row["connector"] == connector:
            excluded = row.get("is_excluded", "").lower() in {"true", "t", "yes", "y", "1"}
            key = (row["object_type"].lower(), row["native_stage"].lower())
            seeds.stages[key] = Stage(row.get("funnel_step") or None, excluded)
    for row in _rows(folder, "working_hours"):
        seeds.hours.append(
            Hours(
                team=row["team"],
                weekday=int(row["weekday"]),
                opens=row["opens"],
                closes=row["closes"],
                time_zone=row.get("time_zone") or None,
                country=row.get("country") or None,
            )
        )
    for row in _rows(folder, "holidays"):
        day = date.fromisoformat(row["day"])
        seeds.holidays.append(Holiday(row.get("team") or None, row.get("country") or None, day))
    for row in _rows(folder, "exchange_rates"):
        rate = (date.fromisoformat(row["day"]), Decimal(row["rate"]))
        seeds.rates.setdefault(row["currency"].upper(), []).append(rate)
    for rates in seeds.rates.values():
        rates.sort()
    for row in _rows(folder, "outcome_map"):
        seeds.outcomes[(row["kind"].lower(), row["native_outcome"].lower())] = row["outcome"]
    return seeds
