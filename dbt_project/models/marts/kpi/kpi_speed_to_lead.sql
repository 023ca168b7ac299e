-- Longer than most: many columns, each with its interval.
with inquiries as (
    select
        {{ local_date('clock_started_at') }} as day,
        first_owner_rep_id as rep_id,
        lead_source,
        response_status,
        response_seconds,
        business_response_seconds,
        is_answered_outside_hours,
        prospect_at is not null as is_prospect,
        {{ seconds_between('clock_started_at', as_of()) }} as age_seconds,
        response_status = 'responded' as is_responded,
        coalesce(response_seconds, waiting_seconds) as seconds_waited,
        -- As the article that it is set beside, which left out what took longer.
        response_seconds <= 86400 * {{ var('comparable_response_days') }} as is_comparable
    from {{ ref('fct_leads') }}
    where not is_excluded and is_inquiry
),

{% set figures = {
    'inquiries': 'count(*)',
    'responded': 'count(*) filter (where is_responded)',
    'pending': "count(*) filter (where response_status = 'pending')",
    'never': "count(*) filter (where response_status = 'never')",
    'answered_outside_hours': 'count(*) filter (where is_answered_outside_hours)',
    'answered_comparably': 'count(*) filter (where is_comparable)',
    'comparable_seconds': 'sum(response_seconds) filter (where is_comparable)',
    'answered_within_1h': 'count(*) filter (where response_seconds <= 3600)',
    'prospects_within_1h': 'count(*) filter (where response_seconds <= 3600 and is_prospect)',
    'answered_after_1h': 'count(*) filter (where response_seconds > 3600)',
    'prospects_after_1h': 'count(*) filter (where response_seconds > 3600 and is_prospect)',
} -%}
{% for name, seconds in [('5m', 300), ('1h', 3600), ('24h', 86400)] -%}
{% do figures.update({
    'eligible_' ~ name: 'count(*) filter (where age_seconds >= ' ~ seconds ~ ')',
    'within_' ~ name: 'count(*) filter (where age_seconds >= ' ~ seconds
        ~ ' and response_seconds <= ' ~ seconds ~ ')',
}) -%}
{% endfor -%}
counted as (
    {{ add_up_in_periods_and_scopes('inquiries', figures) }}
),

whose as (
    {{ number_whose('inquiries') }}
),

placed as (
    {{ place_in_periods_and_scopes(
        'inquiries', 'whose', ['seconds_waited', 'is_responded', 'business_response_seconds']
    ) }}
),

waits as (
    {{ survival_percentiles_in_periods_and_scopes(
        'placed', 'whose', 'seconds_waited', 'is_responded',
        {'median_seconds': 0.5, 'p90_seconds': 0.1}
    ) }}
),

-- Of answers only: an answer given when nobody works has no business time.
business_waits as (
    {{ medians_in_periods_and_scopes(
        'placed', 'whose', 'business_response_seconds', 'median_seconds'
    ) }}
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
        waits.median_seconds / 3600.0 as median_response_hours,
        waits.p90_seconds / 3600.0 as p90_response_hours,
        business_waits.median_seconds / 3600.0 as median_business_response_hours,
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
    {% for part in ['waits', 'business_waits'] -%}
    left join {{ part }}
        on counted.period_grain = {{ part }}.period_grain
        and counted.period_start = {{ part }}.period_start
        and counted.scope = {{ part }}.scope
        and counted.scope_value = {{ part }}.scope_value
    {% endfor -%}
    {{ join_scope_label('counted') }}
)

select * from labelled
