"""What the landing contract says to raw's suites: it stands in dbt's source YAML and nowhere else.

`orchestration.landing` reads the same files; this package knows nothing of it, to run alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

SOURCES = Path(__file__).parent.parent / "dbt_project" / "models" / "staging"


@dataclass(frozen=True)
class Entity:
    """One entity of LANDING.md, with what the suites ask of its columns."""

    name: str
    """`crm/leads`"""
    table: str
    """`crm_leads`, in schema raw"""
    required: tuple[str, ...]
    event_times: tuple[str, ...]
    may_be_future: frozenset[str]
    """Event times that are also used for plans, such as the day a deal is expected to close."""
    happened_at: str | None
    """The time that decides whether a row is seen as of a moment; None: it is always seen."""
    keys: tuple[str, ...]
    references: Mapping[str, str]
    """Column -> entity that it names; landing keeps rows that name nothing."""


@cache
def load_entities() -> dict[str, Entity]:
    """Every entity by its table in raw."""
    entities = [
        _build_entity(table["name"], table)
        for path in sorted(SOURCES.glob("*/_*__sources.yml"))
        for source in yaml.safe_load(path.read_text(encoding="utf-8"))["sources"]
        for table in source["tables"]
        if "entity" in table["config"]["meta"]
    ]
    return {entity.table: entity for entity in entities}


def _build_entity(name: str, table: Mapping[str, object]) -> Entity:
    config = table["config"]
    columns = table["columns"]
    assert isinstance(config, dict)
    assert isinstance(columns, list)
    metas = {column["name"]: column.get("config", {}).get("meta", {}) for column in columns}
    required = tuple(column for column, meta in metas.items() if meta.get("required"))
    event_times = tuple(column for column, meta in metas.items() if meta.get("event_time"))
    happened = [column for column in event_times if column in required]
    return Entity(
        name=config["meta"]["entity"],
        table=name,
        required=required,
        event_times=event_times,
        may_be_future=frozenset(c for c, meta in metas.items() if meta.get("may_be_future")),
        happened_at=next(iter(happened), "created_at" if "created_at" in metas else None),
        keys=tuple(column for column, meta in metas.items() if meta.get("key")),
        references={
            column: meta["references"]
            for column, meta in metas.items()
            # What names nothing where something is needed is in quarantine already.
            if "references" in meta and not meta.get("reference_needed")
        },
    )
