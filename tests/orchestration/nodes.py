"""As much of dbt's manifest as publication looks at."""

from typing import Any


def node(schema: str, name: str, **columns: dict[str, Any]) -> dict[str, Any]:
    return {
        "resource_type": "seed" if schema == "seeds" else "model",
        "schema": schema,
        "alias": name,
        "name": name,
        "description": f"{name}, described.",
        "config": {"materialized": "table"},
        "columns": columns,
    }


MANIFEST: dict[str, Any] = {
    "nodes": {
        "model.touchline.fct_leads": node(
            "marts",
            "fct_leads",
            lead_id={"description": "It's the lead.", "config": {}},
            customer_name={"description": "Who.", "config": {"meta": {"personal": True}}},
        ),
        "seed.touchline.kpi_definitions": node("seeds", "kpi_definitions"),
        "seed.touchline.stage_map": node("seeds", "stage_map"),
    },
    "sources": {},
}
