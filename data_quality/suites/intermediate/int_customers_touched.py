from data_quality.expectations import Expectation, build_conditions
from data_quality.loading import TableContext


def build_expectations(context: TableContext) -> list[Expectation]:
    return [
        build_conditions(
            "no_lead_says_so",
            context.name,
            {
                "not a touch without a lead": "touch_key not in (select touch_key "
                "from intermediate.int_touches_matched_to_leads where lead_id is null)",
            },
            says="only where a touch has no lead its customer is looked for elsewhere",
        )
    ]
