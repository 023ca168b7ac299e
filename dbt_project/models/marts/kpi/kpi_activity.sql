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
        {{ local_date('missed_calls.started_at') }} as day,
        missed_calls.rep_id,
        reps.team,
        missed_calls.lead_source,
        {{ seconds_between('missed_calls.started_at', 'min(calls_back.started_at)') }} / 3600.0
            as callback_hours
    from missed_calls
    inner join calls_back
        on missed_calls.lead_id = calls_back.lead_id
        and missed_calls.started_at <= calls_back.started_at
    left join reps on missed_calls.rep_id = reps.rep_id
    group by
        missed_calls.touch_id,
        missed_calls.started_at,
        missed_calls.rep_id,
        reps.team,
        missed_calls.lead_source
),

touched as (
    select
        {{ local_date('started_at') }} as day,
        rep_id,
        lead_source,
        count(*) as touches,
        count(*) filter (where is_completed) as completed_contacts,
        count(*) filter (where channel = 'call' and direction = 'outbound') as outbound_calls,
        count(*) filter (where channel = 'call' and direction = 'outbound' and is_completed)
            as completed_outbound_calls,
        coalesce(sum(talk_seconds) filter (where channel = 'call'), 0) as talk_seconds,
        count(*) filter (where channel = 'call' and direction = 'inbound') as inbound_calls,
        count(*) filter (where channel = 'call' and direction = 'inbound' and not is_answered)
            as missed_inbound_calls,
        0 as leads,
        0 as untouched_leads
    from touches
    group by 1, 2, 3
),

-- A machine is nobody, and a call that nobody took reached nobody.
created as (
    select
        {{ local_date('created_at') }} as day,
        first_owner_rep_id as rep_id,
        lead_source,
        0 as touches,
        0 as completed_contacts,
        0 as outbound_calls,
        0 as completed_outbound_calls,
        0 as talk_seconds,
        0 as inbound_calls,
        0 as missed_inbound_calls,
        count(*) as leads,
        count(*) filter (where attempts + completed_contacts = 0) as untouched_leads
    from leads
    group by 1, 2, 3
),

together as (
    select * from touched
    union all
    select * from created
),

daily as (
    select
        together.*,
        reps.team
    from together
    left join reps on together.rep_id = reps.rep_id
),

{% set counts = [
    'touches', 'completed_contacts', 'outbound_calls', 'completed_outbound_calls',
    'inbound_calls', 'missed_inbound_calls', 'leads', 'untouched_leads',
] -%}
scoped as (
    {{ in_periods_and_scopes('daily', counts + ['talk_seconds']) }}
),

counted as (
    select
        period_grain,
        period_start,
        scope,
        scope_value,
        {% for count in counts -%}
        cast(sum({{ count }}) as bigint) as {{ count }},
        {% endfor -%}
        cast(sum(talk_seconds) as decimal(18, 3)) as talk_seconds
    from scoped
    group by period_grain, period_start, scope, scope_value
),

scoped_callbacks as (
    {{ in_periods_and_scopes('called_back', ['callback_hours']) }}
),

callbacks as (
    select
        period_grain,
        period_start,
        scope,
        scope_value,
        count(*) as called_back,
        {{ percentile('callback_hours', 0.5) }} as median_callback_hours
    from scoped_callbacks
    group by period_grain, period_start, scope, scope_value
),

measured as (
    select
        counted.*,
        coalesce(callbacks.called_back, 0) as called_back,
        callbacks.median_callback_hours
    from counted
    left join callbacks
        on counted.period_grain = callbacks.period_grain
        and counted.period_start = callbacks.period_start
        and counted.scope = callbacks.scope
        and counted.scope_value = callbacks.scope_value
),

labelled as (
    select
        measured.period_grain,
        measured.period_start,
        measured.scope,
        measured.scope_value,
        {{ scope_label('measured') }} as scope_label,
        measured.touches,
        measured.completed_contacts,
        measured.outbound_calls,
        measured.completed_outbound_calls,
        measured.talk_seconds,
        measured.inbound_calls,
        measured.missed_inbound_calls,
        measured.called_back,
        measured.leads,
        measured.untouched_leads,
        {% for share, numerator, denominator in [
            ('connect_rate', 'completed_outbound_calls', 'outbound_calls'),
            ('share_missed', 'missed_inbound_calls', 'inbound_calls'),
            ('share_called_back', 'called_back', 'missed_inbound_calls'),
            ('share_untouched', 'untouched_leads', 'leads'),
        ] -%}
        {{ ratio('measured.' ~ numerator, 'measured.' ~ denominator) }} as {{ share }},
        {{ wilson_low('measured.' ~ numerator, 'measured.' ~ denominator) }} as {{ share }}_low,
        {{ wilson_high('measured.' ~ numerator, 'measured.' ~ denominator) }} as {{ share }}_high,
        {% endfor -%}
        measured.median_callback_hours
    from measured
    {{ join_scope_label('measured') }}
)

select * from labelled
