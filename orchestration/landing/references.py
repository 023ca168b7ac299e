"""Whether what a row must name has landed: its targets land before it."""

from dataclasses import dataclass

import duckdb

from orchestration.landing.contract import Column, Entity, load_contract
from orchestration.landing.headers import quoted


@dataclass(frozen=True)
class Known:
    """What of a column's references is there, to be joined to the typed rows."""

    column: str
    join: str

    @property
    def is_known(self) -> str:
        return f"known_{self.column}.id is not null"


def look_up_all(entity: Entity) -> list[Known]:
    """For each column whose references are needed: everything that ever landed is held."""
    return [
        _known(column, _targets(column)) for column in entity.columns if column.reference_needed
    ]


def look_up_references(
    connection: duckdb.DuckDBPyConnection, entity: Entity, incoming: str, connector: str
) -> list[Known]:
    """The same, where the rows are few: what they name is picked out first, and that is held."""
    found = []
    for column in entity.columns:
        if column.reference_needed:
            named = f"{quoted(connector)} || ':' || to_text({column.name})"
            connection.execute(
                f"create or replace temp table named_{column.name} as "
                f"select * from ({_targets(column)}) where id in (select {named} from ({incoming}))"
            )
            found.append(_known(column, f"select * from named_{column.name}"))
    return found


def _known(column: Column, targets: str) -> Known:
    table = f"known_{column.name}"
    same_kind = f" and {table}.kind = typed.object_type" if _is_object(column) else ""
    # Each once: a join must not double the row that names it.
    return Known(
        column.name,
        f"left join (select distinct * from ({targets})) as {table} "
        f"on {table}.id = typed.{column.name}{same_kind}",
    )


def _is_object(column: Column) -> bool:
    return column.references == "object"


def _targets(column: Column) -> str:
    """`id`, and where the row says of what kind, `kind`."""
    contract = load_contract()
    if not _is_object(column):
        target = contract[column.references or ""]
        return f"select {target.key[0]} as id from {target.table}"
    return " union all ".join(
        f"select '{kind}' as kind, {contract[name].key[0]} as id from {contract[name].table}"
        for kind, name in (("lead", "crm/leads"), ("deal", "crm/deals"))
    )
