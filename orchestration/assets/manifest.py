"""What dbt's manifest says about layers, tables and tests; parsed again only when it is stale."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import version
from typing import Any

from orchestration.assets import dbt_in_process
from orchestration.settings import SEEDS_DIR, Settings

Manifest = Mapping[str, Any]

LAYERS = ("staging", "intermediate", "marts")
"""In the order in which they are built; each is a folder, a schema and a step."""
_BESIDE: Mapping[str, tuple[str, ...]] = {"staging": ("seeds",), "marts": ("sums",)}
"""Schemas that are built in a layer's step: what it stands on, or keeps from night to night."""
REFERENCE_SEEDS = ("kpi_definitions", "kpi_benchmarks")
"""Published beside the marts: they label the figures."""


def load_manifest(settings: Settings) -> dict[str, Any]:
    """The manifest of the project as it stands now."""
    path = settings.dbt_target_dir / "manifest.json"
    key_file = settings.dbt_target_dir / "manifest.key"
    where, key = str(settings.dbt_project_dir), project_key(settings)
    known = key_file.read_text().splitlines() if key_file.exists() else []
    if known[:1] != [where]:
        # What dbt keeps of a parse goes on looking for seeds where the checkout was.
        (settings.dbt_target_dir / "partial_parse.msgpack").unlink(missing_ok=True)
    if not path.exists() or known != [where, key]:
        dbt_in_process.parse(settings, stable_vars(settings), key)
        key_file.write_text(f"{where}\n{key}\n")
    return dict(json.loads(path.read_text()))


def dbt_manifest(settings: Settings) -> Any:
    """The same as dbt's own object, which spares every layer a parse."""
    return dbt_in_process.read_manifest(settings, stable_vars(settings), project_key(settings))


def stable_vars(settings: Settings) -> dict[str, Any]:
    """The vars that are the same from night to night."""
    return settings.stable_dbt_vars


def project_key(settings: Settings) -> str:
    """Changes with any file of the project, with any var that parsing sees, and with dbt itself."""
    files = sorted(
        path
        for folder in (settings.dbt_project_dir, SEEDS_DIR)
        for path in folder.rglob("*")
        if path.suffix in (".sql", ".yml", ".yaml", ".md", ".csv", ".py") and path.is_file()
    )
    told = [f"{path}:{(status := path.stat()).st_mtime_ns}:{status.st_size}" for path in files]
    told += [version(package) for package in ("dbt-core", "dbt-duckdb")]
    return hashlib.sha256(json.dumps([told, stable_vars(settings)]).encode()).hexdigest()


def layer_select(layer: str) -> list[str]:
    """How dbt is asked for a layer's models (`path:` silently matched nothing)."""
    return [f"fqn:touchline.{schema}.*" for schema in _schemas_of(layer) if schema != "seeds"]


def check_name(stage: str) -> str:
    """The step that looks at a stage, and how its passing is kept."""
    return f"check_{stage}"


def tables_of(manifest: Manifest, schema: str) -> list[str]:
    """Models and seeds of a schema that are a table or a view."""
    return sorted(node["alias"] for node in _stored(manifest) if node["schema"] == schema)


def nodes_of(manifest: Manifest, layer: str) -> list[dict[str, Any]]:
    """What makes a layer's tables and views; seeds go with the first, sums with the last."""
    found = (node for node in _stored(manifest) if node["schema"] in _schemas_of(layer))
    return sorted(found, key=lambda node: str(node["unique_id"]))


def _stored(manifest: Manifest) -> Iterator[dict[str, Any]]:
    for node in manifest["nodes"].values():
        is_table = node["resource_type"] in ("model", "seed")
        if is_table and node["config"]["materialized"] != "ephemeral":
            yield node


def data_tests_of(
    manifest: Manifest, layer: str, parents: Iterable[str] | None = None
) -> list[str]:
    """Unique ids of the data tests that can run once `layer` is built: its highest table is there.

    With `parents` (unique ids), only those that look at one of them.
    """
    wanted = None if parents is None else set(parents)
    return sorted(
        str(node["unique_id"])
        for node in manifest["nodes"].values()
        if node["resource_type"] == "test"
        and (needed := node["depends_on"]["nodes"])
        and max(_level(manifest, unique_id) for unique_id in needed) == LAYERS.index(layer)
        and (wanted is None or wanted & set(needed))
    )


def raw_tables(manifest: Manifest) -> list[dict[str, Any]]:
    """The sources of schema raw: the contract's entities and what landing adds."""
    found = (node for node in manifest["sources"].values() if node["schema"] == "raw")
    return sorted(found, key=lambda node: str(node["name"]))


def growing_tables(manifest: Manifest) -> list[str]:
    """Tables (`schema.table`) that a normal night brings up to date in place."""
    return sorted(
        f"{node['schema']}.{node['alias']}"
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["config"]["materialized"] == "incremental"
    )


def published_tables(manifest: Manifest) -> dict[str, str]:
    """Table of the published database -> the schema that it has there."""
    seeds = set(tables_of(manifest, "seeds"))
    return {
        **dict.fromkeys(tables_of(manifest, "marts"), "marts"),
        **{name: "reference" for name in REFERENCE_SEEDS if name in seeds},
    }


def node_of(manifest: Manifest, table: str) -> dict[str, Any]:
    """The model or seed that makes a table."""
    return next(
        dict(node)
        for node in manifest["nodes"].values()
        if node["resource_type"] in ("model", "seed") and node["alias"] == table
    )


def _level(manifest: Manifest, unique_id: str) -> int:
    schema = (manifest["nodes"].get(unique_id) or manifest["sources"][unique_id])["schema"]
    return next((level for level, layer in enumerate(LAYERS) if schema in _schemas_of(layer)), 0)


def _schemas_of(layer: str) -> tuple[str, ...]:
    return (layer, *_BESIDE.get(layer, ()))
