from data_quality.expectations import Expectation
from data_quality.loading import TableContext
from data_quality.rules import build_totals_conserved


def build_expectations(context: TableContext) -> list[Expectation]:
    leads = "from marts.fct_leads where not is_excluded"
    return [
        build_totals_conserved(
            context,
            {
                "entered": f"(select count(*) {leads})",
                "went_on": f"(select count(prospect_at) {leads})",
            },
            among="step = 'lead'",
        ),
    ]
