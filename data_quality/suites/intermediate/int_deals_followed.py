from data_quality.expectations import Expectation, build_conditions
from data_quality.loading import TableContext


def build_expectations(context: TableContext) -> list[Expectation]:
    return [
        build_conditions(
            "steps_are_of_deals",
            context.name,
            {"no such deal": "deal_id not in (select deal_id from staging.stg_crm__deals)"},
            says="each step is of a deal that is there",
        )
    ]
