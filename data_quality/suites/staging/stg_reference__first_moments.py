from data_quality.expectations import Expectation, build_conditions
from data_quality.loading import TableContext
from data_quality.rules import AS_OF


def build_expectations(context: TableContext) -> list[Expectation]:
    return [
        build_conditions(
            "nothing_begins_after_as_of",
            context.name,
            {"moment": f"moment > {AS_OF}"},
            says="what is seen began before the moment that the marts describe",
        )
    ]
