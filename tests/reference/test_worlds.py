"""What must hold in any company, whatever the rules are read to mean."""

from __future__ import annotations

import tempfile
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.reference import Tables, compute
from tests.reference.reading import read_company
from tests.reference.worlds import World, worlds, write_world

slowly = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def computed(world: World, **variables: Any) -> Tables:
    with tempfile.TemporaryDirectory() as folder:
        seeds = write_world(world, Path(folder))
        return compute(Path(folder), seeds=seeds, **variables)


@slowly
@given(worlds())
def test_all_rows_are_valid(world: World) -> None:
    with tempfile.TemporaryDirectory() as folder:
        write_world(world, Path(folder))
        company = read_company(Path(folder), "files", "UTC")
    tables = world.tables
    assert len(company.legs) == len(tables["telephony/calls"])
    assert len(company.activities) == len(tables["crm/activities"])
    assert len(company.stage_changes) == len(tables["crm/stage_changes"])
    assert len(company.owner_changes) == len(tables["crm/owner_changes"])
    assert len(company.collateral_events) == len(tables.get("crm/collateral_events", []))


@slowly
@given(worlds())
def test_every_call_is_in_one_touch_and_numbers_have_no_holes(world: World) -> None:
    tables = computed(world)
    touches = tables["fct_touches"]
    keys = {leg["linked_id"] or leg["call_id"] for leg in world.tables["telephony/calls"]}
    calls = Counter(touch["telephony_call_id"] for touch in touches if touch["telephony_call_id"])
    assert calls == Counter(f"files:{key}" for key in keys)
    assert len({touch["touch_id"] for touch in touches}) == len(touches)
    for column in ("attempt_number", "contact_number"):
        for lead in tables["fct_leads"]:
            found = [t[column] for t in touches if t["lead_id"] == lead["lead_id"] and t[column]]
            assert sorted(found) == list(range(1, len(found) + 1))


@slowly
@given(worlds())
def test_parts_add_up_to_the_company(world: World) -> None:
    tables = computed(world)
    for name, columns in {
        "kpi_contact_ratio": ("outreach_touches", "prospects", "new_contracts"),
        "kpi_speed_to_lead": ("inquiries", "responded", "within_1h"),
        "kpi_closed_deals": ("won", "lost"),
        "kpi_completed_contacts": ("leads", "wins", "completed_contacts"),
    }.items():
        for column in columns:
            totals: Counter[tuple[Any, ...]] = Counter()
            for row in tables[name]:
                totals[row["period_grain"], row["scope"]] += row[column]
            assert len(set(totals.values())) <= 1, (name, column, totals)


@slowly
@given(worlds())
def test_identities(world: World) -> None:
    tables = computed(world)
    for row in tables["kpi_touch_hazard"]:
        parts = ("won_at", "went_on", "gave_up_after", "still_open")
        assert row["reached"] == sum(row[part] for part in parts)
        assert min(row[part] for part in parts) >= 0
    for row in tables["kpi_funnel"]:
        assert row["entered"] == row["went_on"] + row["lost"] + row["still_there"]
    for row in tables["kpi_speed_to_lead"]:
        assert row["inquiries"] == row["responded"] + row["pending"] + row["never"]
    for lead in tables["fct_leads"]:
        assert not (lead["won_at"] and lead["lost_at"])
        climb = [lead["prospect_at"], lead["opportunity_at"], lead["won_at"]]
        reached = [at for at in climb if at]
        assert reached == sorted(reached)
        assert all(climb[: len(reached)])


@slowly
@given(worlds(), st.sampled_from([0, 1, 15, 31]))
def test_nothing_after_as_of_is_seen(world: World, days: int) -> None:
    everything = computed(world)
    moments = [touch["started_at"] for touch in everything["fct_touches"]]
    if not moments:
        return
    as_of = min(moments) + timedelta(days=days)
    tables = computed(world, as_of=as_of, business_timezone="Europe/Moscow")
    for touch in tables["fct_touches"]:
        assert touch["started_at"] <= as_of
    for lead in tables["fct_leads"]:
        for column in ("created_at", "prospect_at", "opportunity_at", "won_at", "lost_at"):
            assert lead[column] is None or lead[column] <= as_of, column
