from data_quality.expectations import Expectation
from data_quality.loading import TableContext
from data_quality.rules import build_totals_conserved


def build_expectations(context: TableContext) -> list[Expectation]:
    outreach = (
        "(select count(*) from marts.fct_touches where not is_excluded and not is_automated "
        "and lead_id is not null and is_new_customer and direction = 'outbound' "
        "and channel = '{}')"
    )
    return [
        build_totals_conserved(
            context,
            {
                "outreach_calls": outreach.format("call"),
                "outreach_emails": outreach.format("email"),
                "prospects": "(select count(prospect_at) from marts.fct_leads "
                "where not is_excluded)",
                "new_contracts": "(select count(*) from marts.fct_deals "
                "where is_new_contract and not is_excluded)",
            },
        )
    ]
