"""The graph as Dagster's server loads it, over the real project."""

import importlib
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from orchestration.settings import PROJECT_DIR

STAGES = ("raw", "seeds", "staging", "intermediate", "marts", "published")


@pytest.fixture(scope="module")
def defs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dg.Definitions]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TOUCHLINE_HOME", str(tmp_path_factory.mktemp("home")))
        patch.setenv("TOUCHLINE_SOURCES", "demo")
        patch.setenv("TOUCHLINE_SCHEDULE", "30 2 * * *")
        patch.setenv("TOUCHLINE_BUSINESS_TIMEZONE", "Europe/Moscow")
        patch.delitem(sys.modules, "orchestration.definitions", raising=False)
        loaded: dg.Definitions = importlib.import_module("orchestration.definitions").defs
        yield loaded


def test_they_load(defs: dg.Definitions) -> None:
    dg.Definitions.validate_loadable(defs)


def test_a_key_is_schema_and_table(defs: dg.Definitions) -> None:
    for node in defs.resolve_asset_graph().asset_nodes:
        assert len(node.key.path) == 2, node.key
        assert node.key.path[0] in ("landing", "sums", *STAGES), node.key
        assert re.fullmatch(r"[a-z][a-z0-9_]*", node.key.path[1]), node.key
        assert node.group_name == node.key.path[0]
        assert node.description, node.key


def test_the_tables_that_landing_gives_are_there(defs: dg.Definitions) -> None:
    keys = {key.to_user_string() for key in defs.resolve_asset_graph().get_all_asset_keys()}
    assert {"landing/demo", "raw/crm_leads", "raw/telephony_calls", "raw/phone_numbers"} <= keys
    assert {"raw/connector_stages", "raw/runs", "marts/fct_touches"} <= keys
    marts = {key.removeprefix("marts/") for key in keys if key.startswith("marts/")}
    assert {f"published/{mart}" for mart in marts} <= keys


def test_every_asset_from_raw_to_published_has_a_blocking_check(defs: dg.Definitions) -> None:
    graph = defs.resolve_asset_graph()
    checked = {key.asset_key for key in graph.asset_check_keys if graph.get(key).blocking}
    expected = {key for key in graph.get_all_asset_keys() if key.path[0] in STAGES}
    assert checked == expected


def test_the_nightly_has_a_schedule_and_one_writer(defs: dg.Definitions) -> None:
    (schedule,) = defs.schedules or ()
    assert isinstance(schedule, dg.ScheduleDefinition)
    assert (schedule.cron_schedule, schedule.execution_timezone) == ("30 2 * * *", "Europe/Moscow")
    job = defs.resolve_job_def("nightly")
    assert job.executor_def is dg.in_process_executor
    assert {op.pool for op in job.graph.node_defs} == {"duckdb"}  # type: ignore[attr-defined]
    landing = job.graph.node_named("landing__demo").definition
    assert landing.retry_policy is not None  # type: ignore[attr-defined]
    assert landing.retry_policy.max_retries == 2  # type: ignore[attr-defined]


def test_the_way_in_is_short() -> None:
    definitions = PROJECT_DIR / "orchestration" / "definitions.py"
    assert len(definitions.read_text().splitlines()) < 40


def test_nothing_is_run_or_written_by_loading(defs: dg.Definitions) -> None:
    home = Path(os.environ["TOUCHLINE_HOME"])
    assert not list(home.glob("*.duckdb"))
