"""One step a dbt layer: with one for all, a blocking check between layers stops nothing."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, dbt_assets
from dagster_dbt.core.dbt_cli_event import DbtCoreCliEventMessage

from orchestration.affected import build_basis, record_baseline
from orchestration.assets import dbt_in_process
from orchestration.assets.manifest import (
    LAYERS,
    Manifest,
    check_name,
    data_tests_of,
    dbt_manifest,
    growing_tables,
    layer_select,
    stable_vars,
    tables_of,
)
from orchestration.errors import DbtError, DbtTestsFailedError
from orchestration.runs import redact
from orchestration.settings import Settings
from orchestration.warehouse import forget_done, open_build, read_run, record_done


class Translator(DagsterDbtTranslator):
    """Every convention of the graph that dagster-dbt's defaults don't already follow.

    dbt's tests are part of building a layer, and told as its failure: as a check and two events
    each they would cost more time than they take to run.
    """

    def __init__(self) -> None:
        super().__init__(DagsterDbtTranslatorSettings(enable_asset_checks=False))

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str:
        return str(dbt_resource_props["schema"])

    def get_description(self, dbt_resource_props: Mapping[str, Any]) -> str:
        return str(dbt_resource_props.get("description") or "")


def build_layers(settings: Settings, manifest: Manifest) -> list[dg.AssetsDefinition]:
    """The dbt steps in their order; a layer without models has none."""
    return [
        _build_layer(settings, manifest, layer) for layer in LAYERS if tables_of(manifest, layer)
    ]


def _build_layer(settings: Settings, manifest: Manifest, layer: str) -> dg.AssetsDefinition:
    @dbt_assets(
        manifest=manifest,
        select=layer_select(layer),
        name=layer,
        dagster_dbt_translator=Translator(),
        pool="duckdb",
        required_resource_keys={"night"},
    )
    def layer_assets(context: dg.AssetExecutionContext) -> Iterator[Any]:
        whole = not context.is_subset
        arguments = _arguments(settings, manifest, layer, None if whole else _chosen(context))
        results = settings.dbt_target_dir / "run_results.json"
        results.unlink(missing_ok=True)
        try:
            yield from _build(context, settings, manifest, arguments)
        except Exception:
            dbt_in_process.close_connections()
            raise
        # Not where the run is stopped: closing would wait for the model in work.
        dbt_in_process.close_connections()
        _refuse_problems(json.loads(results.read_text()) if results.exists() else None, manifest)
        if whole:
            with open_build(settings) as connection:
                record_done(connection, layer)
                growing = growing_tables(manifest)
                if layer == LAYERS[-1] and growing:
                    run = read_run(connection)
                    basis = build_basis(connection, settings, run.as_of, growing)
                    record_baseline(connection, run.run_id, run.as_of, basis.fingerprint)

    return layer_assets


def _build(
    context: dg.AssetExecutionContext, settings: Settings, manifest: Manifest, arguments: list[str]
) -> Iterator[Any]:
    translator = Translator()
    if settings.dbt_subprocess:
        events = dbt_in_process.build_in_subprocess(settings, arguments)
    else:
        events = dbt_in_process.build(settings, dbt_manifest(settings), arguments)
    for raw_event in events:
        unique_id = raw_event["data"]["node_info"]["unique_id"]
        if manifest["nodes"].get(unique_id, {}).get("resource_type") not in ("model", "seed"):
            continue
        event = DbtCoreCliEventMessage(raw_event=raw_event, event_history_metadata={})
        for produced in event.to_default_asset_events(
            manifest=manifest, dagster_dbt_translator=translator, context=context
        ):
            if isinstance(produced, dg.Output) and not settings.dbt_subprocess:
                rows = dbt_in_process.count_rows(manifest["nodes"][unique_id]["relation_name"])
                yield produced.with_metadata(
                    {
                        **produced.metadata,
                        **({"dagster/row_count": rows} if rows is not None else {}),
                    }
                )
            else:
                yield produced


def _arguments(
    settings: Settings, manifest: Manifest, layer: str, chosen: dict[str, str] | None
) -> list[str]:
    with open_build(settings) as connection:
        forget_done(connection, check_name(layer))
        run = read_run(connection)
    run_vars = {
        **stable_vars(settings),
        "as_of": run.as_of.isoformat(sep=" "),
        "scope": run.scope,
    }
    models = [layer_select(layer)] if chosen is None else sorted(chosen.values())
    return [
        *("--select", *models, *data_tests_of(manifest, layer, chosen)),
        # Unit tests look at the SQL, not at tonight's data: they are a test's business.
        *("--indirect-selection", "empty", "--exclude-resource-type", "unit_test"),
        *("--vars", json.dumps(run_vars)),
        *(["--full-refresh"] if run.scope == "all" else []),
    ]


def _chosen(context: dg.AssetExecutionContext) -> dict[str, str]:
    """Unique id -> name, of the models that somebody picked in the graph."""
    return {
        str(spec.metadata["dagster_dbt/unique_id"]): spec.key.path[-1]
        for spec in context.assets_def.specs
        if spec.key in context.selected_asset_keys
    }


def _refuse_problems(results: dict[str, Any] | None, manifest: Manifest) -> None:
    if results is None:
        raise DbtError("dbt stopped before it built anything; the run's log says why")
    broken, failed = [], []
    for result in results["results"]:
        node = manifest["nodes"].get(result["unique_id"], {})
        name = f"{node.get('schema', '')}/{node.get('name', result['unique_id'])}"
        if result["status"] == "fail":
            tables = [_table_of(manifest, parent) for parent in node["depends_on"]["nodes"]]
            failed.append(
                f"{', '.join(tables)}: dbt test {node['name']}: {result['failures']} rows break it"
            )
        elif result["status"] in ("error", "runtime error"):
            # A database quotes what it choked on, and Dagster keeps the error.
            broken.append(f"{name}: {redact(result['message'] or '')}")
    if broken:
        raise DbtError("\n".join(broken + failed))
    if failed:
        raise DbtTestsFailedError("\n".join(failed))


def _table_of(manifest: Manifest, unique_id: str) -> str:
    node = manifest["nodes"].get(unique_id) or manifest["sources"][unique_id]
    return f"{node['schema']}/{node['name']}"
