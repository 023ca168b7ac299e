from data_quality.expectations import Expectation
from data_quality.loading import TableContext
from data_quality.rules import build_totals_conserved


def build_expectations(context: TableContext) -> list[Expectation]:
    deals = "from marts.fct_deals where not is_excluded"
    return [
        build_totals_conserved(
            context,
            {
                "opened_deals": f"(select count(*) {deals})",
                "won": f"(select count(*) {deals} and is_won)",
                "lost": f"(select count(*) {deals} and is_lost)",
            },
        ),
    ]
