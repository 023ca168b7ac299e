from data_quality.expectations import Expectation, build_no_rows
from data_quality.loading import TableContext
from data_quality.rules import build_same_rows


def build_expectations(context: TableContext) -> list[Expectation]:
    return [
        build_same_rows(context, "intermediate.int_touches_sessioned"),
        *(_build_numbered(context, column) for column in ("attempt_number", "contact_number")),
    ]


def _build_numbered(context: TableContext, column: str) -> Expectation:
    return build_no_rows(
        f"numbers_have_no_gaps({column})",
        f"""
        select lead_id from {context.name} where {column} is not null group by lead_id
        having min({column}) <> 1
            or max({column}) <> count(*)
            or count(distinct {column}) <> count(*)
        """,
        f"within a lead, {column} is 1, 2, 3 and so on",
    )
