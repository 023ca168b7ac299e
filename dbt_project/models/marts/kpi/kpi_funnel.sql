with leads as (
    select * from {{ ref('fct_leads') }}
    where not is_excluded
),

reps as (
    select * from {{ ref('dim_reps') }}
),

-- Nobody spends time in a step that was skipped.
entered as (
    select lead_id, 'lead' as step, created_at as entered_at, prospect_at as left_at,
        false as is_skipped
    from leads
    union all
    select lead_id, 'prospect' as step, prospect_at as entered_at, opportunity_at as left_at,
        is_prospect_skipped as is_skipped
    from leads
    where prospect_at is not null
    union all
    select lead_id, 'opportunity' as step, opportunity_at as entered_at, won_at as left_at,
        is_opportunity_skipped as is_skipped
    from leads
    where opportunity_at is not null
),

stepped as (
    select
        {{ local_date('leads.created_at') }} as day,
        leads.first_owner_rep_id as rep_id,
        reps.team,
        leads.lead_source,
        entered.step,
        entered.is_skipped,
        entered.left_at is not null as is_gone_on,
        entered.left_at is null and leads.lost_at is not null as is_lost,
        case
            when not entered.is_skipped
                and coalesce(entered.left_at, leads.closed_at) >= entered.entered_at
                then {{ seconds_between(
                    'entered.entered_at', 'coalesce(entered.left_at, leads.closed_at)'
                ) }} / 86400.0
        end as days_in_step
    from entered
    inner join leads on entered.lead_id = leads.lead_id
    left join reps on leads.first_owner_rep_id = reps.rep_id
),

scoped as (
    {{ in_periods_and_scopes(
        'stepped', ['step', 'is_skipped', 'is_gone_on', 'is_lost', 'days_in_step']
    ) }}
),

counted as (
    select
        period_grain,
        period_start,
        scope,
        scope_value,
        step,
        count(*) as entered,
        count(*) filter (where is_gone_on) as went_on,
        count(*) filter (where is_lost) as lost,
        count(*) filter (where not is_gone_on and not is_lost) as still_there,
        count(*) filter (where is_skipped) as skipped,
        {{ percentile('days_in_step', 0.5) }} as median_days
    from scoped
    group by period_grain, period_start, scope, scope_value, step
),

labelled as (
    select
        counted.period_grain,
        counted.period_start,
        counted.scope,
        counted.scope_value,
        {{ scope_label('counted') }} as scope_label,
        counted.step,
        counted.entered,
        counted.went_on,
        counted.lost,
        counted.still_there,
        counted.skipped,
        {{ ratio('counted.went_on', 'counted.entered') }} as conversion,
        {{ wilson_low('counted.went_on', 'counted.entered') }} as conversion_low,
        {{ wilson_high('counted.went_on', 'counted.entered') }} as conversion_high,
        counted.median_days
    from counted
    {{ join_scope_label('counted') }}
)

select * from labelled
