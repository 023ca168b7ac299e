"""Every model has an expectation, and every suite a model: neither is forgotten when one is renamed."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from data_quality.loading import TableContext, build_suite, stages, suite_tables
from tests.data_quality.hand_made import contract_tables

PROJECT = Path(__file__).parent.parent.parent / "dbt_project"
BESIDE_THE_CONTRACT = {
    "affected",
    "links",
    "runs",
    "phone_numbers",
    "connector_stages",
    "connector_states",
}


def models(layer: str) -> dict[str, dict[str, str]]:
    """Table -> its columns and types, of the models that are tables or views."""
    found: dict[str, dict[str, str]] = {}
    for path in sorted((PROJECT / "models" / layer).rglob("*.yml")):
        for model in yaml.safe_load(path.read_text()).get("models", []):
            if model.get("config", {}).get("materialized") != "ephemeral":
                found[model["name"]] = {c["name"]: type_of(c) for c in model["columns"]}
    return found


def type_of(column: dict[str, Any]) -> str:
    otherwise = "timestamp" if column["name"].endswith("_at") else "varchar"
    return str(column.get("data_type", otherwise))


@pytest.mark.parametrize("layer", ["staging", "intermediate", "marts"])
def test_every_model_has_an_expectation_and_every_suite_a_model(layer: str) -> None:
    tables = models(layer)
    assert set(suite_tables(layer)) <= set(tables)
    for table, columns in tables.items():
        context = TableContext(layer, layer, table, columns, frozenset())
        assert build_suite(context), f"no expectation for {layer}.{table}"


def test_raw_suites_are_of_raw_tables() -> None:
    assert set(suite_tables("raw")) <= {*contract_tables(), *BESIDE_THE_CONTRACT}


def test_each_stage_has_a_default() -> None:
    assert stages() == ["intermediate", "marts", "published", "raw", "seeds", "staging"]
