"""What the report shows, read from the published database; a table that is not there is empty."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb

from orchestration.report.periods import Period, period_of
from orchestration.warehouse import open_published

Row = Mapping[str, Any]

SHOWN = (
    "kpi_scorecard",
    "kpi_speed_to_lead_curve",
    "kpi_touch_hazard",
    "kpi_funnel",
    "kpi_rep_profile",
    "kpi_collateral_items",
)
"""What the report stands on; it says which of these are not there."""

_UNSEEN = {
    # Control characters rewrite a terminal …
    **dict.fromkeys([*range(32), *range(127, 160)], " "),
    # … and those of direction make a name look like another.
    **dict.fromkeys([0x61C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)], ""),
}


@dataclass(frozen=True)
class Definition:
    """What a measure is called and means (seeds/kpi_definitions.csv)."""

    kpi: str
    measure: str
    position: int = 0
    kind: str = ""
    unit: str = ""
    better_is: str | None = None
    is_headline: bool = False
    title_en: str = ""
    title_ru: str = ""
    short_en: str = ""
    short_ru: str = ""
    explanation_en: str = ""
    explanation_ru: str = ""


@dataclass(frozen=True)
class Benchmark:
    """What is said elsewhere (seeds/kpi_benchmarks.csv)."""

    kpi: str
    measure: str
    value: float
    unit: str = ""
    population: str = ""
    year: int | None = None
    source: str = ""
    grade: str = ""
    claim_en: str = ""
    claim_ru: str = ""


@dataclass(frozen=True)
class Figure:
    """A row of kpi_scorecard."""

    kpi: str
    measure: str
    period_grain: str
    period_start: date
    scope: str
    scope_value: str
    scope_label: str | None
    value: float | None
    unit: str | None
    numerator: float | None
    denominator: float | None
    low: float | None
    high: float | None
    benchmark: float | None
    benchmark_verdict: str | None
    previous_value: float | None
    is_reliable: bool
    unreliable_because: str | None

    @property
    def reasons(self) -> tuple[str, ...]:
        return tuple((self.unreliable_because or "").split("; ")) if not self.is_reliable else ()


@dataclass(frozen=True)
class Published:
    """Everything that the report shows."""

    as_of: datetime | None
    time_zone: str
    currency: str
    definitions: tuple[Definition, ...]
    benchmarks: tuple[Benchmark, ...]
    figures: tuple[Figure, ...]
    tables: frozenset[str]
    reps: tuple[Row, ...] = ()
    curve: tuple[Row, ...] = ()
    hazard: tuple[Row, ...] = ()
    funnel: tuple[Row, ...] = ()
    profile: tuple[Row, ...] = ()
    items: tuple[Row, ...] = ()
    notes: Mapping[str, int] = field(default_factory=dict)

    @cached_property
    def today(self) -> date:
        """The local day that the marts describe; without a release's word, the latest period's."""
        if self.as_of is not None:
            return self.as_of.replace(tzinfo=UTC).astimezone(ZoneInfo(self.time_zone)).date()
        return max((figure.period_start for figure in self.figures), default=date(1970, 1, 1))

    @cached_property
    def month(self) -> Period:
        """The latest month that is over."""
        return period_of("month", self.today).before()

    @cached_property
    def quarter(self) -> Period:
        """A quarter for what a month has too few cases of: this one from its last month on."""
        current = period_of("quarter", self.today)
        is_far_on = period_of("month", self.today).after() == Period("month", current.after().start)
        return current if is_far_on else current.before()

    @cached_property
    def missing(self) -> tuple[str, ...]:
        return tuple(name for name in SHOWN if name not in self.tables)

    @cached_property
    def _index(self) -> dict[tuple[str, str, str, str, str, date], Figure]:
        return {
            (f.kpi, f.measure, f.scope, f.scope_value, f.period_grain, f.period_start): f
            for f in self.figures
        }

    def figure(
        self,
        definition: Definition | Benchmark,
        period: Period,
        scope: str = "company",
        scope_value: str = "all",
    ) -> Figure | None:
        key = (definition.kpi, definition.measure, scope, scope_value, period.grain, period.start)
        return self._index.get(key)

    def kpis(self) -> list[Definition]:
        return [one for one in self.definitions if not one.measure]

    def headline(self, kpi: str) -> Definition | None:
        return next((d for d in self.definitions if d.kpi == kpi and d.is_headline), None)

    def measure(self, kpi: str, measure: str) -> Definition | None:
        found = (d for d in self.definitions if (d.kpi, d.measure) == (kpi, measure))
        return next(found, None)

    def members(self, scope: str) -> list[tuple[str, str]]:
        """(scope_value, label) of those that have a figure in the quarter shown."""
        found = {
            (f.scope_value, f.scope_label or f.scope_value)
            for f in self.figures
            if f.scope == scope and f.period_start == self.quarter.start
        }
        return sorted(found, key=lambda member: (member[1].casefold(), member[0]))


def read_published(path: Path) -> Published:
    with open_published(path) as connection:
        return _read(connection)


def _read(connection: duckdb.DuckDBPyConnection) -> Published:
    schemas = {
        str(name): str(schema)
        for schema, name in connection.execute(
            "select table_schema, table_name from information_schema.tables order by all desc"
        ).fetchall()
    }

    def rows(table: str, query: str) -> tuple[Row, ...]:
        """The query's rows, `{table}` in it with its schema; none where there is no such table."""
        if table not in schemas:
            return ()
        return _fetch(connection, query.replace("{table}", f"{schemas[table]}.{table}"))

    release = next(iter(rows("release", "select * from {table}")), {})
    reps = rows("dim_reps", "select * from {table} order by rep_id")
    labels = {row["rep_id"]: row["full_name"] for row in reps}
    by_contact = "select * from {table} where scope = 'company' order by contact_number"
    by_hours = "select * from {table} where scope = 'company' order by hours"
    by_step = """
        select * from {table} where scope = 'company' and period_grain = 'quarter'
        order by period_start, step
    """
    figures = rows(
        "kpi_scorecard",
        f"""
        select {", ".join(one.name for one in fields(Figure))} from {{table}}
        where period_grain in ('month', 'quarter')
            and (scope = 'company' or period_grain = 'quarter')
        order by all
        """,
    )
    return Published(
        as_of=release.get("as_of"),
        time_zone=str(release.get("business_timezone") or "UTC"),
        currency=str(release.get("reporting_currency") or ""),
        definitions=tuple(
            Definition(**_known(Definition, row))
            for row in rows("kpi_definitions", "select * from {table} order by position, measure")
        ),
        benchmarks=tuple(
            Benchmark(**_known(Benchmark, row)) for row in rows("kpi_benchmarks", "from {table}")
        ),
        figures=tuple(Figure(**row) for row in figures),
        tables=frozenset(schemas),
        reps=reps,
        curve=rows("kpi_speed_to_lead_curve", by_hours),
        hazard=rows("kpi_touch_hazard", by_contact),
        funnel=rows("kpi_funnel", by_step),
        profile=tuple(
            {**row, "label": labels.get(row["rep_id"]) or row["rep_id"]}
            for row in rows("kpi_rep_profile", "select * from {table} order by rep_id, side")
        ),
        items=rows("kpi_collateral_items", "select * from {table} order by sends desc, title"),
        notes=_notes(rows),
    )


def _notes(rows: Any) -> dict[str, int]:
    deals = rows(
        "fct_deals",
        """
        select
            count(*) filter (where is_won) as won,
            count(*) filter (where is_won and amount is null) as won_without_amount,
            count(*) filter (where is_won and amount is not null and reporting_amount is null)
                as won_without_rate
        from {table} where not is_excluded
        """,
    )
    touches = rows(
        "fct_touches",
        """
        select count(*) as touches, count(*) filter (where lead_id is null) as touches_unmatched
        from {table} where not is_excluded and not is_automated
        """,
    )
    leads = rows(
        "fct_leads",
        """
        select count(*) as leads, count(*) filter (where is_excluded) as leads_excluded
        from {table}
        """,
    )
    found = [row for counted in (deals, touches, leads) for row in counted]
    return {key: int(value) for row in found for key, value in row.items()}


def _fetch(connection: duckdb.DuckDBPyConnection, query: str) -> tuple[Row, ...]:
    result = connection.execute(query)
    names = [column[0] for column in result.description]
    return tuple(
        {name: _plain(value) for name, value in zip(names, row, strict=True)}
        for row in result.fetchall()
    )


def _plain(value: Any) -> Any:
    return value.translate(_UNSEEN).strip() if isinstance(value, str) else value


def _known(kind: type, row: Row) -> dict[str, Any]:
    """The columns that the class knows, but those that are empty: a seed may hold more, or less."""
    names: Iterable[str] = (one.name for one in fields(kind))
    blank = {name: row[name] for name in names if name in row and row[name] is not None}
    return {"measure": "", **blank}
