from data_quality.expectations import Expectation, build_rows_conserved
from data_quality.loading import TableContext


def build_expectations(context: TableContext) -> list[Expectation]:
    return [
        build_rows_conserved(
            context.name,
            {
                "activities": "(select count(*) from staging.stg_crm__activities)",
                "calls": "(select count(*) from intermediate.int_calls_merged_from_legs)",
                "less pairs": "-(select count(*) from intermediate.int_calls_paired_with_crm)",
            },
            says="touches = activities + calls - pairs",
        )
    ]
