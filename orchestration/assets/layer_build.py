"""Builds a dbt layer in the build file: seeds where they have changed, models, data tests."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from orchestration.assets import dbt_in_process
from orchestration.assets.data_tests import compile_data_tests, run_data_tests
from orchestration.assets.dbt_in_process import NodeResult
from orchestration.assets.manifest import (
    Manifest,
    data_tests_of,
    dbt_manifest,
    layer_select,
    project_key,
    stable_vars,
)
from orchestration.assets.seeding import remember_seeds, seeds_are_loaded
from orchestration.errors import DbtError, DbtTestsFailedError
from orchestration.runs import redact
from orchestration.settings import Settings
from orchestration.warehouse import MARTS, Run, open_build, read_computed_scope

Nodes = Mapping[str, Mapping[str, Any]]
"""Of the manifest, by unique id."""


def build_nodes(
    settings: Settings, manifest: Manifest, run: Run, layer: str, nodes: Nodes, *, whole: bool
) -> Iterator[NodeResult]:
    """What became of each of `nodes` (all of the layer, if it is `whole`) and of their tests."""
    tests = data_tests_of(manifest, layer, None if whole else nodes)
    models = layer_select(layer) if whole else _names(nodes, "model")
    seeds = {key: node for key, node in nodes.items() if node["resource_type"] == "seed"}
    as_of = run.as_of.isoformat(sep=" ")
    with open_build(settings) as connection:
        # What is made by hand after a night that brought nothing stands on an earlier one's rows.
        scope = read_computed_scope(connection)
    variables = {**stable_vars(settings), "scope": scope}
    given = ["--vars", json.dumps({**variables, "as_of": as_of})]
    if scope == "all":
        given.append("--full-refresh")
    _drop_made_anew(settings, nodes)
    if settings.dbt_subprocess:
        names = [*models, *_names(seeds), *_names({key: manifest["nodes"][key] for key in tests})]
        yield from dbt_in_process.build_in_subprocess(settings, names, given)
        return
    is_good = True
    for result in _run_dbt(settings, seeds, models, given):
        is_good = is_good and result.status == "success"
        yield result
    if is_good and tests:
        compiled = compile_data_tests(settings, variables, as_of)
        with open_build(settings) as connection:
            yield from run_data_tests(connection, manifest, compiled, tests)


def refuse_problems(results: Sequence[NodeResult], manifest: Manifest) -> None:
    """Raises DbtError where something broke, else DbtTestsFailedError where a test failed."""
    broken, failed = [], []
    for result in results:
        node = manifest["nodes"].get(result.unique_id, {})
        if result.status == "fail":
            tables = [_table_of(manifest, parent) for parent in node["depends_on"]["nodes"]]
            failed.append(
                f"{', '.join(tables)}: dbt test {node['name']}: {result.failures} rows break it"
            )
        elif result.status in ("error", "runtime error"):
            name = f"{node.get('schema', '')}/{node.get('name', result.unique_id)}"
            # A database quotes what it choked on, and Dagster keeps the error.
            broken.append(f"{name}: {redact(result.message)}")
    if broken:
        raise DbtError("\n".join(broken + failed))
    if failed:
        raise DbtTestsFailedError("\n".join(failed))


def _drop_made_anew(settings: Settings, nodes: Nodes) -> None:
    """Marts give up their room before: yesterday's beside tonight's would double the file.

    Nobody misses them, since what people read is a copy.
    """
    tables = [
        f"{node['database']}.{node['schema']}.{node['alias']}"
        for node in nodes.values()
        if node["database"] == MARTS and node["config"]["materialized"] == "table"
    ]
    if tables:
        with open_build(settings) as connection:
            for table in tables:
                connection.execute(f"drop table if exists {table}")


def _run_dbt(
    settings: Settings, seeds: Nodes, models: Sequence[str], given: Sequence[str]
) -> Iterator[NodeResult]:
    try:
        if _seeds_are_stale(settings, seeds):
            yield from _execute(settings, "seed", _names(seeds), given)
            dbt_in_process.close_connections()
            _keep_seeds(settings, seeds)
        else:
            yield from (NodeResult(unique_id, "success") for unique_id in seeds)
        if models:
            yield from _execute(settings, "run", models, given)
    except Exception:
        dbt_in_process.close_connections()
        raise
    # Not where the run is stopped: closing would wait for the model in work.
    dbt_in_process.close_connections()


def _execute(
    settings: Settings, command: str, names: Sequence[str], given: Sequence[str]
) -> Iterator[NodeResult]:
    arguments = ["--select", *names, *given]
    return dbt_in_process.execute(settings, dbt_manifest(settings), command, arguments)


def _seeds_are_stale(settings: Settings, seeds: Nodes) -> bool:
    if not seeds:
        return False
    with open_build(settings) as connection:
        return not seeds_are_loaded(connection, relations_of(seeds), project_key(settings))


def _keep_seeds(settings: Settings, seeds: Nodes) -> None:
    with open_build(settings) as connection:
        remember_seeds(connection, relations_of(seeds), project_key(settings))


def relations_of(nodes: Nodes) -> list[str]:
    return [f"{node['schema']}.{node['alias']}" for node in nodes.values()]


def _names(nodes: Nodes, kind: str | None = None) -> list[str]:
    found = (node for node in nodes.values() if kind in (None, node["resource_type"]))
    return sorted(str(node["name"]) for node in found)


def _table_of(manifest: Manifest, unique_id: str) -> str:
    node = manifest["nodes"].get(unique_id) or manifest["sources"][unique_id]
    return f"{node['schema']}/{node['name']}"
