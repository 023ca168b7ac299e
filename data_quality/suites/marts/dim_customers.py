from data_quality.expectations import Expectation, build_rows_conserved
from data_quality.loading import TableContext


def build_expectations(context: TableContext) -> list[Expectation]:
    facts = ("fct_leads", "fct_deals", "fct_touches")
    customers = " union ".join(f"select customer_id from marts.{fact}" for fact in facts)
    named = f"(select count(customer_id) from ({customers}) as named)"
    return [
        build_rows_conserved(
            context.name,
            {"customers of leads, deals and touches": named},
            says="one row a customer that the facts name",
        )
    ]
