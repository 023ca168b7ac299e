-- Longer than most: it names what stands behind eighteen figures.
{% set audited -%}
    {{ " and clock_started_at <= timestamp '" ~ var('as_of') ~ "' - interval '"
        ~ var('comparable_response_days') ~ " days'" }}
{%- endset %}
{% set comparable_seconds = 86400 * var('comparable_response_days') %}

with speeds as (
    select * from {{ ref('kpi_speed_to_lead') }}
),

audits as (
    select * from {{ ref('kpi_speed_to_lead_audit') }}
),

cohorts as (
    select * from {{ ref('kpi_contact_ratio_cohort') }}
),

-- Who was answered late has had less time to become a prospect: speed would look worth more.
judged_speeds as (
    select
        speeds.*,
        {{ ratio('speeds.never', 'speeds.inquiries') }} as share_never,
        case when not coalesce(cohorts.is_mature, false) then 'immature cohort' end as caveat
    from speeds
    left join cohorts
        on speeds.period_grain = cohorts.period_grain
        and speeds.period_start = cohorts.period_start
        and speeds.scope = cohorts.scope
        and speeds.scope_value = cohorts.scope_value
),

worded as (
    {{ with_evidence('judged_speeds', [
        'share_within_5m', 'share_within_1h', 'share_within_24h', 'median_response_hours',
        'p90_response_hours', 'median_business_response_hours', 'share_never', 'inquiries',
        'pending', 'prospect_rate_within_1h', 'prospect_rate_after_1h', 'lift_within_1h',
    ]) }}
),

-- Only those of the period's first days are old enough: too early to say.
judged_audits as (
    select
        *,
        case when audited < inquiries then 'immature cohort' end as caveat
    from audits
),

worded_audits as (
    {{ with_evidence('judged_audits', [
        'mean_response_hours', 'share_answered_within_1h', 'share_answered_1h_to_24h',
        'share_answered_after_24h', 'share_not_answered',
    ]) }}
),

measures as (
    {% for name, seconds in [('5m', 300), ('1h', 3600), ('24h', 86400)] -%}
    {% set eligible = " and clock_started_at <= timestamp '" ~ var('as_of') ~ "' - interval '"
        ~ seconds ~ " seconds'" %}
    {{ scorecard_measure(
        'worded', 'speed_to_lead', 'share_within_' ~ name, 'share_within_' ~ name,
        'eligible_' ~ name, inquiry_evidence(eligible),
        'within_' ~ name, inquiry_evidence(eligible ~ ' and response_seconds <= ' ~ seconds),
        low='share_within_' ~ name ~ '_low', high='share_within_' ~ name ~ '_high'
    ) }}
    union all
    {% endfor -%}
    {% for name in ['median_response_hours', 'p90_response_hours',
        'median_business_response_hours'] -%}
    {{ scorecard_measure(
        'worded', 'speed_to_lead', name, name, 'inquiries', inquiry_evidence(),
        'responded', inquiry_evidence(" and response_status = 'responded'")
    ) }}
    union all
    {% endfor -%}
    {{ scorecard_measure(
        'worded', 'speed_to_lead', 'share_never', 'share_never',
        'inquiries', inquiry_evidence(), 'never',
        inquiry_evidence(" and response_status = 'never'"),
        low=wilson_low('never', 'inquiries'), high=wilson_high('never', 'inquiries')
    ) }}
    union all
    {{ scorecard_measure(
        'worded', 'speed_to_lead', 'inquiries', 'inquiries', 'inquiries', inquiry_evidence()
    ) }}
    union all
    {{ scorecard_measure(
        'worded', 'speed_to_lead', 'pending', 'pending',
        'pending', inquiry_evidence(" and response_status = 'pending'")
    ) }}
    union all
    {% for name, sign in [('within_1h', '<='), ('after_1h', '>')] -%}
    {% set answered = ' and response_seconds ' ~ sign ~ ' 3600' %}
    {{ scorecard_measure(
        'worded', 'speed_to_lead', 'prospect_rate_' ~ name, 'prospect_rate_' ~ name,
        'answered_' ~ name, inquiry_evidence(answered),
        'prospects_' ~ name, inquiry_evidence(answered ~ ' and prospect_at is not null'),
        low='prospect_rate_' ~ name ~ '_low', high='prospect_rate_' ~ name ~ '_high',
        caveat='caveat'
    ) }}
    union all
    {% endfor -%}
    -- A comparison of two groups: how many are in each, and which they are.
    {{ scorecard_measure(
        'worded', 'speed_to_lead', 'lift_within_1h', 'lift_within_1h',
        'answered_after_1h', inquiry_evidence(' and response_seconds > 3600'),
        'answered_within_1h', inquiry_evidence(' and response_seconds <= 3600'),
        low='lift_within_1h_low', high='lift_within_1h_high', caveat='caveat'
    ) }}
    union all
    {{ scorecard_measure(
        'worded_audits', 'speed_to_lead', 'mean_response_hours', 'mean_response_hours',
        'answered', inquiry_evidence(' and response_seconds <= ' ~ comparable_seconds),
        'answer_hours', inquiry_evidence(' and response_seconds <= ' ~ comparable_seconds),
        summed='response_seconds / 3600.0',
        low='mean_response_hours_low', high='mean_response_hours_high', caveat='caveat'
    ) }}
    {% for name, within in [
        ('answered_within_1h', 'response_seconds <= 3600'),
        ('answered_1h_to_24h', 'response_seconds > 3600 and response_seconds <= 86400'),
        ('answered_after_24h',
            'response_seconds > 86400 and response_seconds <= ' ~ comparable_seconds),
        ('not_answered',
            '(response_seconds is null or response_seconds > ' ~ comparable_seconds ~ ')'),
    ] -%}
    union all
    {{ scorecard_measure(
        'worded_audits', 'speed_to_lead', 'share_' ~ name, 'share_' ~ name,
        'audited', inquiry_evidence(audited), name, inquiry_evidence(audited ~ ' and ' ~ within),
        low='share_' ~ name ~ '_low', high='share_' ~ name ~ '_high', caveat='caveat'
    ) }}
    {% endfor -%}
)

select * from measures
