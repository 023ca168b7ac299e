from data_quality.expectations import Expectation, build_rows_conserved
from data_quality.loading import TableContext


def build_expectations(context: TableContext) -> list[Expectation]:
    facts = ("fct_leads", "fct_deals", "fct_touches")
    # By kind too: a company and a contact of one number are two customers.
    customers = " union ".join(
        f"select customer_kind, customer_id from marts.{fact} where customer_id is not null"
        for fact in facts
    )
    named = f"(select count(*) from ({customers}) as named)"
    return [
        build_rows_conserved(
            context.name,
            {"customers of leads, deals and touches": named},
            says="one row a customer that the facts name",
        )
    ]
