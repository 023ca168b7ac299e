-- Longer than most: touches, the calls back and leads come together.
with touches as (
    select * from {{ ref('fct_touches') }}
    where not is_excluded and lead_id is not null and not is_automated
),

leads as (
    select * from {{ ref('fct_leads') }}
    where not is_excluded
),

reps as (
    select * from {{ ref('dim_reps') }}
),

missed_calls as (
    select * from touches
    where channel = 'call' and direction = 'inbound' and not is_answered
),

calls_back as (
    select * from touches
    where channel = 'call' and direction = 'outbound'
),

called_back as (
    select
        missed_calls.touch_id,
        {{ seconds_between(
            'any_value(missed_calls.started_at)', 'min(calls_back.started_at)'
        ) }} / 3600.0 as callback_hours
    from missed_calls
    inner join calls_back
        on missed_calls.lead_id = calls_back.lead_id
        and missed_calls.started_at <= calls_back.started_at
    group by missed_calls.touch_id
),

touched as (
    select
        {{ local_date('touches.started_at') }} as day,
        touches.rep_id,
        touches.lead_source,
        1 as touches,
        touches.channel = 'call' as is_call,
        touches.direction,
        touches.is_completed,
        touches.talk_seconds,
        missed_calls.touch_id is not null as is_missed,
        called_back.callback_hours,
        0 as leads,
        0 as untouched_leads
    from touches
    left join missed_calls on touches.touch_id = missed_calls.touch_id
    left join called_back on touches.touch_id = called_back.touch_id
),

-- A machine is nobody, and a call that nobody took reached nobody.
created as (
    select
        {{ local_date('created_at') }} as day,
        first_owner_rep_id as rep_id,
        lead_source,
        0 as touches,
        false as is_call,
        cast(null as varchar) as direction,
        false as is_completed,
        cast(null as decimal(18, 3)) as talk_seconds,
        false as is_missed,
        cast(null as double) as callback_hours,
        1 as leads,
        cast(attempts + completed_contacts = 0 as integer) as untouched_leads
    from leads
),

together as (
    select * from touched
    union all
    select * from created
),

happened as (
    select
        together.*,
        reps.team
    from together
    left join reps on together.rep_id = reps.rep_id
),

scoped as (
    {{ in_periods_and_scopes(
        'happened',
        [
            'touches', 'is_call', 'direction', 'is_completed', 'talk_seconds', 'is_missed',
            'callback_hours', 'leads', 'untouched_leads',
        ]
    ) }}
),

counted as (
    select
        period_grain,
        period_start,
        scope,
        scope_value,
        cast(sum(touches) as bigint) as touches,
        count(*) filter (where is_completed) as completed_contacts,
        count(*) filter (where is_call and direction = 'outbound') as outbound_calls,
        count(*) filter (where is_call and direction = 'outbound' and is_completed)
            as completed_outbound_calls,
        cast(coalesce(sum(talk_seconds) filter (where is_call), 0) as decimal(18, 3))
            as talk_seconds,
        count(*) filter (where is_call and direction = 'inbound') as inbound_calls,
        count(*) filter (where is_missed) as missed_inbound_calls,
        count(callback_hours) as called_back,
        {{ percentile('callback_hours', 0.5) }} as median_callback_hours,
        cast(sum(leads) as bigint) as leads,
        cast(sum(untouched_leads) as bigint) as untouched_leads
    from scoped
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
        counted.completed_contacts,
        counted.outbound_calls,
        counted.completed_outbound_calls,
        counted.talk_seconds,
        counted.inbound_calls,
        counted.missed_inbound_calls,
        counted.called_back,
        counted.leads,
        counted.untouched_leads,
        {% for share, numerator, denominator in [
            ('connect_rate', 'completed_outbound_calls', 'outbound_calls'),
            ('share_missed', 'missed_inbound_calls', 'inbound_calls'),
            ('share_called_back', 'called_back', 'missed_inbound_calls'),
            ('share_untouched', 'untouched_leads', 'leads'),
        ] -%}
        {{ ratio('counted.' ~ numerator, 'counted.' ~ denominator) }} as {{ share }},
        {{ wilson_low('counted.' ~ numerator, 'counted.' ~ denominator) }} as {{ share }}_low,
        {{ wilson_high('counted.' ~ numerator, 'counted.' ~ denominator) }} as {{ share }}_high,
        {% endfor -%}
        counted.median_callback_hours
    from counted
    {{ join_scope_label('counted') }}
)

select * from labelled
