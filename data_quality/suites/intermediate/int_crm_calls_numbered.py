from data_quality.expectations import Expectation, build_share
from data_quality.loading import TableContext

TOLERATED = 0.3
"""More CRM calls without an outside number than that: they can't be paired with telephony."""


def build_expectations(context: TableContext) -> list[Expectation]:
    return [
        build_share(
            "crm_calls_have_a_number",
            "staging.stg_crm__activities",
            f"activity_key not in (select activity_key from {context.name})",
            among="kind = 'call' and not is_deleted",
            says="a call of the CRM has an outside number, its own or its contact's",
            tolerated=TOLERATED,
        )
    ]
