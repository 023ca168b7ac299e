from data_quality.expectations import Expectation, build_share
from data_quality.loading import TableContext

TOLERATED = 0.2


def build_expectations(context: TableContext) -> list[Expectation]:
    return [
        build_share(
            "reps_can_be_called",
            "staging.stg_crm__reps",
            f"rep_id not in (select rep_id from {context.name})",
            among="is_active",
            says="an active rep has an extension, an e-mail or a number that is his own",
            tolerated=TOLERATED,
        )
    ]
