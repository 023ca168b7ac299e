"""Deliveries -> schema raw: the contract's entities, and the tables that stand beside them."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

import dagster as dg
import duckdb

from orchestration.affected import build_basis, forget_baseline, plan_scope
from orchestration.assets.ingest import ingest_key, read_delivery
from orchestration.assets.manifest import Manifest, growing_tables, raw_tables
from orchestration.assets.unchanged import find_standing, keep_standing
from orchestration.connectors import named_connectors
from orchestration.errors import DataError
from orchestration.landing import (
    LandingError,
    LoadCount,
    compute_as_of,
    land,
    load_connector_stages,
    refresh_phone_numbers,
)
from orchestration.settings import Settings
from orchestration.warehouse import Run, count_rows, drop_marts, open_build, record_run, settle_rows

_BESIDE = {
    "affected": "Records that the night computes anew; empty where it is all.",
    "connector_stages": "What each connector's native stages mean.",
    "phone_numbers": "Numbers as they were written, and in E.164.",
    "runs": "Each night that landed, and the moment that its marts describe (`as_of`).",
}


def build_raw(settings: Settings, manifest: Manifest) -> dg.AssetsDefinition:
    """One step, since a step of its own for what stands beside would go round its own check."""
    connectors = [connector.name for connector in named_connectors(settings)]
    sources = {str(node["name"]): node for node in raw_tables(manifest)}
    entities = {
        name: str(node["config"]["meta"]["entity"])
        for name, node in sources.items()
        if "entity" in node["config"]["meta"]
    }

    @dg.multi_asset(
        name="raw",
        specs=[
            dg.AssetSpec(
                ["raw", name],
                deps=[ingest_key(connector) for connector in connectors],
                group_name="raw",
                description=_description(sources, name),
                kinds={"duckdb"},
                metadata=_columns(sources.get(name)),
            )
            for name in sorted({*entities, *_BESIDE})
        ],
        pool="duckdb",
        required_resource_keys={"night"},
    )
    def raw(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None]]:
        counts, problems = _land(settings, connectors, context.run_id)
        with open_build(settings) as connection:
            rows = {name: count_rows(connection, f"raw.{name}") for name in entities}
        for name, entity in entities.items():
            own = [count for count in counts if count.entity == entity]
            yield _result(name, rows[name], **_added_up(own))
        if problems:
            raise LandingError(problems, counts)
        with open_build(settings) as connection:
            load_connector_stages(connection, [*connectors, *_connectors_before(connection)])
            refresh_phone_numbers(connection, settings)
            try:
                as_of = compute_as_of(connection, settings)
            except ValueError as error:
                raise DataError(str(error)) from error
            basis = build_basis(connection, settings, as_of, growing_tables(manifest))
            standing = None if settings.rebuild else find_standing(connection, manifest, basis)
            scope = standing or plan_scope(connection, basis, rebuild=settings.rebuild)
            if scope.kind == "all":
                forget_baseline(connection)
        if scope.kind == "all":
            drop_marts(settings)
        run = Run(context.run_id, as_of, scope.kind, scope.reason)
        with open_build(settings) as connection:
            record_run(connection, run)
            if standing:
                keep_standing(connection, settings, run, basis)
            settle_rows(connection, "raw")
            beside = {name: count_rows(connection, f"raw.{name}") for name in _BESIDE}
        for name, count in beside.items():
            told = {"as_of": str(as_of), "scope": scope.kind} if name == "runs" else {}
            yield _result(name, count, **told)

    return raw


def _land(
    settings: Settings, connectors: list[str], run_id: str
) -> tuple[list[LoadCount], list[str]]:
    """Every connector, though one before it had to stop: what is good is kept."""
    counts: list[LoadCount] = []
    problems: list[str] = []
    with open_build(settings) as connection:
        for connector in connectors:
            delivery = read_delivery(settings, connector)
            try:
                counts += land(connection, settings, connector, delivery, run_id)
            except LandingError as error:
                problems += error.problems
                counts += error.counts
    return counts, problems


def _connectors_before(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Whose rows are here: a system that is asked no more leaves its history, and its stages."""
    rows = connection.execute("select distinct connector from quality.loads").fetchall()
    return [str(connector) for (connector,) in rows]


def _result(table: str, rows: int, **metadata: Any) -> dg.MaterializeResult[None]:
    return dg.MaterializeResult(
        asset_key=["raw", table], metadata={"dagster/row_count": rows, **metadata}
    )


def _added_up(counts: list[LoadCount]) -> dict[str, int]:
    told = [asdict(count) for count in counts]
    keys = ("rows_in", "kept", "replaced", "quarantined", "replayed")
    return {key: sum(count[key] for count in told) for key in keys}


def _description(sources: Mapping[str, Any], name: str) -> str:
    return str(sources[name]["description"]) if name in sources else _BESIDE[name]


def _columns(node: Mapping[str, Any] | None) -> dict[str, dg.TableSchema]:
    if node is None:
        return {}
    columns = [
        dg.TableColumn(column["name"], column["data_type"] or "", description=column["description"])
        for column in node["columns"].values()
    ]
    return {"dagster/column_schema": dg.TableSchema(columns=columns)}
