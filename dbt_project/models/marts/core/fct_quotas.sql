with quotas as (
    select * from {{ ref('stg_crm__quotas') }}
),

exchange_rates as (
    select * from {{ ref('stg_reference__exchange_rates') }}
),

priced as (
    select
        *,
        coalesce(currency, nullif('{{ var("default_currency") }}', '')) as counted_currency
    from quotas
),

-- At the rate of the month's first day: a quota is set before the month.
converted as (
    select
        priced.rep_id,
        priced.month,
        priced.amount,
        priced.currency,
        cast(
            case
                when priced.counted_currency = '{{ var("reporting_currency") }}' then priced.amount
                else priced.amount * exchange_rates.rate
            end as decimal(28, 6)
        ) as reporting_amount
    from priced
    left join exchange_rates
        on priced.counted_currency = exchange_rates.currency
        and exchange_rates.valid_from <= priced.month
        and exchange_rates.valid_until > priced.month
)

select * from converted
