"""The contract of LANDING.md as Python, read from dbt's source YAML: there and nowhere else."""

from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import yaml

from orchestration.settings import DBT_PROJECT_DIR

Kind = Literal["text", "id", "time", "date", "boolean", "number"]

# Referenced entities land before those that need them: a night resolves its own references.
LANDING_ORDER = (
    "crm/reps",
    "crm/accounts",
    "crm/contacts",
    "crm/leads",
    "crm/deals",
    "crm/collateral",
)


@dataclass(frozen=True)
class Column:
    name: str
    data_type: str
    required: bool = False
    key: bool = False
    id: bool = False
    latest_by: bool = False
    event_time: bool = False
    may_be_future: bool = False
    not_negative: bool = False
    reference_needed: bool = False
    references: str | None = None
    values: tuple[str, ...] = ()

    @property
    def kind(self) -> Kind:
        if self.id:
            return "id"
        if self.data_type.startswith("decimal"):
            return "number"
        kinds: dict[str, Kind] = {"timestamp": "time", "date": "date", "boolean": "boolean"}
        return kinds.get(self.data_type, "text")


@dataclass(frozen=True)
class Entity:
    name: str
    """As LANDING.md calls it: `crm/leads`."""
    columns: tuple[Column, ...]
    broken_if: tuple[tuple[str, str], ...]
    """(rule, SQL condition over the typed columns): rows for which it holds go to quarantine."""

    @property
    def table(self) -> str:
        return "raw." + self.name.replace("/", "_")

    @property
    def key(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns if column.key)

    @property
    def latest_by(self) -> str | None:
        return next((column.name for column in self.columns if column.latest_by), None)


@cache
def load_contract() -> dict[str, Entity]:
    """Every entity by its name, in the order in which they have to land."""
    entities = [
        _entity(table)
        for path in sorted((DBT_PROJECT_DIR / "models" / "staging").glob("*/_*__sources.yml"))
        for source in yaml.safe_load(path.read_text())["sources"]
        for table in source["tables"]
        if "entity" in table["config"]["meta"]
    ]
    order = {name: position for position, name in enumerate(LANDING_ORDER)}
    entities.sort(key=lambda entity: (order.get(entity.name, len(order)), entity.name))
    return {entity.name: entity for entity in entities}


def _entity(table: dict[str, Any]) -> Entity:
    meta = table["config"]["meta"]
    return Entity(
        name=meta["entity"],
        columns=tuple(_column(column) for column in table["columns"]),
        broken_if=tuple(meta.get("broken_if", {}).items()),
    )


def _column(column: dict[str, Any]) -> Column:
    meta = dict(column.get("config", {}).get("meta", {}))
    values = tuple(meta.pop("values", ()))
    return Column(name=column["name"], data_type=column["data_type"], values=values, **meta)
