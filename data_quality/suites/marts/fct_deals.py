from data_quality.expectations import Expectation, build_counted, build_share
from data_quality.loading import TableContext
from data_quality.rules import AS_OF, MOST_TOLD, build_same_rows, is_computed

TOLERATED_WITHOUT_AMOUNT = 0.1
TOLERATED_CLOSED_EARLY = 0.01


def build_expectations(context: TableContext) -> list[Expectation]:
    return [
        build_same_rows(context, "staging.stg_crm__deals", is_computed("'deal'", "deal_id")),
        _build_money_conserved(context),
        build_share(
            "won_deals_have_an_amount",
            context.name,
            "coalesce(amount, 0) = 0",
            among="is_won and not is_excluded",
            says="a won deal has an amount",
            tolerated=TOLERATED_WITHOUT_AMOUNT,
        ),
        _build_rates_known(context),
        build_share(
            "deals_close_after_they_open",
            context.name,
            "closed_at < created_at",
            among="closed_at is not null",
            says="a deal closes after it was opened",
            tolerated=TOLERATED_CLOSED_EARLY,
        ),
    ]


def _build_money_conserved(context: TableContext) -> Expectation:
    """Per currency, to the cent: no merge, join or conversion lost or doubled any."""
    return build_counted(
        "money_is_conserved",
        f"""
        with raw_money as (
            select upper(currency) as currency, sum(amount) as money
            from raw.crm_deals where created_at <= {AS_OF} group by all
        ),
        marts_money as (
            select currency, sum(amount) as money from {context.name} group by all
        ),
        compared as (
            select
                coalesce(raw_money.currency, marts_money.currency, 'no currency') as currency,
                coalesce(raw_money.money, 0) as raw_money,
                coalesce(marts_money.money, 0) as marts_money
            from raw_money full join marts_money
                on raw_money.currency is not distinct from marts_money.currency
        )
        select
            count(*) filter (where raw_money <> marts_money) as failing,
            coalesce(
                string_agg(
                    currency || ' ' || marts_money || ' of ' || raw_money, ', ' order by currency
                ),
                'no deals'
            ) as observed
        from compared
        """,
        says="per currency, the deals' money is that of raw",
        look=f"select currency, sum(amount) from {context.name} group by currency",
    )


def _build_rates_known(context: TableContext) -> Expectation:
    """KPIS.md 0: never taken as 1:1, and reported."""
    unknown = "amount is not null and reporting_amount is null and not is_excluded"
    return build_counted(
        "amounts_can_be_converted",
        f"""
        select
            cast(coalesce(sum(deals), 0) as bigint) as failing,
            coalesce(string_agg(currency || ' ' || deals, ', ' order by currency), '0 rows')
                as observed
        from (
            select coalesce(currency, 'no currency') as currency, count(*) as deals
            from {context.name} where {unknown} group by all order by deals desc limit {MOST_TOLD}
        ) as currencies
        """,
        says="seeds/exchange_rates.csv has a rate for the day of each amount",
        look=f"select * from {context.name} where {unknown}",
        severity="warning",
    )
