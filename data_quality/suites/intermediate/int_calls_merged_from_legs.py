from data_quality.expectations import Expectation, build_sums_equal
from data_quality.loading import TableContext


def build_expectations(context: TableContext) -> list[Expectation]:
    return [
        build_sums_equal(
            "legs_are_conserved",
            {"legs in calls": f"(select coalesce(sum(legs), 0) from {context.name})"},
            {"legs": "(select count(*) from intermediate.int_call_legs)"},
            says="each leg is in one call",
        )
    ]
