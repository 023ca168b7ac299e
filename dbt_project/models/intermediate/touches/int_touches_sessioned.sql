with touches as not materialized (
    select * from {{ ref('int_touches_matched_to_leads') }}
),

leads as (
    select * from {{ ref('int_leads_resolved') }}
),

messages as (
    select * from touches
    where channel = 'message'
        and own_exclusion_reason is null
        and coalesce(lead_id, contact_id) is not null
),

with_gaps as (
    select
        *,
        lag(started_at) over (
            partition by lead_id, contact_id order by started_at, touch_id
        ) as previous_started_at
    from messages
),

numbered as (
    select
        *,
        sum(
            case
                when {{ seconds_between('previous_started_at', 'started_at') }}
                    <= 60 * {{ var('message_session_minutes') }} then 0
                else 1
            end
        ) over (
            partition by lead_id, contact_id
            order by started_at, touch_id
            rows between unbounded preceding and current row
        ) as session_number
    from with_gaps
),

positioned as (
    select
        *,
        row_number() over (
            partition by lead_id, contact_id, session_number order by started_at, touch_id
        ) as position,
        max(coalesce(ended_at, started_at)) over (
            partition by lead_id, contact_id, session_number
        ) as session_ended_at,
        bool_or(is_completed) over (
            partition by lead_id, contact_id, session_number
        ) as is_session_completed,
        bool_and(is_automated) over (
            partition by lead_id, contact_id, session_number
        ) as is_session_automated,
        count(*) over (partition by lead_id, contact_id, session_number) as messages
    from numbered
),

-- The session has its first message's start, direction and rep.
sessions as (
    select
        touch_id,
        source,
        channel,
        direction,
        started_at,
        session_ended_at as ended_at,
        talk_seconds,
        is_session_completed as is_completed,
        is_session_automated as is_automated,
        is_answered,
        own_exclusion_reason,
        rep_id,
        contact_id,
        lead_id,
        deal_id,
        lead_match_rule,
        crm_activity_id,
        telephony_call_id,
        messages
    from positioned
    where position = 1
),

others as (
    select
        *,
        case when channel = 'message' then 1 end as messages
    from touches
    where touch_id not in (select touch_id from messages)
),

together as (
    select * from sessions
    union all
    select * from others
),

-- A touch of a lead that counts nowhere counts nowhere.
flagged as (
    select
        together.*,
        leads.exclusion_reason as lead_exclusion_reason,
        leads.customer_id as lead_customer_id,
        leads.customer_kind as lead_customer_kind,
        leads.lead_source
    from together
    left join leads on together.lead_id = leads.lead_id
)

select * from flagged
