-- Longer than most: touches, the calls back and leads come together.
with touches as (
    select
        part as day,
        rep_id,
        lead_source,
        touches_matched as touches,
        completed_contacts,
        outbound_calls,
        completed_outbound_calls,
        talk_seconds,
        inbound_calls,
        missed_inbound_calls,
        0 as leads,
        0 as untouched_leads
    from {{ ref('sum_touches') }}
    where touches_matched > 0
),

-- A machine is nobody, and a call that nobody took reached nobody.
leads as (
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
        1 as leads,
        cast(attempts + completed_contacts = 0 as integer) as untouched_leads
    from {{ ref('fct_leads') }}
    where not is_excluded
),

missed_calls as (
    select
        touch_id,
        lead_id,
        started_at,
        {{ local_date('started_at') }} as day,
        rep_id,
        lead_source
    from {{ ref('fct_touches') }}
    where not is_excluded
        and lead_id is not null
        and not is_automated
        and channel = 'call'
        and direction = 'inbound'
        and not is_answered
),

calls_back as (
    select
        lead_id,
        started_at
    from {{ ref('fct_touches') }}
    where not is_excluded
        and not is_automated
        and channel = 'call'
        and direction = 'outbound'
),

together as (
    select * from touches
    union all
    select * from leads
),

counted as (
    {{ add_up_in_periods_and_scopes(
        'together',
        {
            'touches': 'total(touches)',
            'completed_contacts': 'total(completed_contacts)',
            'outbound_calls': 'total(outbound_calls)',
            'completed_outbound_calls': 'total(completed_outbound_calls)',
            'talk_seconds': 'sum(talk_seconds)',
            'inbound_calls': 'total(inbound_calls)',
            'missed_inbound_calls': 'total(missed_inbound_calls)',
            'leads': 'total(leads)',
            'untouched_leads': 'total(untouched_leads)',
        }
    ) }}
),

called_back as (
    select
        missed_calls.touch_id,
        missed_calls.started_at,
        missed_calls.day,
        missed_calls.rep_id,
        missed_calls.lead_source,
        min(calls_back.started_at) as called_back_at
    from missed_calls
    inner join calls_back
        on missed_calls.lead_id = calls_back.lead_id
        and missed_calls.started_at <= calls_back.started_at
    group by 1, 2, 3, 4, 5
),

whose as (
    {{ number_whose('called_back') }}
),

placed as (
    {{ place_in_periods_and_scopes(
        'called_back',
        'whose',
        [seconds_between('started_at', 'called_back_at') ~ ' / 3600.0 as callback_hours']
    ) }}
),

medians as (
    {{ medians_in_periods_and_scopes(
        'placed', 'whose', 'callback_hours', 'median_callback_hours'
    ) }}
),

callbacks as (
    {{ add_up_in_periods_and_scopes('called_back', {'called_back': 'count(*)'}) }}
),

measured as (
    select
        counted.*,
        coalesce(callbacks.called_back, 0) as called_back,
        medians.median_callback_hours
    from counted
    left join callbacks
        on counted.period_grain = callbacks.period_grain
        and counted.period_start = callbacks.period_start
        and counted.scope = callbacks.scope
        and counted.scope_value = callbacks.scope_value
    left join medians
        on counted.period_grain = medians.period_grain
        and counted.period_start = medians.period_start
        and counted.scope = medians.scope
        and counted.scope_value = medians.scope_value
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
        cast(measured.talk_seconds as decimal(18, 3)) as talk_seconds,
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
