"""The nightly as a whole, over three small models and checks that are told what to say."""

import dataclasses
import io
from typing import Any

import dagster as dg
import duckdb
import pytest
from rich.console import Console

from orchestration.assets.graph import NIGHTLY, build_definitions
from orchestration.assets.release import current_release
from orchestration.connectors import discover
from orchestration.connectors.base import Context, Delivery
from orchestration.nightly import log_file, run_nightly
from orchestration.runs import RunRecord, read_records
from orchestration.settings import Settings
from orchestration.warehouse import open_build

from .conftest import LEADS, FakeChecks


def run(settings: Settings) -> tuple[RunRecord, str]:
    """The record of a run, and what it showed where there is no terminal."""
    shown = io.StringIO()
    record = run_nightly(settings, Console(file=shown, width=200))
    return record, shown.getvalue()


def published(settings: Settings, sql: str) -> list[Any]:
    with duckdb.connect(str(settings.published_file), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def in_build(settings: Settings, sql: str) -> list[Any]:
    with open_build(settings, read_only=True) as connection:
        return connection.execute(sql).fetchall()


def drop(settings: Settings, leads: str) -> None:
    """Put another delivery into the drop folder."""
    (settings.home.parent / "drop" / "crm" / "leads.csv").write_text(leads)


EVE = "3,Eve,new,2026-01-07T09:00:00Z\n"


def test_a_night_ends_in_a_release(settings: Settings, checks: FakeChecks) -> None:
    record, shown = run(settings)
    assert (record.outcome, record.problems) == ("ok", [])
    assert record.as_of == "2026-01-06 11:00:00"
    assert record.release == current_release(settings)
    assert published(settings, "select leads from marts.kpi_leads") == [(2,)]
    assert published(settings, "select distinct as_of::text from marts.fct_leads") == [
        ("2026-01-06 11:00:00",)
    ]
    # One line a step at its start and at its end, with rows and times.
    assert "staging …" in shown
    assert "marts done in" in shown
    assert "2 tables, 3 rows" in shown
    # Every layer was looked at, and the candidate before it was swapped in.
    layers = ["raw", "staging", "seeds", "intermediate", "marts", "published"]
    assert list(dict.fromkeys(name.split("/")[0] for name in checks.looked_at)) == layers


def test_the_next_night_adds_to_it(yesterday: Settings, checks: FakeChecks) -> None:
    drop(yesterday, LEADS + EVE)
    record, _ = run(yesterday)
    assert record.outcome == "ok"
    assert published(yesterday, "select leads from marts.kpi_leads") == [(3,)]
    assert [r.outcome for r in read_records(yesterday)] == ["ok", "ok"]
    assert in_build(yesterday, "select count(*) from raw.runs") == [(2,)]


def test_names_that_were_published_once_leave_no_byte_behind(
    yesterday: Settings, checks: FakeChecks
) -> None:
    files = (yesterday.marts_file, yesterday.published_file)
    asked = yesterday.model_copy(update={"publish_personal_data": True})
    assert run(asked)[0].outcome == "ok"
    assert all(b"Ann Smith" in file.read_bytes() for file in files)
    assert run(yesterday)[0].outcome == "ok"
    assert not any(b"Ann Smith" in file.read_bytes() for file in files)


def test_marts_that_an_earlier_version_made_in_the_build_file_are_dropped(
    yesterday: Settings, checks: FakeChecks
) -> None:
    with duckdb.connect(str(yesterday.build_file)) as connection:
        connection.execute("create schema marts; create table marts.fct_leads as select 0 as n")
    yesterday.marts_file.unlink()
    assert run(yesterday)[0].outcome == "ok"
    assert published(yesterday, "select leads from marts.kpi_leads") == [(2,)]
    with duckdb.connect(str(yesterday.build_file), read_only=True) as connection:
        found = connection.execute("select 1 from duckdb_schemas() where schema_name = 'marts'")
        assert found.fetchall() == []


@pytest.mark.parametrize(
    ("table", "not_built"),
    [("raw/crm_leads", "staging"), ("marts/kpi_leads", "published"), ("published/fct_leads", None)],
)
def test_a_failed_check_stops_the_next_layer_and_yesterdays_release_stays(
    table: str, not_built: str | None, yesterday: Settings, checks: FakeChecks
) -> None:
    before = current_release(yesterday)
    checks.failing = {table}
    drop(yesterday, LEADS + EVE)
    record, _ = run(yesterday)
    assert (record.outcome, record.exit_code) == ("bad data", 1)
    assert record.problems == [f"{table.replace('/', '.')} breaks has_rows: 7 rows"]
    assert record.checks[table.split("/", maxsplit=1)[0]]["failed"] == 1
    assert not any(name.startswith(f"{not_built}/") for name in checks.looked_at)
    assert current_release(yesterday) == before
    assert published(yesterday, "select leads from marts.kpi_leads") == [(2,)]
    assert [path.name for path in yesterday.releases_dir.iterdir()] == [before]

    # No retry: the next night builds everything again.
    checks.failing = set()
    assert run(yesterday)[0].outcome == "ok"
    assert published(yesterday, "select leads from marts.kpi_leads") == [(3,)]


def test_a_check_that_broke_is_not_a_check_that_failed(
    yesterday: Settings, checks: FakeChecks
) -> None:
    checks.broken = {"staging/stg_leads"}
    record, _ = run(yesterday)
    assert (record.outcome, record.exit_code) == ("broke", 2)
    assert record.problems == ["staging.stg_leads: x"]
    assert not any(name.startswith("intermediate/") for name in checks.looked_at)


def test_a_failed_dbt_test_stops_the_night(own_project: Settings, checks: FakeChecks) -> None:
    (own_project.dbt_project_dir / "models/marts/kpi_leads.sql").write_text(
        "select count(*) as leads from {{ ref('fct_leads') }} where false"
    )
    test = own_project.dbt_project_dir / "tests" / "assert_no_lead_is_lost.sql"
    test.write_text("select * from {{ ref('kpi_leads') }}, {{ ref('stg_leads') }} where leads = 0")
    record, _ = run(own_project)
    assert (record.outcome, record.exit_code) == ("bad data", 1)
    (problem,) = record.problems
    assert "marts/kpi_leads" in problem
    assert "dbt test assert_no_lead_is_lost: 2 rows break it" in problem
    assert current_release(own_project) == read_records(own_project)[0].release


def test_a_broken_model_is_told_without_what_it_choked_on(
    own_project: Settings, checks: FakeChecks
) -> None:
    (own_project.dbt_project_dir / "models/marts/kpi_leads.sql").write_text(
        "select cast('ann@example.com' as bigint) as leads from {{ ref('fct_leads') }}"
    )
    record, _ = run(own_project)
    assert (record.outcome, record.exit_code) == ("broke", 2)
    assert "marts/kpi_leads" in record.problems[0]
    assert "ann@" not in record.problems[0]
    assert "ann@" not in log_file(own_project, record.run_id).read_text()
    events = list((own_project.dagster_home / "history" / "runs").glob(f"{record.run_id}.db*"))
    assert any(b"kpi_leads" in path.read_bytes() for path in events)
    assert not any(b"ann@" in path.read_bytes() for path in events)


def test_a_source_that_cannot_be_read_is_asked_again_only_if_that_may_help(
    yesterday: Settings, checks: FakeChecks, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = 0
    files = discover()["files"]

    def flaky(context: Context) -> Delivery:
        nonlocal asked
        asked += 1
        if asked < 3:
            raise ConnectionResetError("cut off")
        return files.extract(context)

    monkeypatch.setitem(discover(), "files", dataclasses.replace(files, extract=flaky))
    record, shown = run(yesterday)
    assert (record.outcome, asked) == ("ok", 3)
    assert "retrying" in shown

    monkeypatch.setenv("TOUCHLINE_FILES_PATH", "/nowhere")
    record, shown = run(yesterday)
    assert (record.outcome, record.exit_code, asked) == ("broke", 2, 4)
    (problem,) = record.problems
    assert problem == "landing/files: files: /nowhere is no folder; TOUCHLINE_FILES_PATH names it"


def test_too_many_bad_rows_stop_the_entity(yesterday: Settings, checks: FakeChecks) -> None:
    drop(yesterday, LEADS + "3,Eve,new,tomorrow\n")
    record, _ = run(yesterday.model_copy(update={"min_quarantined_rows": 0}))
    assert (record.outcome, record.exit_code) == ("bad data", 1)
    assert "crm/leads" in record.problems[0]
    assert "1 of 3 new rows" in record.problems[0]
    assert not checks.looked_at


def test_a_run_that_was_killed_blocks_nobody_and_old_ones_are_forgotten(
    yesterday: Settings, checks: FakeChecks
) -> None:
    with dg.DagsterInstance.from_config(str(yesterday.dagster_home)) as instance:
        dead = instance.create_run_for_job(build_definitions(yesterday).resolve_job_def(NIGHTLY))
        instance.report_dagster_event(
            dg.DagsterEvent(dg.DagsterEventType.RUN_START.value, NIGHTLY), dead.run_id
        )
        assert instance.get_run_by_id(dead.run_id).status == dg.DagsterRunStatus.STARTED  # type: ignore[union-attr]
        record, _ = run(yesterday)
        assert record.outcome == "ok"
        assert instance.get_run_by_id(dead.run_id).status == dg.DagsterRunStatus.FAILURE  # type: ignore[union-attr]
        assert len(instance.get_runs()) == 3

        last, _ = run(yesterday.model_copy(update={"runs_kept": 2}))
        assert {r.run_id for r in instance.get_runs()} == {record.run_id, last.run_id}
    kept = {path.stem for path in (yesterday.dagster_home / "history" / "runs").glob("*.db")}
    assert kept == {"index", record.run_id, last.run_id}
