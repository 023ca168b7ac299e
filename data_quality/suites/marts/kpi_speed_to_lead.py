from data_quality.expectations import Expectation
from data_quality.loading import TableContext
from data_quality.rules import build_totals_conserved


def build_expectations(context: TableContext) -> list[Expectation]:
    inquiries = "from marts.fct_leads where is_inquiry and not is_excluded"
    return [
        build_totals_conserved(
            context,
            {
                "inquiries": f"(select count(*) {inquiries})",
                "responded": f"(select count(response_seconds) {inquiries})",
            },
        )
    ]
