with exchange_rates as (
    select * from {{ ref('exchange_rates') }}
),

-- In force from its day until the next one of the currency.
periods as (
    select
        upper(trim(currency)) as currency,
        cast(day as date) as valid_from,
        coalesce(
            lead(cast(day as date)) over (
                partition by upper(trim(currency)) order by cast(day as date)
            ),
            date '9999-12-31'
        ) as valid_until,
        cast(rate as decimal(28, 10)) as rate
    from exchange_rates
)

select * from periods
