from data_quality.expectations import Expectation, build_share
from data_quality.loading import TableContext
from data_quality.rules import build_same_rows


def build_expectations(context: TableContext) -> list[Expectation]:
    return [
        build_same_rows(context, "staging.stg_crm__quotas"),
        build_share(
            "quotas_can_be_converted",
            context.name,
            "amount is not null and reporting_amount is null",
            says="seeds/exchange_rates.csv has a rate for the first day of each quota's month",
            tolerated=0,
        ),
    ]
