from data_quality.expectations import Expectation, build_conditions
from data_quality.loading import TableContext


def build_expectations(context: TableContext) -> list[Expectation]:
    return [
        build_conditions(
            "stages_mean_something",
            context.name,
            {
                "unknown funnel_step": "step_rank is null and funnel_step <> 'lost'",
                "neither a step nor excluded": "funnel_step is null and not is_excluded",
                "no lead and no deal": "object_type not in ('lead', 'deal')",
            },
            says="a stage of a lead or deal is one of the funnel's steps, or excluded",
        )
    ]
