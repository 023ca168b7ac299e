with deals as (
    select * from {{ ref('fct_deals') }}
    where not is_excluded and (is_won or is_lost)
),

reps as (
    select * from {{ ref('dim_reps') }}
),

closed as (
    select
        deals.*,
        {{ local_date('deals.closed_at') }} as day,
        deals.closing_rep_id as rep_id,
        reps.team
    from deals
    left join reps on deals.closing_rep_id = reps.rep_id
),

scoped as (
    {{ in_periods_and_scopes(
        'closed', ['is_won', 'is_lost', 'reporting_amount', 'cycle_days']
    ) }}
),

counted as (
    select
        period_grain,
        period_start,
        scope,
        scope_value,
        count(*) filter (where is_won) as won,
        count(*) filter (where is_lost) as lost,
        count(*) filter (where is_won and reporting_amount is null) as won_without_amount,
        -- Nothing won is 0; won without any amount that is known is not.
        cast(
            case
                when count(*) filter (where is_won) = 0 then 0
                else sum(reporting_amount) filter (where is_won)
            end as decimal(28, 6)
        ) as won_amount,
        count(*) filter (where is_won and reporting_amount is not null) as won_with_amount,
        {{ percentile('reporting_amount', 0.5) }} filter (where is_won) as median_deal,
        {{ percentile('cycle_days', 0.5) }} filter (where is_won) as median_cycle_days
    from scoped
    group by period_grain, period_start, scope, scope_value
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
