from data_quality.expectations import Expectation, build_conditions
from data_quality.loading import TableContext


def build_expectations(context: TableContext) -> list[Expectation]:
    return [
        build_conditions(
            "leads_only_drop_out",
            f"(select *, lag(reached) over contacts as reached_before, "
            f"lag(went_on) over contacts as went_on_before from {context.name} "
            f"window contacts as (partition by scope, scope_value order by contact_number))",
            {
                "more leads than before": "reached > reached_before",
                "not those that went on": "reached <> went_on_before",
            },
            says="who reaches a contact is who went on from the one before",
        ),
    ]
