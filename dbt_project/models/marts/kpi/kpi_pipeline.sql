-- Longer than most: what closed, what stands open and what was to be sold come together.
with deals as (
    select * from {{ ref('fct_deals') }}
    where not is_excluded
),

pauses as (
    select * from {{ ref('fct_deal_pauses') }}
),

quotas as (
    select * from {{ ref('fct_quotas') }}
),

periods as (
    select * from {{ ref('dim_periods') }}
),

reps as (
    select * from {{ ref('dim_reps') }}
),

-- Before the first moment after it, or after as_of while the period still runs.
period_ends as (
    select
        period_grain,
        period_start,
        least(
            {{ from_zone(
                'cast(max(day) + 1 as timestamp)', "'" ~ var('business_timezone') ~ "'"
            ) }},
            {{ add_seconds(as_of(), 1) }}
        ) as ends_before
    from periods
    group by period_grain, period_start
    having min(day) <= {{ local_date(as_of()) }}
),

owned as (
    select
        deals.*,
        coalesce(deals.closing_rep_id, deals.owner_rep_id) as rep_id,
        reps.team
    from deals
    left join reps on coalesce(deals.closing_rep_id, deals.owner_rep_id) = reps.rep_id
),

opened as (
    select
        {{ local_date('created_at') }} as day,
        *
    from owned
),

scoped_opened as (
    {{ in_periods_and_scopes('opened', ['deal_id']) }}
),

closed as (
    select
        {{ local_date('closed_at') }} as day,
        *
    from owned
    where is_won or is_lost
),

scoped_closed as (
    {{ in_periods_and_scopes('closed', ['is_won', 'reporting_amount', 'cycle_days']) }}
),

standing as (
    select
        period_ends.period_grain,
        period_ends.period_start,
        owned.rep_id,
        owned.team,
        owned.lead_source,
        owned.reporting_amount,
        pauses.deal_id is not null as is_idle
    from owned
    inner join period_ends
        on owned.created_at < period_ends.ends_before
        and (owned.closed_at is null or owned.closed_at >= period_ends.ends_before)
    left join pauses
        on owned.deal_id = pauses.deal_id
        and pauses.idle_from < period_ends.ends_before
        and (pauses.idle_until is null or pauses.idle_until >= period_ends.ends_before)
),

scoped_standing as (
    {{ in_scopes('standing', ['period_grain', 'period_start', 'reporting_amount', 'is_idle']) }}
),

-- A quota is a month's and a rep's: no week has one, and no lead source.
to_sell as (
    select
        quotas.month as day,
        quotas.rep_id,
        reps.team,
        cast(null as varchar) as lead_source,
        quotas.reporting_amount
    from quotas
    left join reps on quotas.rep_id = reps.rep_id
),

scoped_quotas as (
    select
        period_ends.period_grain,
        period_ends.period_start,
        {{ scope_columns() }},
        to_sell.reporting_amount
    from to_sell
    inner join period_ends
        on cast(date_trunc(period_ends.period_grain, to_sell.day) as date)
        = period_ends.period_start
    cross join ({{ scopes() }}) as scopes
    where period_ends.period_grain in ('month', 'quarter') and scopes.scope <> 'lead_source'
),

together as (
    select
        period_grain, period_start, scope, scope_value, 'opened' as part,
        false as is_won, false as is_idle,
        cast(null as decimal(18, 2)) as reporting_amount, cast(null as double) as cycle_days
    from scoped_opened
    union all
    select
        period_grain, period_start, scope, scope_value, 'closed' as part,
        is_won, false as is_idle, reporting_amount, cycle_days
    from scoped_closed
    union all
    select
        period_grain, period_start, scope, scope_value, 'standing' as part,
        false as is_won, is_idle, reporting_amount, cast(null as double) as cycle_days
    from scoped_standing
    union all
    select
        period_grain, period_start, scope, scope_value, 'quota' as part,
        false as is_won, false as is_idle, reporting_amount, cast(null as double) as cycle_days
    from scoped_quotas
),

counted as (
    select
        period_grain,
        period_start,
        scope,
        scope_value,
        count(*) filter (where part = 'opened') as opened_deals,
        count(*) filter (where is_won) as won,
        count(*) filter (where part = 'closed' and not is_won) as lost,
        cast(coalesce(sum(reporting_amount) filter (where is_won), 0) as decimal(18, 2))
            as won_amount,
        count(reporting_amount) filter (where is_won) as won_with_amount,
        {{ percentile('cycle_days', 0.5) }} filter (where is_won) as median_cycle_days,
        count(*) filter (where part = 'standing') as open_deals,
        cast(
            coalesce(sum(reporting_amount) filter (where part = 'standing'), 0)
            as decimal(18, 2)
        ) as open_amount,
        count(*) filter (where is_idle) as deals_without_next_step,
        cast(sum(reporting_amount) filter (where part = 'quota') as decimal(18, 2))
            as quota_amount
    from together
    group by period_grain, period_start, scope, scope_value
),

rated as (
    select
        *,
        {{ ratio('won', 'won + lost') }} as close_rate,
        {{ ratio('won_amount', 'won_with_amount') }} as average_deal
    from counted
),

labelled as (
    select
        rated.period_grain,
        rated.period_start,
        rated.scope,
        rated.scope_value,
        {{ scope_label('rated') }} as scope_label,
        rated.opened_deals,
        rated.won,
        rated.lost,
        rated.won_amount,
        rated.won_with_amount,
        rated.open_deals,
        rated.open_amount,
        rated.deals_without_next_step,
        rated.quota_amount,
        rated.close_rate,
        {{ wilson_low('rated.won', '(rated.won + rated.lost)') }} as close_rate_low,
        {{ wilson_high('rated.won', '(rated.won + rated.lost)') }} as close_rate_high,
        rated.average_deal,
        rated.median_cycle_days,
        rated.open_deals * rated.close_rate * rated.average_deal
        / nullif(rated.median_cycle_days, 0) as sales_velocity,
        {{ ratio('rated.won_amount', 'rated.quota_amount') }} as quota_attainment,
        {{ ratio('rated.open_amount', 'rated.quota_amount') }} as pipeline_coverage,
        {{ ratio('rated.deals_without_next_step', 'rated.open_deals') }}
            as share_without_next_step,
        {{ wilson_low('rated.deals_without_next_step', 'rated.open_deals') }}
            as share_without_next_step_low,
        {{ wilson_high('rated.deals_without_next_step', 'rated.open_deals') }}
            as share_without_next_step_high
    from rated
    {{ join_scope_label('rated') }}
)

select * from labelled
