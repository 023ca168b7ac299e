with deals as (
    select * from {{ ref('int_deals_resolved') }}
),

exchange_rates as (
    select * from {{ ref('stg_reference__exchange_rates') }}
),

followed as (
    select * from {{ ref('int_deals_followed') }}
),

-- An open deal is worth what it would be today.
dated as (
    select
        *,
        case
            when currency is null then nullif('{{ var("default_currency") }}', '')
            else currency
        end as counted_currency,
        {{ local_date('coalesce(closed_at, ' ~ as_of() ~ ')') }} as rate_day
    from deals
),

-- Never 1:1: without a rate the amount is unknown, and that is reported.
converted as (
    select
        dated.*,
        cast(
            case
                when dated.counted_currency = '{{ var("reporting_currency") }}' then dated.amount
                else dated.amount * exchange_rates.rate
            end as decimal(28, 6)
        ) as reporting_amount
    from dated
    left join exchange_rates
        on dated.counted_currency = exchange_rates.currency
        and exchange_rates.valid_from <= dated.rate_day
        and exchange_rates.valid_until > dated.rate_day
),

first_wins as (
    select
        deal_id,
        row_number() over (
            partition by customer_id, customer_kind order by closed_at, deal_id
        ) as win_number
    from deals
    where funnel_step = 'won' and exclusion_reason is null
),

last_steps as (
    select
        deal_id,
        max(last_step_at) as last_step_at
    from followed
    group by deal_id
),

described as (
    select
        converted.deal_id,
        converted.survivor_id as surviving_deal_id,
        converted.lead_id,
        converted.customer_id,
        converted.customer_kind,
        converted.contact_id,
        converted.owner_rep_id,
        converted.closing_rep_id,
        converted.lead_source,
        converted.pipeline,
        converted.stage,
        converted.funnel_step,
        converted.amount,
        converted.currency,
        converted.reporting_amount,
        converted.created_at,
        converted.closed_at,
        last_steps.last_step_at,
        converted.funnel_step = 'won' as is_won,
        converted.funnel_step = 'lost' as is_lost,
        coalesce(first_wins.win_number = 1 and converted.customer_id is not null, false)
            as is_new_contract,
        case
            when converted.closed_at >= converted.created_at
                then {{ seconds_between('converted.created_at', 'converted.closed_at') }} / 86400.0
        end as cycle_days,
        converted.exclusion_reason is not null as is_excluded,
        converted.exclusion_reason
    from converted
    left join first_wins on converted.deal_id = first_wins.deal_id
    left join last_steps on converted.deal_id = last_steps.deal_id
)

select * from described
