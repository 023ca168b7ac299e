"""The shape of every KPI mart: period_grain x period_start x scope x scope_value."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tests.reference.model import Rep, Settings

Item = TypeVar("Item")
Row = dict[str, Any]
GRAINS = ("week", "month", "quarter")
UNKNOWN = "unknown"


@dataclass(frozen=True, order=True)
class Scope:
    scope: str
    value: str


@dataclass(frozen=True, order=True)
class Cell:
    """One row of a KPI mart."""

    grain: str
    start: date
    scope: Scope


def local_day(moment: datetime, settings: Settings) -> date:
    return moment.replace(tzinfo=UTC).astimezone(settings.business_zone).date()


def period_start(day: date, grain: str) -> date:
    if grain == "week":
        return day - timedelta(days=day.weekday())
    if grain == "month":
        return day.replace(day=1)
    return date(day.year, 3 * ((day.month - 1) // 3) + 1, 1)


def period_end(start: date, grain: str) -> date:
    """The first day after the period."""
    if grain == "week":
        return start + timedelta(days=7)
    return period_start(start + timedelta(days=31 if grain == "month" else 92), grain)


class Frame:
    """Puts facts into the cells of a mart, and labels the cells."""

    def __init__(self, reps: dict[str, Rep], settings: Settings) -> None:
        self.reps = reps
        self.settings = settings

    def team(self, rep_id: str | None) -> str:
        """Also of a rep that no row describes."""
        rep = self.reps.get(rep_id or "")
        return (rep.team if rep else None) or UNKNOWN

    def scopes(self, rep_id: str | None, lead_source: str | None) -> list[Scope]:
        return [
            Scope("company", "all"),
            Scope("team", self.team(rep_id)),
            Scope("rep", rep_id or UNKNOWN),
            Scope("lead_source", lead_source or UNKNOWN),
        ]

    def by_scope(
        self,
        items: Iterable[Item],
        rep: Callable[[Item], str | None],
        source: Callable[[Item], str | None],
    ) -> dict[Scope, list[Item]]:
        scopes: dict[Scope, list[Item]] = defaultdict(list)
        for item in items:
            for scope in self.scopes(rep(item), source(item)):
                scopes[scope].append(item)
        return scopes

    def by_cell(
        self,
        items: Iterable[Item],
        when: Callable[[Item], datetime | None],
        rep: Callable[[Item], str | None],
        source: Callable[[Item], str | None],
    ) -> dict[Cell, list[Item]]:
        """Items without a time are in no cell."""
        cells: dict[Cell, list[Item]] = defaultdict(list)
        for item in items:
            moment = when(item)
            if moment is None:
                continue
            day = local_day(moment, self.settings)
            for grain in GRAINS:
                for scope in self.scopes(rep(item), source(item)):
                    cells[Cell(grain, period_start(day, grain), scope)].append(item)
        return cells

    def label(self, scope: Scope) -> str:
        rep = self.reps.get(scope.value) if scope.scope == "rep" else None
        return rep.full_name if rep else scope.value

    def scope_head(self, scope: Scope) -> Row:
        return {
            "scope": scope.scope,
            "scope_value": scope.value,
            "scope_label": self.label(scope),
        }

    def head(self, cell: Cell) -> Row:
        return {
            "period_grain": cell.grain,
            "period_start": cell.start,
            **self.scope_head(cell.scope),
        }
