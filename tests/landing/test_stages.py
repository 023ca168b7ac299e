"""What stages mean: the connector's folder, then what its system says, never one twice."""

import json
from pathlib import Path

import duckdb
import pytest

from orchestration.connectors.base import Delivery
from orchestration.landing import land, load_connector_stages
from orchestration.settings import build_settings


def told(stage: str, step: str) -> dict[str, str]:
    return {
        "object_type": "deal",
        "native_stage": stage,
        "funnel_step": step,
        "is_excluded": "false",
    }


@pytest.fixture
def raw(tmp_path: Path) -> duckdb.DuckDBPyConnection:
    """A night of `files` whose system says what 77 means, and says of `Won` what nobody believes."""
    connection = duckdb.connect()
    state = {"stages": [told("77", "won"), told("Won", "lost")]}
    delivery = Delivery(files={}, state=json.loads(json.dumps(state)))
    land(connection, build_settings(home=tmp_path), "files", delivery, "run")
    return connection


def steps(connection: duckdb.DuckDBPyConnection, stage: str) -> list[tuple[str, str]]:
    return connection.execute(
        "select connector, funnel_step from raw.connector_stages "
        "where object_type = 'deal' and lower(native_stage) = ? order by all",
        [stage],
    ).fetchall()


def test_a_system_says_what_its_own_stages_mean(raw: duckdb.DuckDBPyConnection) -> None:
    before = load_connector_stages(duckdb.connect())
    assert load_connector_stages(raw) == before + 1
    assert steps(raw, "77") == [("files", "won")]


def test_the_folder_goes_before_the_system(raw: duckdb.DuckDBPyConnection) -> None:
    load_connector_stages(raw, ["files"])
    assert steps(raw, "won") == [("files", "won")]


def test_only_of_the_connectors_that_are_asked_for(raw: duckdb.DuckDBPyConnection) -> None:
    load_connector_stages(raw, ["demo"])
    assert steps(raw, "77") == []
