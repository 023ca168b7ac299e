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
    """Not only deals that merely stood open through the period."""
    opened = row.get("opened_deals", row.get("opportunities"))
    return bool(opened or row["won"] or row["lost"] or row["quota_amount"] is not None)


def _has_calls_or_leads(row: Row) -> bool:
    """The warehouse counts every touch here, the reference only calls."""
    return bool(row.get("leads", True) or row["outbound_calls"] or row.get("inbound_calls", True))


def _has_more_than_refusals(row: Row) -> bool:
    """Whose a refusal is: the deal's owner's then (KPIS.md 0), or as here the lead's first owner's."""
    of_somebody = row["scope"] in ("rep", "team")
    return not of_somebody or bool(row["leads_worked"] or row["sends"] or row["opens"])


def _is_named_by_a_record(row: Row) -> bool:
    """The warehouse also has the customers of touches that found no lead."""
    return bool(row.get("contracts", True))


@dataclass(frozen=True)
class Compared:
    """How one table is compared: every column that both have, and those named differently."""

    key: tuple[str, ...] = _PERIOD_AND_SCOPE
    renamed: Mapping[str, str] = field(default_factory=dict)
    """Column of the warehouse -> column of the reference."""
    other_meaning: frozenset[str] = frozenset()
    """What only sounds the same; tests/kpis/test_hand_worked_*.py have the warehouse's."""
    must_be_in_both: Callable[[Row], bool] = lambda _: True


_TABLES: Mapping[str, Compared] = {
    "dim_collateral": Compared(("collateral_id",)),
    "dim_customers": Compared(
        ("customer_id", "customer_kind"), must_be_in_both=_is_named_by_a_record
    ),
    "dim_reps": Compared(("rep_id",)),
    "fct_touches": Compared(("touch_id",)),
    "fct_leads": Compared(("lead_id",), renamed={"is_prospect_skipped": "skipped_prospect"}),
    "fct_deals": Compared(("deal_id",)),
    "fct_collateral_events": Compared(("event_id",)),
    "kpi_contact_ratio": Compared(),
    "kpi_contact_ratio_cohort": Compared(),
    "kpi_speed_to_lead": Compared(),
    "kpi_speed_to_lead_curve": Compared(("scope", "scope_value", "hours")),
    "kpi_completed_contacts": Compared(),
    "kpi_touch_hazard": Compared(("scope", "scope_value", "contact_number")),
    # On the period's last day, or on any of its days.
    "kpi_collateral_usage": Compared(
        other_meaning=frozenset({"items_in_force", "items_used"}),
        must_be_in_both=_has_more_than_refusals,
    ),
    "kpi_collateral_items": Compared(("collateral_id",)),
    "kpi_closed_deals": Compared(),
    "kpi_funnel": Compared((*_PERIOD_AND_SCOPE, "step")),
    "kpi_rep_profile": Compared(("rep_id", "side")),
    # A call that nobody says the end of is missed for the reference; a missed call touches a lead.
    "kpi_activity": Compared(
        other_meaning=frozenset(
            {"missed_inbound_calls", "called_back", "median_callback_hours", "untouched_leads"}
        ),
        must_be_in_both=_has_calls_or_leads,
    ),
    # Of the deals that stand open, or of those opened in the period.
    "kpi_pipeline": Compared(
        renamed={"opened_deals": "opportunities", "pipeline_coverage": "coverage"},
        other_meaning=frozenset({"sales_velocity"}),
        must_be_in_both=_has_happened,
    ),
}
_OF_REFUSALS = ("refusals_without_send", "reengaged_without", "share_reengaged_without")


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
    mine, theirs = ({_key(row, how): row for row in rows} for rows in (found, expected))
    assert (len(mine), len(theirs)) == (len(found), len(expected)), f"{table}: its key is no key"
    told = [
        f"{table} {key}: only in the {where}"
        for where, some, others in (("warehouse", mine, theirs), ("reference", theirs, mine))
        for key in sorted(some.keys() - others.keys(), key=str)
        if how.must_be_in_both(some[key])
    ]
    for key in sorted(mine.keys() & theirs, key=str):
        for column, other in _columns(how, mine[key], theirs[key]):
            value, wanted = _plain(column, mine[key][column]), _plain(column, theirs[key][other])
            if not _same(value, wanted):
                told.append(f"{table} {key} {column}: {value!r}, and by the reference {wanted!r}")
    return told


def _columns(how: Compared, mine: Row, theirs: Row) -> list[tuple[str, str]]:
    both = [(name, name) for name in mine if name in theirs and name not in how.other_meaning]
    if mine.get("scope") in ("rep", "team"):
        both = [pair for pair in both if not pair[0].startswith(_OF_REFUSALS)]
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
