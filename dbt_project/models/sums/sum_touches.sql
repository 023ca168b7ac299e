with touches as (
    {{ changes_of(ref('fct_touches'), ref('was_touches'), [
        'started_at', 'rep_id', 'lead_id', 'lead_source', 'channel', 'direction', 'is_completed',
        'is_answered', 'is_automated', 'is_excluded', 'is_new_customer', 'talk_seconds',
    ]) }}
),

placed as (
    select
        {{ part_of_week(local_date('started_at')) }} as part,
        coalesce(rep_id, 'unknown') as rep_id,
        coalesce(lead_source, 'unknown') as lead_source,
        lead_id is not null as is_matched,
        is_completed,
        direction = 'outbound' as is_outbound,
        direction = 'inbound' as is_inbound,
        channel = 'call' as is_call,
        channel = 'email' as is_email,
        is_answered,
        is_new_customer,
        talk_seconds,
        sign
    from touches
    where not is_excluded and not is_automated
),

{% set counts = {
    'touches': 'true',
    'touches_matched': 'is_matched',
    'completed_contacts': 'is_matched and is_completed',
    'outbound_calls': 'is_matched and is_call and is_outbound',
    'completed_outbound_calls': 'is_matched and is_call and is_outbound and is_completed',
    'inbound_calls': 'is_matched and is_call and is_inbound',
    'missed_inbound_calls': 'is_matched and is_call and is_inbound and not is_answered',
    'outreach_calls': 'is_matched and is_call and is_outbound and is_new_customer',
    'outreach_emails': 'is_matched and is_email and is_outbound and is_new_customer',
} -%}
counted as (
    select
        part,
        rep_id,
        lead_source,
        {% for name, condition in counts.items() -%}
        cast(coalesce(sum(sign) filter (where {{ condition }}), 0) as bigint) as {{ name }},
        {% endfor -%}
        coalesce(sum(sign * talk_seconds) filter (where is_matched and is_call), 0)
            as talk_seconds
    from placed
    group by part, rep_id, lead_source
)

select * from counted
