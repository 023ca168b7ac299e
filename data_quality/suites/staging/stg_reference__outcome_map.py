from data_quality.expectations import Expectation, build_conditions
from data_quality.loading import TableContext
from data_quality.rules import build_same_rows


def build_expectations(context: TableContext) -> list[Expectation]:
    return [
        build_same_rows(context, "seeds.outcome_map"),
        build_conditions(
            "outcomes_mean_something",
            context.name,
            {
                column: f"coalesce({column}, '') = ''"
                for column in ("kind", "native_outcome", "outcome")
            },
            says="a kind of activity, the native outcome and what it means",
        ),
    ]
