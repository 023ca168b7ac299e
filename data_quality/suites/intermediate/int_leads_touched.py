from data_quality.expectations import Expectation, build_rows_conserved
from data_quality.loading import TableContext


def build_expectations(context: TableContext) -> list[Expectation]:
    touched = (
        "(select count(distinct lead_id) from intermediate.int_touches_numbered "
        "where exclusion_reason is null)"
    )
    return [
        build_rows_conserved(
            context.name, {"leads with a touch": touched}, says="one row a lead that was touched"
        )
    ]
