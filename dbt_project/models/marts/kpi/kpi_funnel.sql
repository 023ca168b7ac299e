with leads as (
    select
        {{ local_date('created_at') }} as day,
        first_owner_rep_id as rep_id,
        lead_source,
        created_at,
        prospect_at,
        opportunity_at,
        won_at,
        lost_at,
        closed_at,
        is_prospect_skipped,
        is_opportunity_skipped
    from {{ ref('fct_leads') }}
    where not is_excluded
),

-- Nobody spends time in a step that was skipped.
entered as (
    select day, rep_id, lead_source, 'lead' as step, created_at as entered_at,
        prospect_at as left_at, lost_at, closed_at, false as is_skipped
    from leads
    union all
    select day, rep_id, lead_source, 'prospect' as step, prospect_at as entered_at,
        opportunity_at as left_at, lost_at, closed_at, is_prospect_skipped as is_skipped
    from leads
    where prospect_at is not null
    union all
    select day, rep_id, lead_source, 'opportunity' as step, opportunity_at as entered_at,
        won_at as left_at, lost_at, closed_at, is_opportunity_skipped as is_skipped
    from leads
    where opportunity_at is not null
),

stepped as (
    select
        day,
        rep_id,
        lead_source,
        step,
        is_skipped,
        left_at is not null as is_gone_on,
        left_at is null and lost_at is not null as is_lost,
        case
            when not is_skipped and coalesce(left_at, closed_at) >= entered_at
                then {{ seconds_between('entered_at', 'coalesce(left_at, closed_at)') }} / 86400.0
        end as days_in_step
    from entered
),

added_up as (
    {{ add_up_in_periods_and_scopes(
        'stepped',
        {
            'entered': 'count(*)',
            'went_on': 'count(*) filter (where is_gone_on)',
            'lost': 'count(*) filter (where is_lost)',
            'still_there': 'count(*) filter (where not is_gone_on and not is_lost)',
            'skipped': 'count(*) filter (where is_skipped)',
        },
        keys=['step']
    ) }}
),

whose as (
    {{ number_whose('leads') }}
),

placed as (
    {{ place_in_periods_and_scopes('stepped', 'whose', ['step', 'days_in_step']) }}
),

medians as (
    {{ medians_in_periods_and_scopes(
        'placed', 'whose', 'days_in_step', 'median_days', keys=['step']
    ) }}
),

counted as (
    select
        added_up.*,
        medians.median_days
    from added_up
    left join medians
        on added_up.period_grain = medians.period_grain
        and added_up.period_start = medians.period_start
        and added_up.scope = medians.scope
        and added_up.scope_value = medians.scope_value
        and added_up.step = medians.step
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
