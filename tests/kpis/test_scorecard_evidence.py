"""KPIS.md 5: the evidence of every figure gives the rows behind it, and what they add up to."""

import math
from collections.abc import Iterator
from functools import cache
from typing import Any

import duckdb
import pytest
from scipy.stats import chi2

from tests.kpis.warehouse import build, fetch, open_warehouse
from tests.reference.worlds import random_world, write_world

QUOTED_SOURCE = 'it\'s; drop table {source} -- "web"'
QUOTED_TEAM = "O'Neill's {team}"

RATIOS = ("share", "ratio", "mean", "rate")


@pytest.fixture(scope="module", params=[3, 5])
def warehouse(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A small company whose team and source have names that no filter may stumble over."""
    world = random_world(request.param, most=60)
    for lead in world.tables["crm/leads"]:
        lead["lead_source"] = lead["lead_source"].replace("fair", QUOTED_SOURCE)
    folder = tmp_path_factory.mktemp("world")
    reps = [dict(rep) for rep in world.tables["crm/reps"]]
    reps[0]["team"] = QUOTED_TEAM
    seeds = write_world(type(world)({**world.tables, "crm/reps": reps}, world.seeds), folder)
    with open_warehouse() as connection:
        as_of = build(connection, folder, seeds=seeds)
        connection.execute("create temp table told_as_of as select ?::timestamp as as_of", [as_of])
        yield connection


def test_evidence_gives_the_rows_behind_every_figure(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    @cache
    def ask(what: str, rows: str) -> float:
        ((found,),) = warehouse.execute(f"select {what} from marts.{rows}").fetchall()
        return float(found)

    rows = fetch(warehouse, "select * from marts.kpi_scorecard")
    assert rows
    wrong = []
    for row in rows:
        if ask("count(*)", row["evidence"]) != row["denominator"]:
            wrong.append((row["measure"], row["denominator"], row["evidence"]))
        if row["evidence_numerator"] is not None:
            summed = row["evidence_summed"]
            what = f"coalesce(sum({summed}), 0)" if summed else "count(*)"
            found = ask(what, row["evidence_numerator"])
            if not math.isclose(found, row["numerator"] or 0, rel_tol=1e-9, abs_tol=1e-9):
                wrong.append((row["measure"], row["numerator"], row["evidence_numerator"]))
    assert wrong == []


def test_a_figure_is_its_numerator_by_its_denominator(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    rows = _told(warehouse)
    for row in rows:
        numerator, denominator, value = row["numerator"], row["denominator"], row["value"]
        if row["kind"] in RATIOS:
            factor = 1000 if row["kind"] == "rate" else 1
            expected = None if not denominator else factor * numerator / denominator
        elif row["kind"] == "count":
            expected = denominator
        elif row["kind"] == "total" and value is not None:
            expected = numerator
        else:
            continue
        if expected is None:
            assert value is None, row
        else:
            assert math.isclose(value, expected, rel_tol=1e-9), row


def test_limits_of_a_count_are_those_of_poisson(warehouse: duckdb.DuckDBPyConnection) -> None:
    """Byar's approximation against the exact limits, from scipy's chi-square distribution."""
    rows = [row for row in _told(warehouse) if row["kind"] == "rate" and row["denominator"]]
    assert rows
    for row in rows:
        events, per_event = row["numerator"], 1000 / row["denominator"]
        low = chi2.ppf(0.025, 2 * events) / 2 if events else 0.0
        high = chi2.ppf(0.975, 2 * (events + 1)) / 2
        assert math.isclose(row["low"], low * per_event, rel_tol=0.01, abs_tol=0.02 * per_event)
        assert math.isclose(row["high"], high * per_event, rel_tol=0.02)


def test_the_mean_answer_is_that_of_the_mart(warehouse: duckdb.DuckDBPyConnection) -> None:
    rows = fetch(
        warehouse,
        "select mart.mean_response_hours as expected, scorecard.value "
        "from marts.kpi_scorecard as scorecard inner join marts.kpi_speed_to_lead as mart "
        "using (period_grain, period_start, scope, scope_value) "
        "where scorecard.measure = 'mean_response_hours'",
    )
    assert rows
    for row in rows:
        assert row["value"] == pytest.approx(row["expected"], nan_ok=True)


def test_every_measure_is_defined_and_every_definition_measured(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    defined = {
        (row["kpi"], row["measure"])
        for row in fetch(warehouse, "select * from seeds.kpi_definitions where measure <> ''")
    }
    measured = {
        (row["kpi"], row["measure"])
        for row in fetch(warehouse, "select distinct kpi, measure from marts.kpi_scorecard")
    }
    assert measured <= defined
    kpis = {kpi for kpi, _ in measured}
    assert {name for name in defined if name[0] in kpis} == measured


def test_previous_value_is_that_of_the_period_before(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    by_key = {
        (r["kpi"], r["measure"], r["scope"], r["scope_value"], r["period_start"]): r
        for r in fetch(warehouse, "select * from marts.kpi_scorecard where period_grain = 'month'")
    }
    for (kpi, measure, scope, value, start), row in by_key.items():
        months = start.year * 12 + start.month - 2
        before = start.replace(year=months // 12, month=months % 12 + 1)
        found = by_key.get((kpi, measure, scope, value, before))
        assert row["previous_value"] == (found["value"] if found else None)


def test_a_period_that_runs_or_a_small_sample_is_not_reliable(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    rows = _told(warehouse)
    ((today,),) = warehouse.execute("select as_of from told_as_of").fetchall()
    running = today.date().replace(day=1)
    for row in rows:
        reasons = (row["unreliable_because"] or "").split("; ")
        if row["kind"] in ("share", "ratio", "mean", "quantile"):
            assert ("small sample" in reasons) == (row["denominator"] < 30), row
        if row["period_grain"] == "month":
            assert ("period not over" in reasons) == (row["period_start"] == running), row
        if not row["is_reliable"]:
            assert row["agrees_with_benchmark"] is None, row


def _told(warehouse: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    return fetch(
        warehouse,
        "select scorecard.*, definitions.kind from marts.kpi_scorecard as scorecard "
        "inner join seeds.kpi_definitions as definitions using (kpi, measure)",
    )
