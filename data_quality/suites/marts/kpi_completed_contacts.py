from data_quality.expectations import Expectation
from data_quality.loading import TableContext
from data_quality.rules import build_totals_conserved


def build_expectations(context: TableContext) -> list[Expectation]:
    leads = "from marts.fct_leads where not is_excluded"
    return [
        build_totals_conserved(
            context,
            {
                "leads": f"(select count(*) {leads})",
                "attempts": f"(select coalesce(sum(attempts), 0) {leads})",
                "completed_contacts": f"(select coalesce(sum(completed_contacts), 0) {leads})",
                "wins": f"(select count(won_at) {leads})",
            },
        ),
    ]
