from data_quality.expectations import Expectation
from data_quality.loading import TableContext
from data_quality.rules import build_same_rows, is_computed


def build_expectations(context: TableContext) -> list[Expectation]:
    return [
        build_same_rows(context, "intermediate.int_refusals", is_computed("'lead'", "lead_id")),
    ]
