from data_quality.expectations import Expectation, build_conditions, build_counted
from data_quality.loading import TableContext
from data_quality.rules import AS_OF, build_same_rows

DAYS = 62
"""A rate a month, and a month for somebody to notice."""


def build_expectations(context: TableContext) -> list[Expectation]:
    return [
        build_same_rows(context, "seeds.exchange_rates"),
        build_conditions(
            "rates_are_rates",
            context.name,
            {
                "no currency": "currency is null or not regexp_full_match(currency, '[A-Z]{3}')",
                "no rate": "rate is null or rate <= 0",
                "no day": "valid_from is null",
            },
            says="a currency (ISO 4217), a day and a rate above 0",
        ),
        build_counted(
            "rates_are_fresh",
            f"""
            select
                count(*) filter (where latest < {AS_OF} - interval {DAYS} day) as failing,
                coalesce(string_agg(currency || ' ' || latest, ', ' order by currency), 'no rates')
                    as observed
            from (
                select currency, max(valid_from) as latest from {context.name} group by currency
            ) as currencies
            """,
            says=f"each currency's latest rate is at most {DAYS} days older than as_of",
            look=f"select currency, max(valid_from) from {context.name} group by currency",
            severity="warning",
        ),
    ]
