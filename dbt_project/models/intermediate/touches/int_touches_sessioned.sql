with unioned as (
    select * from {{ ref('int_touches_unioned') }}
),

matched as (
    select * from {{ ref('int_touches_matched_to_leads') }}
),

touches as not materialized (
    select
        unioned.touch_id,
        unioned.source,
        unioned.channel,
        unioned.direction,
        unioned.started_at,
        unioned.ended_at,
        unioned.talk_seconds,
        unioned.is_completed,
        unioned.is_automated,
        unioned.is_answered,
        unioned.own_exclusion_reason,
        unioned.rep_id,
        matched.contact_id,
        matched.lead_id,
        unioned.deal_id,
        matched.lead_match_rule,
        unioned.crm_activity_id,
        unioned.telephony_call_id
    from unioned
    inner join matched on unioned.touch_id = matched.touch_id
),

with_gaps as (
    select
        touch_id,
        lead_id,
        contact_id,
        started_at,
        coalesce(ended_at, started_at) as ended_at,
        is_completed,
        is_automated,
        lag(started_at) over (
            partition by lead_id, contact_id order by started_at, touch_id
        ) as previous_started_at
    from touches
    where channel = 'message'
        and own_exclusion_reason is null
        and coalesce(lead_id, contact_id) is not null
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

messages as (
    select
        touch_id,
        row_number() over (
            partition by lead_id, contact_id, session_number order by started_at, touch_id
        ) as position,
        max(ended_at) over session as session_ended_at,
        bool_or(is_completed) over session as is_session_completed,
        bool_and(is_automated) over session as is_session_automated,
        count(*) over session as messages
    from numbered
    window session as (partition by lead_id, contact_id, session_number)
),

-- The session has its first message's start, direction and rep.
sessioned as (
    select
        touches.touch_id,
        touches.source,
        touches.channel,
        touches.direction,
        touches.started_at,
        coalesce(messages.session_ended_at, touches.ended_at) as ended_at,
        touches.talk_seconds,
        coalesce(messages.is_session_completed, touches.is_completed) as is_completed,
        coalesce(messages.is_session_automated, touches.is_automated) as is_automated,
        touches.is_answered,
        touches.own_exclusion_reason,
        touches.rep_id,
        touches.contact_id,
        touches.lead_id,
        touches.deal_id,
        touches.lead_match_rule,
        touches.crm_activity_id,
        touches.telephony_call_id,
        coalesce(messages.messages, case when touches.channel = 'message' then 1 end) as messages
    from touches
    left join messages on touches.touch_id = messages.touch_id
    where coalesce(messages.position, 1) = 1
)

select * from sessioned
