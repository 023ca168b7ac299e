"""dbt's nodes as Dagster's assets: key, what it is made of, and what its YAML says of it.

dagster-dbt does the same, and costs two seconds a night to import and to turn events around.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg

from orchestration.assets.manifest import Manifest, nodes_of

_SHARED = ("model", "seed")
_KINDS = {"dbt", "duckdb"}


def layer_specs(manifest: Manifest, layer: str) -> list[dg.AssetSpec]:
    """A layer's tables and views; seeds go with the first, sums with the last."""
    return [
        dg.AssetSpec(
            key_of(node),
            deps=[key_of(parent) for parent in _parents(manifest, node)],
            group_name=str(node["schema"]),
            description=str(node.get("description") or ""),
            kinds=_KINDS,
            metadata=_metadata(node),
            skippable=True,
        )
        for node in nodes_of(manifest, layer)
    ]


def key_of(node: Mapping[str, Any]) -> list[str]:
    """A table has one name: schema and table."""
    return [node["schema"], node["alias"] if "alias" in node else node["name"]]


def _parents(manifest: Manifest, node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """What stands in the warehouse: an ephemeral model is its own parents."""
    for unique_id in node["depends_on"].get("nodes", ()):
        parent = manifest["nodes"].get(unique_id) or manifest["sources"][unique_id]
        if parent.get("config", {}).get("materialized") == "ephemeral":
            yield from _parents(manifest, parent)
        elif parent["resource_type"] in (*_SHARED, "source"):
            yield parent


def _metadata(node: Mapping[str, Any]) -> dict[str, Any]:
    columns = [
        dg.TableColumn(name, column["data_type"] or "?", description=column["description"])
        for name, column in node["columns"].items()
    ]
    return {
        "dbt/materialized": node["config"]["materialized"],
        **({"dagster/column_schema": dg.TableSchema(columns=columns)} if columns else {}),
    }
