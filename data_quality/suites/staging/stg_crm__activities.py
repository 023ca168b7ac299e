from data_quality.expectations import Expectation, build_share
from data_quality.loading import TableContext

TOLERATED = 0.01


def build_expectations(context: TableContext) -> list[Expectation]:
    return [
        build_share(
            "outcomes_are_mapped",
            context.name,
            "(kind, outcome) not in "
            "(select (kind, native_outcome) from staging.stg_reference__outcome_map)",
            among="kind in ('call', 'meeting') and outcome is not null",
            says="the native outcome of a call or meeting has a row in seeds/outcome_map.csv",
            tolerated=TOLERATED,
        )
    ]
