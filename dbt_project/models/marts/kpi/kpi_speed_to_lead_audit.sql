-- The article waited so long for an answer: a younger inquiry has not been audited yet, and what
-- came later is no answer.
with inquiries as (
    select
        {{ local_date('clock_started_at') }} as day,
        first_owner_rep_id as rep_id,
        lead_source,
        {{ seconds_between('clock_started_at', as_of()) }}
        >= 86400 * {{ var('comparable_response_days') }} as is_audited,
        case
            when response_seconds <= 86400 * {{ var('comparable_response_days') }}
                then response_seconds
        end as answer_seconds
    from {{ ref('fct_leads') }}
    where not is_excluded and is_inquiry
),

counted as (
    {{ add_up_in_periods_and_scopes(
        'inquiries',
        {
            'inquiries': 'count(*)',
            'answered': 'count(answer_seconds)',
            'answer_seconds': 'sum(answer_seconds)',
            'answer_squares': 'sum(cast(answer_seconds as decimal(24, 6)) * answer_seconds)',
            'shortest_answer': 'min(answer_seconds)',
            'longest_answer': 'max(answer_seconds)',
            'audited': 'count(*) filter (where is_audited)',
            'answered_within_1h': 'count(*) filter (where is_audited and answer_seconds <= 3600)',
            'answered_1h_to_24h': 'count(*) filter (where is_audited'
                ~ ' and answer_seconds > 3600 and answer_seconds <= 86400)',
            'answered_after_24h': 'count(*) filter (where is_audited and answer_seconds > 86400)',
            'not_answered': 'count(*) filter (where is_audited and answer_seconds is null)',
        }
    ) }}
),

-- Added up exactly, so that no order of rows shows in a last digit; and around about the mean, so
-- that no digit is lost in a difference of large numbers.
centred as (
    select
        *,
        answer_seconds - about * answered as off_seconds,
        answer_squares + about * (about * answered - 2 * answer_seconds) as off_squares
    from (
        select
            *,
            cast(round(answer_seconds / answered) as bigint) as about
        from counted
    ) as rounded
),

deviating as (
    select
        *,
        case
            when answered > 1 and shortest_answer = longest_answer then 0.0
            when answered > 1
                then
                    sqrt((off_squares - cast(off_seconds as double) * off_seconds / answered)
                    / (answered - 1))
        end as deviation_seconds
    from centred
),

averaged as (
    select
        *,
        {{ ratio('answer_seconds', '3600 * answered') }} as mean_hours,
        {{ var('z_95') }} * deviation_seconds / 3600 / sqrt(nullif(answered, 0)) as margin_hours
    from deviating
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
