"""One step a dbt layer: with one for all, a blocking check between layers stops nothing."""

from collections.abc import Iterable, Iterator
from graphlib import TopologicalSorter
from typing import Any

import dagster as dg
import duckdb

from orchestration.affected import (
    build_basis,
    forget_baseline,
    read_baseline,
    record_baseline,
)
from orchestration.assets.layer_build import Nodes, build_nodes, refuse_problems, relations_of
from orchestration.assets.layer_specs import key_of, layer_specs
from orchestration.assets.manifest import (
    LAYERS,
    Manifest,
    check_name,
    growing_tables,
    nodes_of,
    tables_of,
)
from orchestration.assets.unchanged import UNCHANGED, is_standing
from orchestration.errors import DataError
from orchestration.settings import Settings
from orchestration.warehouse import Run, forget_done, open_build, read_run, record_done


def build_layers(settings: Settings, manifest: Manifest) -> list[dg.AssetsDefinition]:
    """The dbt steps in their order; a layer without models has none."""
    return [
        _build_layer(settings, manifest, layer) for layer in LAYERS if tables_of(manifest, layer)
    ]


def _build_layer(settings: Settings, manifest: Manifest, layer: str) -> dg.AssetsDefinition:
    @dg.multi_asset(
        name=layer,
        specs=layer_specs(manifest, layer),
        # dbt's tests are part of building a layer, and told as its failure: as a check and two
        # events each they would cost more time than they take to run.
        can_subset=True,
        pool="duckdb",
        required_resource_keys={"night"},
    )
    def layer_assets(context: dg.AssetExecutionContext) -> Iterator[Any]:
        chosen, whole = context.selected_asset_keys, not context.is_subset
        nodes = {
            str(node["unique_id"]): node
            for node in nodes_of(manifest, layer)
            if dg.AssetKey(key_of(node)) in chosen
        }
        with open_build(settings) as connection:
            run = read_run(connection)
            stands = whole and is_standing(connection, run, context.run_id, layer)
            growing = set(growing_tables(manifest)) & set(relations_of(nodes))
            if not stands:
                _begin(connection, run, layer, is_growing=bool(growing))
        if stands:
            for unique_id in _in_order(nodes):
                asset_key = key_of(nodes[unique_id])
                yield dg.MaterializeResult(asset_key=asset_key, metadata=UNCHANGED)
            return
        results = []
        for result in build_nodes(settings, manifest, run, layer, nodes, whole=whole):
            results.append(result)
            if result.status == "success" and result.unique_id in nodes:
                told = {"dagster/row_count": result.rows, "seconds": result.seconds}
                yield dg.MaterializeResult(
                    asset_key=key_of(nodes[result.unique_id]),
                    metadata={name: value for name, value in told.items() if value is not None},
                )
        refuse_problems(results, manifest)
        if whole:
            with open_build(settings) as connection:
                record_done(connection, layer)
                if growing:
                    basis = build_basis(connection, settings, run.as_of, growing)
                    links_too = run.scope == "all"
                    record_baseline(connection, run.run_id, basis, links_too=links_too)

    return layer_assets


def _begin(
    connection: duckdb.DuckDBPyConnection, run: Run, layer: str, *, is_growing: bool
) -> None:
    """What was said of the layer holds no more."""
    forget_done(connection, check_name(layer))
    if is_growing:
        if run.scope != "all" and read_baseline(connection) is None:
            raise DataError("The marts were left half built: begin a run, which rebuilds.")
        forget_baseline(connection)


def _in_order(nodes: Nodes) -> Iterable[str]:
    """Each after what it is made of: Dagster takes them in no other order."""
    made_of = {
        key: nodes.keys() & node["depends_on"].get("nodes", ()) for key, node in nodes.items()
    }
    return TopologicalSorter(made_of).static_order()
