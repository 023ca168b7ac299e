"""Random companies: the warehouse's tables are those of the reference, which shares no code with it.

`TOUCHLINE_TEST_WORLDS=200` tries more worlds than the suite's few.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from math import isclose
from pathlib import Path
from typing import Any

import pytest

from tests.kpis.warehouse import build, fetch, open_warehouse
from tests.reference import compute
from tests.reference.worlds import random_world, write_world

Row = Mapping[str, Any]

_WORLDS = int(os.environ.get("TOUCHLINE_TEST_WORLDS", "12"))
_SHOWN = 12
_PERIOD_AND_SCOPE = ("period_grain", "period_start", "scope", "scope_value")
_LEFT_OUT = ("kpi_scorecard", "kpi_speed_to_lead_audit", "kpi_touch_matching")


def _has_happened(row: Row) -> bool:
    """The warehouse also has rows for periods in which deals merely stood open."""
    return bool(row["opened_deals"] or row["won"] or row["lost"] or row["quota_amount"] is not None)


@dataclass(frozen=True)
class Compared:
    """How one table is compared: every column that both have, and those named differently."""

    key: tuple[str, ...] = _PERIOD_AND_SCOPE
    renamed: Mapping[str, str] = field(default_factory=dict)
    """Column of the warehouse -> column of the reference."""
    ignored: frozenset[str] = frozenset()
    counts: Callable[[Row], bool] = lambda _: True
    """Rows of the warehouse that the reference has too."""


_TABLES: Mapping[str, Compared] = {
    "dim_collateral": Compared(("collateral_id",)),
    "dim_customers": Compared(("customer_id", "customer_kind")),
    "dim_reps": Compared(("rep_id",)),
    "fct_touches": Compared(("touch_id",)),
    "fct_leads": Compared(
        ("lead_id",),
        renamed={"is_prospect_skipped": "skipped_prospect", "steps_back": "times_back"},
    ),
    "fct_deals": Compared(("deal_id",)),
    "fct_collateral_events": Compared(("event_id",)),
    "kpi_contact_ratio": Compared(),
    "kpi_contact_ratio_cohort": Compared(),
    "kpi_speed_to_lead": Compared(),
    "kpi_speed_to_lead_curve": Compared(("scope", "scope_value", "hours")),
    "kpi_completed_contacts": Compared(),
    "kpi_touch_hazard": Compared(("scope", "scope_value", "contact_number")),
    "kpi_collateral_usage": Compared(),
    "kpi_collateral_items": Compared(("collateral_id",)),
    "kpi_closed_deals": Compared(),
    "kpi_funnel": Compared((*_PERIOD_AND_SCOPE, "step")),
    "kpi_rep_profile": Compared(("rep_id", "side")),
    "kpi_activity": Compared(),
    "kpi_pipeline": Compared(
        renamed={"opened_deals": "opportunities", "pipeline_coverage": "coverage"},
        counts=_has_happened,
    ),
}


@pytest.mark.parametrize("seed", range(_WORLDS))
def test_the_warehouse_is_the_reference(seed: int, tmp_path: Path) -> None:
    seeds = write_world(random_world(seed), tmp_path)
    with open_warehouse() as connection:
        as_of = build(connection, tmp_path, seeds=seeds, leave_out=_LEFT_OUT)
        expected = compute(tmp_path, seeds=seeds, as_of=as_of)
        found = {table: fetch(connection, f"select * from marts.{table}") for table in _TABLES}
    differences = [
        difference
        for table, how in _TABLES.items()
        for difference in _differences(table, how, found[table], expected[table])
    ]
    assert not differences, _told(seed, as_of, differences)


def _told(seed: int, as_of: datetime, differences: list[str]) -> str:
    more = f"\n… and {len(differences) - _SHOWN} more" if len(differences) > _SHOWN else ""
    return f"world {seed}, as of {as_of}:\n" + "\n".join(differences[:_SHOWN]) + more


def _differences(
    table: str, how: Compared, found: Sequence[Row], expected: Sequence[Row]
) -> list[str]:
    mine = {_key(row, how): row for row in found if how.counts(row)}
    theirs = {_key(row, how): row for row in expected}
    assert len(theirs) == len(expected), f"{table}: its key is no key"
    told = [
        f"{table} {key}: only in the warehouse" for key in sorted(mine.keys() - theirs, key=str)
    ]
    told += [
        f"{table} {key}: only in the reference" for key in sorted(theirs.keys() - mine, key=str)
    ]
    for key in sorted(mine.keys() & theirs, key=str):
        for column, other in _columns(how, mine[key], theirs[key]):
            value, wanted = _plain(column, mine[key][column]), _plain(column, theirs[key][other])
            if not _same(value, wanted):
                told.append(f"{table} {key} {column}: {value!r}, and by the reference {wanted!r}")
    return told


def _columns(how: Compared, mine: Row, theirs: Row) -> list[tuple[str, str]]:
    both = [(name, name) for name in mine if name in theirs and name not in how.ignored]
    return both + list(how.renamed.items())


def _key(row: Row, how: Compared) -> tuple[Any, ...]:
    return tuple(
        round(value, 9) if isinstance(value := _plain(name, row[name]), float) else value
        for name in how.key
    )


def _plain(column: str, value: Any) -> Any:
    """What the two only call differently.

    The reference has neither `#call` nor whose the reason is, and takes unanswered for unknown.
    """
    if column == "is_answered":
        return bool(value)
    if isinstance(value, Decimal):
        return float(value)
    if column == "scope_label":
        return value.replace("Whole company", "all")
    if column == "touch_id":
        return value.removesuffix("#call")
    if column == "exclusion_reason" and value is not None:
        return value.removeprefix("lead_").removesuffix("_call")
    return value


def _same(value: Any, wanted: Any) -> bool:
    if isinstance(value, int | float) and isinstance(wanted, int | float):
        return isclose(value, wanted, rel_tol=1e-9, abs_tol=1e-9)
    return bool(value == wanted)
