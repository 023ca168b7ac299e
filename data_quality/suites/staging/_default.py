"""Staging: every raw row that had happened by `as_of` and is computed is there, and no other."""

from data_quality.contract import load_entities
from data_quality.expectations import Expectation, build_rows_conserved
from data_quality.loading import TableContext
from data_quality.rules import AS_OF, is_computed_of


def build_expectations(context: TableContext) -> list[Expectation]:
    entity = load_entities().get(context.table.removeprefix("stg_").replace("__", "_"))
    if entity is None:
        return []
    raw = f"raw.{entity.table}"
    computed = is_computed_of(entity.table)
    parts = {f"{raw} has": f"(select count(*) from {raw} where {computed})"}
    if entity.happened_at:
        later = f"(select count(*) from {raw} where {computed} and {entity.happened_at} > {AS_OF})"
        parts["less what is later than as_of"] = f"-{later}"
    return [
        build_rows_conserved(
            context.name, parts, says=f"the rows of {raw}, but for what is later than as_of"
        )
    ]
