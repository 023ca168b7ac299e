-- Longer than most: what closed, what stands open and what was to be sold come together.
with deals as (
    select
        deal_id,
        {{ local_date('created_at') }} as opened_on,
        {{ local_date('closed_at') }} as closed_on,
        coalesce(closing_rep_id, owner_rep_id) as rep_id,
        lead_source,
        is_won,
        is_lost,
        reporting_amount,
        cycle_days
    from {{ ref('fct_deals') }}
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

closed as (
    select
        *,
        closed_on as day
    from deals
    where closed_on is not null
),

-- What stands open at a period's end is all that came before less all that went: no deal is
-- repeated for each period that it was open in.
moved as (
    select opened_on as day, rep_id, lead_source, 1 as opened_deals, 0 as won, 0 as lost,
        0 as won_with_amount, 0 as won_amount, 1 as open_deals,
        coalesce(reporting_amount, 0) as open_amount, 0 as deals_without_next_step
    from deals
    union all
    select closed_on as day, rep_id, lead_source, 0 as opened_deals,
        cast(is_won as integer) as won, cast(is_lost as integer) as lost,
        cast(is_won and reporting_amount is not null as integer) as won_with_amount,
        case when is_won then coalesce(reporting_amount, 0) else 0 end as won_amount,
        0 as open_deals, 0 as open_amount, 0 as deals_without_next_step
    from closed
    union all
    -- Records that say that they closed before they were opened were never open.
    select greatest(closed_on, opened_on) as day, rep_id, lead_source, 0 as opened_deals,
        0 as won, 0 as lost, 0 as won_with_amount, 0 as won_amount, -1 as open_deals,
        -coalesce(reporting_amount, 0) as open_amount, 0 as deals_without_next_step
    from closed
    union all
    select {{ local_date('pauses.idle_from') }} as day, deals.rep_id,
        deals.lead_source, 0 as opened_deals, 0 as won, 0 as lost, 0 as won_with_amount,
        0 as won_amount, 0 as open_deals, 0 as open_amount, 1 as deals_without_next_step
    from pauses
    inner join deals on pauses.deal_id = deals.deal_id
    union all
    select {{ local_date('pauses.idle_until') }} as day, deals.rep_id,
        deals.lead_source, 0 as opened_deals, 0 as won, 0 as lost, 0 as won_with_amount,
        0 as won_amount, 0 as open_deals, 0 as open_amount, -1 as deals_without_next_step
    from pauses
    inner join deals on pauses.deal_id = deals.deal_id
    where pauses.idle_until is not null
),

{% set counts = ['opened_deals', 'won', 'lost', 'won_with_amount'] -%}
{% set stocks = ['open_deals', 'deals_without_next_step'] -%}
{% set figures = {'won_amount': 'sum(won_amount)', 'open_amount': 'sum(open_amount)'} -%}
{% for column in counts + stocks -%}
{% do figures.update({column: 'sum(' ~ column ~ ')'}) -%}
{% endfor -%}
summed as (
    {{ add_up_in_periods_and_scopes('moved', figures) }}
),

every_period as (
    select
        period_grain,
        period_start
    from periods
    where day <= {{ local_date(as_of()) }}
    group by period_grain, period_start
),

-- A quota is a month's and a rep's: no week has one, and no lead source.
to_sell as (
    select
        quotas.month,
        quotas.rep_id,
        reps.team,
        cast(null as varchar) as lead_source,
        quotas.reporting_amount
    from quotas
    left join reps on quotas.rep_id = reps.rep_id
),

scoped_quotas as (
    {{ in_scopes('to_sell', ['month', 'reporting_amount']) }}
),

summed_quotas as (
    select
        every_period.period_grain,
        every_period.period_start,
        scoped_quotas.scope,
        scoped_quotas.scope_value,
        cast(sum(scoped_quotas.reporting_amount) as decimal(28, 6)) as quota_amount
    from scoped_quotas
    inner join every_period
        on cast(date_trunc(every_period.period_grain, scoped_quotas.month) as date)
        = every_period.period_start
    where every_period.period_grain in ('month', 'quarter')
        and scoped_quotas.scope <> 'lead_source'
    group by 1, 2, 3, 4
),

won as (
    select
        day,
        rep_id,
        lead_source,
        cycle_days
    from closed
    where is_won
),

whose as (
    {{ number_whose('won') }}
),

placed as (
    {{ place_in_periods_and_scopes('won', 'whose', ['cycle_days']) }}
),

cycles as (
    {{ medians_in_periods_and_scopes('placed', 'whose', 'cycle_days', 'median_cycle_days') }}
),

every_scope as (
    select scope, scope_value from summed
    union
    select scope, scope_value from summed_quotas
),

standing as (
    select
        every_period.period_grain,
        every_period.period_start,
        every_scope.scope,
        every_scope.scope_value,
        {% for column in counts -%}
        cast(coalesce(summed.{{ column }}, 0) as bigint) as {{ column }},
        {% endfor -%}
        -- Nothing won is 0; won without any amount that is known is not.
        case
            when coalesce(summed.won, 0) = 0 then cast(0 as decimal(28, 6))
            when summed.won_with_amount > 0 then cast(summed.won_amount as decimal(28, 6))
        end as won_amount,
        {% for column in stocks -%}
        cast(coalesce(sum(summed.{{ column }}) over until_then, 0) as bigint) as {{ column }},
        {% endfor -%}
        cast(coalesce(sum(summed.open_amount) over until_then, 0) as decimal(28, 6))
            as open_amount,
        summed_quotas.quota_amount,
        cycles.median_cycle_days,
        coalesce(summed.period_start, summed_quotas.period_start) is not null as is_moving
    from every_period
    cross join every_scope
    left join summed
        on every_period.period_grain = summed.period_grain
        and every_period.period_start = summed.period_start
        and every_scope.scope = summed.scope
        and every_scope.scope_value = summed.scope_value
    left join summed_quotas
        on every_period.period_grain = summed_quotas.period_grain
        and every_period.period_start = summed_quotas.period_start
        and every_scope.scope = summed_quotas.scope
        and every_scope.scope_value = summed_quotas.scope_value
    left join cycles
        on every_period.period_grain = cycles.period_grain
        and every_period.period_start = cycles.period_start
        and every_scope.scope = cycles.scope
        and every_scope.scope_value = cycles.scope_value
    window until_then as (
        partition by every_period.period_grain, every_scope.scope, every_scope.scope_value
        order by every_period.period_start
    )
),

rated as (
    select
        *,
        {{ ratio('won', 'won + lost') }} as close_rate,
        {{ ratio('won_amount', 'won_with_amount') }} as average_deal
    from standing
    where is_moving or open_deals > 0
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
