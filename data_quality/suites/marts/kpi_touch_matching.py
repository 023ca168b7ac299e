from data_quality.expectations import Expectation
from data_quality.loading import TableContext
from data_quality.rules import build_totals_conserved


def build_expectations(context: TableContext) -> list[Expectation]:
    touches = "from marts.fct_touches where not is_excluded and not is_automated"
    return [
        build_totals_conserved(
            context,
            {
                "touches": f"(select count(*) {touches})",
                "touches_matched": f"(select count(lead_id) {touches})",
            },
            scopes=("company", "team", "rep"),
        ),
    ]
