with summed as (
    select
        part as day,
        rep_id,
        lead_source,
        touches,
        touches_matched
    from {{ ref('sum_touches') }}
    where touches > 0
),

-- A touch without a lead has no lead source: that scope would say nothing.
counted as (
    {{ add_up_in_periods_and_scopes(
        'summed',
        {'touches': 'total(touches)', 'touches_matched': 'total(touches_matched)'},
        by_source=false
    ) }}
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
