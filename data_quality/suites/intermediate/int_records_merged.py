from data_quality.expectations import Expectation, build_conditions
from data_quality.loading import TableContext


def build_expectations(context: TableContext) -> list[Expectation]:
    return [
        build_conditions(
            "merges_have_a_survivor",
            context.name,
            {"cycle": "is_cycle", "merged into itself": "not is_cycle and object_id = survivor_id"},
            says="a merged record leads to one that was not merged",
        )
    ]
