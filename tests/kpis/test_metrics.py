"""The semantic layer and the marts give the same figures, for every metric that says which it equals.

A metric names the columns of marts that it equals in `config.meta.equals`, as `table.column`, or
`table.column.value` where the table has several rows a scope (the funnel's step, the profile's side).
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fnmatch import fnmatch
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from metricflow.engine.metricflow_engine import MetricFlowEngine, MetricFlowQueryRequest
from metricflow.protocols.sql_client import SqlEngine
from metricflow.sql.render.duckdb_renderer import DuckDbSqlPlanRenderer
from metricflow_semantic_interfaces.validations.semantic_manifest_validator import (
    SemanticManifestValidator,
)
from metricflow_semantics.model.dbt_manifest_parser import (
    parse_manifest_from_dbt_generated_manifest,
)
from metricflow_semantics.model.semantic_manifest_lookup import SemanticManifestLookup

from orchestration.settings import DBT_PROJECT_DIR, PROJECT_DIR
from tests.kpis.demo import open_demo
from tests.kpis.warehouse import fetch

COHORTS = ("kpi_contact_ratio_cohort", "kpi_completed_contacts", "kpi_funnel")
"""Tables by the day of a lead's creation and its first owner, whatever fact a measure is of."""
BY_TOUCHING_TEAM = ("median_gap_hours",)
"""A touch's team is its rep's; the team of its lead's first owner is a join too far for MetricFlow."""
KEYS = {"kpi_collateral_items": "collateral_id", "kpi_rep_profile": "rep_id"}
"""Tables without periods, and what they are grouped by."""
VARIANTS = {"kpi_funnel": "step", "kpi_rep_profile": "side"}
NOT_ASKED = (
    ("kpi_touch_matching", "lead_source"),  # not in the mart: what found no lead has no source
    ("kpi_contact_ratio_cohort", "team"),  # as BY_TOUCHING_TEAM
)
ADDITIVE = ("sum", "sum_boolean", "count", "count_distinct")
"""What nothing happened to is 0 in the marts, and no row in the semantic layer."""
MONTHLY = ("quota_amount", "quota_attainment")
"""A quota is a rep's and a month's: no week has one, and no lead source."""

Row = dict[str, Any]


@dataclass
class Layer:
    """The semantic layer over a warehouse in memory."""

    connection: duckdb.DuckDBPyConnection
    manifest: Any

    @cached_property
    def engine(self) -> MetricFlowEngine:
        class Client:
            sql_engine_type = SqlEngine.DUCKDB
            sql_plan_renderer = DuckDbSqlPlanRenderer()

        return MetricFlowEngine(SemanticManifestLookup(self.manifest), Client())  # type: ignore[arg-type]

    def ask(self, metrics: Sequence[str], group_by: Sequence[str]) -> list[Row]:
        """What `mf query` gives: its SQL, run on this connection."""
        request = MetricFlowQueryRequest.create(metric_names=metrics, group_by_names=group_by)
        return fetch(self.connection, self.engine.explain(request).sql_statement.sql)

    @cached_property
    def equals(self) -> dict[str, dict[str, str]]:
        """{table: {`column` or `column.value`: metric}}."""
        found: dict[str, dict[str, str]] = {}
        for metric in self.manifest.metrics:
            for place in metric.config.meta.get("equals", ()):
                table, column = place.split(".", 1)
                assert column not in found.setdefault(table, {}), f"two metrics equal {place}"
                found[table][column] = metric.name
        return found

    @cached_property
    def additive(self) -> set[str]:
        return {
            metric.name
            for metric in self.manifest.metrics
            if (how := metric.type_params.metric_aggregation_params) and how.agg.value in ADDITIVE
        }


@pytest.fixture(scope="module")
def layer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Layer]:
    with open_demo(tmp_path_factory.mktemp("demo")) as (connection, as_of):
        yield Layer(connection, parse_semantics(as_of, tmp_path_factory.mktemp("dbt")))


def parse_semantics(as_of: datetime, folder: Path) -> Any:
    """As dbt writes it for `mf`."""
    from dbt.cli.main import dbtRunner

    profile = {"type": "duckdb", "path": str(folder / "build.duckdb"), "schema": "main"}
    told = {"touchline": {"target": "test", "outputs": {"test": profile}}}
    (folder / "profiles.yml").write_text(yaml.safe_dump(told))
    arguments = {
        "--project-dir": DBT_PROJECT_DIR,
        "--profiles-dir": folder,
        "--target-path": folder / "target",
        "--log-path": folder / "logs",
        "--vars": f"{{as_of: '{as_of.isoformat()}'}}",
    }
    words = [str(word) for pair in arguments.items() for word in pair]
    assert dbtRunner().invoke(["--quiet", "parse", *words]).success
    manifest = (folder / "target" / "semantic_manifest.json").read_text()
    return parse_manifest_from_dbt_generated_manifest(manifest)


def test_the_semantic_models_are_valid(layer: Layer) -> None:
    issues = SemanticManifestValidator[Any]().validate_semantic_manifest(layer.manifest)
    assert [issue.message for issue in (*issues.errors, *issues.warnings)] == []


@pytest.mark.parametrize("grain", ["week", "month", "quarter"])
def test_metrics_of_the_company_are_those_of_the_marts(layer: Layer, grain: str) -> None:
    wrong = []
    for table in sorted(set(layer.equals) - set(KEYS)):
        wrong += differences(layer, table, grain, "company")
    assert wrong == []


@pytest.mark.parametrize("scope", ["team", "rep", "lead_source"])
def test_metrics_by_scope_are_those_of_the_marts(layer: Layer, scope: str) -> None:
    wrong = []
    for table in sorted(set(layer.equals) - set(KEYS)):
        if (table, scope) not in NOT_ASKED:
            wrong += differences(layer, table, "month", scope)
    assert wrong == []


@pytest.mark.parametrize("table", KEYS)
def test_metrics_without_periods_are_those_of_the_marts(layer: Layer, table: str) -> None:
    metrics = layer.equals[table]
    group = KEYS[table].removesuffix("_id")
    found = {row[group]: row for row in layer.ask(sorted(set(metrics.values())), [group])}
    rows = fetch(layer.connection, f"select * from marts.{table}")
    assert rows
    wrong = [
        difference
        for row in rows
        for difference in compared(layer, table, row, found.get(row[KEYS[table]], {}))
    ]
    assert wrong == []


def test_a_figure_is_a_metric_or_says_why_it_is_none(layer: Layer) -> None:
    excused = yaml.safe_load((PROJECT_DIR / "docs" / "not_metrics.yml").read_text())
    patterns = [pattern for entry in excused for pattern in entry["columns"]]
    columns = fetch(
        layer.connection,
        """
        select table_name || '.' || column_name as name
        from information_schema.columns
        where table_schema = 'marts' and table_name like 'kpi~_%' escape '~'
            and (data_type in ('BIGINT', 'INTEGER', 'HUGEINT', 'DOUBLE', 'FLOAT')
                or data_type like 'DECIMAL%')
            and column_name not in ('contact_number', 'hours')
        """,
    )
    numeric = {row["name"] for row in columns}
    metrics = {
        f"{table}.{column.split('.')[0]}"
        for table, equals in layer.equals.items()
        for column in equals
    }
    assert metrics <= numeric, "a metric equals a column that is not there"
    others = numeric - metrics
    assert {n for n in others if not any(fnmatch(n, p) for p in patterns)} == set()
    assert {p for p in patterns if not any(fnmatch(n, p) for n in others)} == set()


def differences(layer: Layer, table: str, grain: str, scope: str) -> list[str]:
    """Where the semantic layer and a mart differ, for one grain and kind of scope."""
    metrics = sorted(set(layer.equals[table].values()))
    if grain == "week" or scope == "lead_source":
        metrics = [name for name in metrics if name not in MONTHLY]
    time = f"{'lead__created_on' if table in COHORTS else 'metric_time'}__{grain}"
    whose = {"company": "", "team": "rep__team", "rep": "rep", "lead_source": "lead_source"}[scope]
    if table in COHORTS and scope == "team":
        metrics = [name for name in metrics if name not in BY_TOUCHING_TEAM]
    elif table in COHORTS and whose:
        whose = f"lead__{whose}"
    found: dict[tuple[date, str], Row] = {}
    for row in layer.ask(metrics, [time, whose] if whose else [time]):
        if row[time] is not None:
            key = (row[time].date(), row[whose] if whose else "all")
            found[key] = row
    rows = fetch(
        layer.connection,
        f"select * from marts.{table} where period_grain = '{grain}' and scope = '{scope}'",
    )
    assert rows
    wrong = []
    for row in rows:
        key = (row["period_start"], row["scope_value"])
        # A rep whom nobody knows has no team to be joined.
        if key[1] != "unknown" or scope != "team":
            wrong += compared(layer, table, row, found.get(key, {}), metrics)
    keys = {(row["period_start"], row["scope_value"]) for row in rows}
    wrong += [
        f"{table} {key}: {name} is {row[name]} in the semantic layer only"
        for key, row in found.items()
        for name in metrics
        if key not in keys
        and key[1] is not None
        and row[name]
        # Quotas stand in months long before the first event, of which no mart tells.
        and name not in MONTHLY
    ]
    return wrong


def compared(
    layer: Layer, table: str, row: Row, found: Row, metrics: Sequence[str] | None = None
) -> list[str]:
    wrong = []
    for place, metric in layer.equals[table].items():
        column, _, variant = place.partition(".")
        if variant and row[VARIANTS[table]] != variant:
            continue
        if metrics is not None and metric not in metrics:
            continue
        mart, asked = row[column], found.get(metric)
        if metric in layer.additive:
            mart, asked = mart or 0, asked or 0
        if (mart is None) != (asked is None) or (
            mart is not None and not math.isclose(mart, asked or 0, rel_tol=1e-6, abs_tol=1e-9)
        ):
            told = {k: row[k] for k in ("period_start", "scope_value", "rep_id") if k in row}
            wrong.append(f"{table}.{place} {told}: {mart}, {metric}: {asked}")
    return wrong
