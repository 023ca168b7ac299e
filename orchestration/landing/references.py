"""Whether what a row must name has landed: its targets land before it."""

from collections.abc import Iterator
from dataclasses import dataclass

import duckdb

from orchestration.landing.contract import Column, Entity, load_contract
from orchestration.landing.headers import quoted


@dataclass(frozen=True)
class Known:
    """Whether a column's reference is to something that is there, as an SQL condition."""

    column: str
    is_known: str


@dataclass(frozen=True)
class _Target:
    condition: str
    """Of the rows that refer to it."""
    ids: str
    """A query."""


def look_up_all(entity: Entity) -> list[Known]:
    """For each column whose references are needed: everything that ever landed is held."""
    return [
        _known(column, list(_targets(column)))
        for column in entity.columns
        if column.reference_needed
    ]


def look_up_references(
    connection: duckdb.DuckDBPyConnection, entity: Entity, incoming: str, connector: str
) -> list[Known]:
    """The same, where the rows are few: what they name is picked out first, and that is held."""
    found = []
    for column in entity.columns:
        if column.reference_needed:
            named = f"{quoted(connector)} || ':' || to_text({column.name})"
            few = []
            for number, target in enumerate(_targets(column)):
                table = f"named_{column.name}_{number}"
                connection.execute(
                    f"create or replace temp table {table} as select id from ({target.ids}) "
                    f"where id in (select {named} from ({incoming}))"
                )
                few.append(_Target(target.condition, f"select id from {table}"))
            found.append(_known(column, few))
    return found


def _known(column: Column, targets: list[_Target]) -> Known:
    found = " or ".join(
        f"({target.condition} and {column.name} in ({target.ids}))" for target in targets
    )
    return Known(column.name, f"coalesce({found}, false)")


def _targets(column: Column) -> Iterator[_Target]:
    contract = load_contract()
    names = (
        {"object_type = 'lead'": "crm/leads", "object_type = 'deal'": "crm/deals"}
        if column.references == "object"
        else {"true": column.references or ""}
    )
    for condition, name in names.items():
        target = contract[name]
        yield _Target(condition, f"select {target.key[0]} as id from {target.table}")
