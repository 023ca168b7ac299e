from data_quality.expectations import Expectation
from data_quality.loading import TableContext
from data_quality.rules import build_totals_conserved


def build_expectations(context: TableContext) -> list[Expectation]:
    touches = (
        "from marts.fct_touches where not is_excluded and not is_automated and lead_id is not null"
    )
    return [
        build_totals_conserved(
            context,
            {
                "touches": f"(select count(*) {touches})",
                "completed_contacts": f"(select count(*) {touches} and is_completed)",
                "leads": "(select count(*) from marts.fct_leads where not is_excluded)",
            },
        ),
    ]
