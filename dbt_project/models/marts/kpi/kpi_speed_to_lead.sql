-- Longer than most: many columns, each with its interval.
with leads as (
    select * from {{ ref('fct_leads') }}
    where not is_excluded and is_inquiry
),

reps as (
    select * from {{ ref('dim_reps') }}
),

inquiries as (
    select
        leads.*,
        {{ local_date('leads.clock_started_at') }} as day,
        leads.first_owner_rep_id as rep_id,
        reps.team,
        {{ seconds_between('leads.clock_started_at', as_of()) }} as age_seconds,
        leads.response_status = 'responded' as is_responded,
        coalesce(leads.response_seconds, leads.waiting_seconds) as seconds_waited,
        -- As the article that it is set beside, which left out what took longer.
        leads.response_seconds <= 86400 * {{ var('comparable_response_days') }} as is_comparable
    from leads
    left join reps on leads.first_owner_rep_id = reps.rep_id
),

scoped as (
    {{ in_periods_and_scopes(
        'inquiries',
        [
            'response_status', 'is_responded', 'age_seconds', 'response_seconds',
            'seconds_waited', 'is_comparable', 'business_response_seconds',
            'is_answered_outside_hours', 'prospect_at is not null as is_prospect',
        ]
    ) }}
),

counted as (
    select
        period_grain,
        period_start,
        scope,
        scope_value,
        count(*) as inquiries,
        count(*) filter (where is_responded) as responded,
        count(*) filter (where response_status = 'pending') as pending,
        count(*) filter (where response_status = 'never') as never,
        count(*) filter (where is_answered_outside_hours) as answered_outside_hours,
        {% for name, seconds in [('5m', 300), ('1h', 3600), ('24h', 86400)] -%}
        count(*) filter (where age_seconds >= {{ seconds }}) as eligible_{{ name }},
        count(*) filter (where age_seconds >= {{ seconds }} and response_seconds <= {{ seconds }})
            as within_{{ name }},
        {% endfor -%}
        count(*) filter (where is_comparable) as answered_comparably,
        sum(response_seconds) filter (where is_comparable) as comparable_seconds,
        -- Of answers only: an answer given when nobody works has no business time.
        {{ percentile('business_response_seconds', 0.5) }} / 3600.0
            as median_business_response_hours,
        count(*) filter (where response_seconds <= 3600) as answered_within_1h,
        count(*) filter (where response_seconds <= 3600 and is_prospect) as prospects_within_1h,
        count(*) filter (where response_seconds > 3600) as answered_after_1h,
        count(*) filter (where response_seconds > 3600 and is_prospect) as prospects_after_1h
    from scoped
    group by period_grain, period_start, scope, scope_value
),

curve as (
    {{ survival_curve(
        'scoped', ['period_grain', 'period_start', 'scope', 'scope_value'],
        'seconds_waited', 'is_responded'
    ) }}
),

percentiles as (
    select
        period_grain,
        period_start,
        scope,
        scope_value,
        min(duration) filter (where still_waiting <= 0.5) / 3600.0 as median_response_hours,
        min(duration) filter (where still_waiting <= 0.1) / 3600.0 as p90_response_hours
    from curve
    group by period_grain, period_start, scope, scope_value
),

labelled as (
    select
        counted.period_grain,
        counted.period_start,
        counted.scope,
        counted.scope_value,
        {{ scope_label('counted') }} as scope_label,
        counted.inquiries,
        counted.responded,
        counted.pending,
        counted.never,
        counted.answered_outside_hours,
        {% for name in ['5m', '1h', '24h'] -%}
        counted.eligible_{{ name }},
        counted.within_{{ name }},
        {{ ratio('counted.within_' ~ name, 'counted.eligible_' ~ name) }}
            as share_within_{{ name }},
        {{ wilson_low('counted.within_' ~ name, 'counted.eligible_' ~ name) }}
            as share_within_{{ name }}_low,
        {{ wilson_high('counted.within_' ~ name, 'counted.eligible_' ~ name) }}
            as share_within_{{ name }}_high,
        {% endfor -%}
        {{ ratio('counted.comparable_seconds', '3600 * counted.answered_comparably') }}
            as mean_response_hours,
        percentiles.median_response_hours,
        percentiles.p90_response_hours,
        counted.median_business_response_hours,
        counted.answered_within_1h,
        counted.prospects_within_1h,
        counted.answered_after_1h,
        counted.prospects_after_1h,
        {{ ratio('counted.prospects_within_1h', 'counted.answered_within_1h') }}
            as prospect_rate_within_1h,
        {{ wilson_low('counted.prospects_within_1h', 'counted.answered_within_1h') }}
            as prospect_rate_within_1h_low,
        {{ wilson_high('counted.prospects_within_1h', 'counted.answered_within_1h') }}
            as prospect_rate_within_1h_high,
        {{ ratio('counted.prospects_after_1h', 'counted.answered_after_1h') }}
            as prospect_rate_after_1h,
        {{ wilson_low('counted.prospects_after_1h', 'counted.answered_after_1h') }}
            as prospect_rate_after_1h_low,
        {{ wilson_high('counted.prospects_after_1h', 'counted.answered_after_1h') }}
            as prospect_rate_after_1h_high,
        {{ ratio(
            'counted.prospects_within_1h / cast(nullif(counted.answered_within_1h, 0) as double)',
            'counted.prospects_after_1h / cast(nullif(counted.answered_after_1h, 0) as double)'
        ) }} as lift_within_1h,
        {{ rate_ratio_limit(
            'counted.prospects_within_1h', 'counted.answered_within_1h',
            'counted.prospects_after_1h', 'counted.answered_after_1h', '-'
        ) }} as lift_within_1h_low,
        {{ rate_ratio_limit(
            'counted.prospects_within_1h', 'counted.answered_within_1h',
            'counted.prospects_after_1h', 'counted.answered_after_1h', '+'
        ) }} as lift_within_1h_high
    from counted
    left join percentiles
        on counted.period_grain = percentiles.period_grain
        and counted.period_start = percentiles.period_start
        and counted.scope = percentiles.scope
        and counted.scope_value = percentiles.scope_value
    {{ join_scope_label('counted') }}
)

select * from labelled
