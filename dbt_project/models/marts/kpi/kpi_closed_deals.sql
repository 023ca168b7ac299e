with deals as (
    select
        {{ local_date('closed_at') }} as day,
        closing_rep_id as rep_id,
        lead_source,
        is_won,
        is_lost,
        case when is_won then reporting_amount end as won_amount,
        case when is_won then cycle_days end as cycle_days
    from {{ ref('fct_deals') }}
    where not is_excluded and (is_won or is_lost)
),

added_up as (
    {{ add_up_in_periods_and_scopes(
        'deals',
        {
            'won': 'count(*) filter (where is_won)',
            'lost': 'count(*) filter (where is_lost)',
            'won_with_amount': 'count(won_amount)',
            'won_amount': 'sum(won_amount)',
        }
    ) }}
),

whose as (
    {{ number_whose('deals') }}
),

placed as (
    {{ place_in_periods_and_scopes('deals', 'whose', ['won_amount', 'cycle_days']) }}
),

amounts as (
    {{ medians_in_periods_and_scopes('placed', 'whose', 'won_amount', 'median_deal') }}
),

cycles as (
    {{ medians_in_periods_and_scopes('placed', 'whose', 'cycle_days', 'median_cycle_days') }}
),

counted as (
    select
        added_up.period_grain,
        added_up.period_start,
        added_up.scope,
        added_up.scope_value,
        added_up.won,
        added_up.lost,
        added_up.won - added_up.won_with_amount as won_without_amount,
        -- Nothing won is 0; won without any amount that is known is not.
        case
            when added_up.won = 0 then cast(0 as decimal(28, 6))
            else cast(added_up.won_amount as decimal(28, 6))
        end as won_amount,
        added_up.won_with_amount,
        amounts.median_deal,
        cycles.median_cycle_days
    from added_up
    {% for part in ['amounts', 'cycles'] -%}
    left join {{ part }}
        on added_up.period_grain = {{ part }}.period_grain
        and added_up.period_start = {{ part }}.period_start
        and added_up.scope = {{ part }}.scope
        and added_up.scope_value = {{ part }}.scope_value
    {% endfor %}
),

labelled as (
    select
        counted.period_grain,
        counted.period_start,
        counted.scope,
        counted.scope_value,
        {{ scope_label('counted') }} as scope_label,
        counted.won,
        counted.lost,
        counted.won_without_amount,
        {{ ratio('counted.won', 'counted.won + counted.lost') }} as close_rate,
        {{ wilson_low('counted.won', '(counted.won + counted.lost)') }} as close_rate_low,
        {{ wilson_high('counted.won', '(counted.won + counted.lost)') }} as close_rate_high,
        counted.won_amount,
        {{ ratio('counted.won_amount', 'counted.won_with_amount') }} as average_deal,
        counted.median_deal,
        counted.median_cycle_days
    from counted
    {{ join_scope_label('counted') }}
)

select * from labelled
