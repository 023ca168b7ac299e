with leads as (
    select * from {{ ref('fct_leads') }}
    where not is_excluded and is_inquiry
),

reps as (
    select * from {{ ref('dim_reps') }}
),

-- The article waited so long for an answer: a younger inquiry has not been audited yet, and what
-- came later is no answer.
inquiries as (
    select
        {{ local_date('leads.clock_started_at') }} as day,
        leads.first_owner_rep_id as rep_id,
        reps.team,
        leads.lead_source,
        {{ seconds_between('leads.clock_started_at', as_of()) }}
        >= 86400 * {{ var('comparable_response_days') }} as is_audited,
        case
            when leads.response_seconds <= 86400 * {{ var('comparable_response_days') }}
                then leads.response_seconds
        end as answer_seconds
    from leads
    left join reps on leads.first_owner_rep_id = reps.rep_id
),

scoped as (
    {{ in_periods_and_scopes('inquiries', ['is_audited', 'answer_seconds']) }}
),

counted as (
    select
        period_grain,
        period_start,
        scope,
        scope_value,
        count(*) as inquiries,
        count(answer_seconds) as answered,
        sum(answer_seconds) as answer_seconds,
        stddev_samp(cast(answer_seconds as double)) as deviation_seconds,
        count(*) filter (where is_audited) as audited,
        count(*) filter (where is_audited and answer_seconds <= 3600) as answered_within_1h,
        count(*) filter (where is_audited and answer_seconds > 3600 and answer_seconds <= 86400)
            as answered_1h_to_24h,
        count(*) filter (where is_audited and answer_seconds > 86400) as answered_after_24h,
        count(*) filter (where is_audited and answer_seconds is null) as not_answered
    from scoped
    group by period_grain, period_start, scope, scope_value
),

averaged as (
    select
        *,
        {{ ratio('answer_seconds', '3600 * answered') }} as mean_hours,
        {{ var('z_95') }} * deviation_seconds / 3600 / sqrt(nullif(answered, 0)) as margin_hours
    from counted
),

labelled as (
    select
        averaged.period_grain,
        averaged.period_start,
        averaged.scope,
        averaged.scope_value,
        {{ scope_label('averaged') }} as scope_label,
        averaged.inquiries,
        averaged.answered,
        cast(averaged.answer_seconds / 3600.0 as double) as answer_hours,
        averaged.mean_hours as mean_response_hours,
        greatest(averaged.mean_hours - averaged.margin_hours, 0.0) as mean_response_hours_low,
        averaged.mean_hours + averaged.margin_hours as mean_response_hours_high,
        averaged.audited,
        {% for name in [
            'answered_within_1h', 'answered_1h_to_24h', 'answered_after_24h', 'not_answered'
        ] -%}
        averaged.{{ name }},
        {{ ratio('averaged.' ~ name, 'averaged.audited') }} as share_{{ name }},
        {{ wilson_low('averaged.' ~ name, 'averaged.audited') }} as share_{{ name }}_low,
        {{ wilson_high('averaged.' ~ name, 'averaged.audited') }} as share_{{ name }}_high
        {{- ',' if not loop.last }}
        {% endfor %}
    from averaged
    {{ join_scope_label('averaged') }}
)

select * from labelled
