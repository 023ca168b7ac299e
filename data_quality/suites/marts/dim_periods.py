from data_quality.expectations import Expectation, build_rows_conserved
from data_quality.loading import TableContext


def build_expectations(context: TableContext) -> list[Expectation]:
    return [
        build_rows_conserved(
            context.name,
            {"days, three times": "(select 3 * count(*) from marts.dim_dates)"},
            says="each day is in one week, one month and one quarter",
        )
    ]
