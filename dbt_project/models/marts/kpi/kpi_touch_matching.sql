with touches as (
    select * from {{ ref('fct_touches') }}
    where not is_excluded and not is_automated
),

reps as (
    select * from {{ ref('dim_reps') }}
),

daily as (
    select
        {{ local_date('touches.started_at') }} as day,
        touches.rep_id,
        reps.team,
        touches.lead_source,
        count(*) as touches,
        count(touches.lead_id) as touches_matched
    from touches
    left join reps on touches.rep_id = reps.rep_id
    group by 1, 2, 3, 4
),

scoped as (
    {{ in_periods_and_scopes('daily', ['touches', 'touches_matched']) }}
),

-- A touch without a lead has no lead source: that scope would say nothing.
counted as (
    select
        period_grain,
        period_start,
        scope,
        scope_value,
        cast(sum(touches) as bigint) as touches,
        cast(sum(touches_matched) as bigint) as touches_matched
    from scoped
    where scope <> 'lead_source'
    group by period_grain, period_start, scope, scope_value
),

labelled as (
    select
        counted.period_grain,
        counted.period_start,
        counted.scope,
        counted.scope_value,
        {{ scope_label('counted') }} as scope_label,
        counted.touches,
        counted.touches_matched,
        {{ ratio('counted.touches_matched', 'counted.touches') }} as share_touches_matched,
        {{ wilson_low('counted.touches_matched', 'counted.touches') }}
            as share_touches_matched_low,
        {{ wilson_high('counted.touches_matched', 'counted.touches') }}
            as share_touches_matched_high
    from counted
    {{ join_scope_label('counted') }}
)

select * from labelled
