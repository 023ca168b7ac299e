with unioned as not materialized (
    select * from {{ ref('int_touches_unioned') }}
),

matched as (
    select * from {{ ref('int_touches_matched_to_leads') }}
),

messages as not materialized (
    select
        unioned.touch_key,
        unioned.touch_id,
        matched.lead_id,
        matched.contact_id,
        unioned.started_at,
        coalesce(unioned.ended_at, unioned.started_at) as ended_at,
        unioned.is_completed,
        unioned.is_automated
    from unioned
    inner join matched on unioned.touch_key = matched.touch_key
    where unioned.channel = 'message'
        and unioned.own_exclusion_reason is null
        and coalesce(matched.lead_id, matched.contact_id) is not null
),

with_gaps as (
    select
        *,
        coalesce(
            {{ seconds_between('lag(started_at) over in_order', 'started_at') }}
            > 60 * {{ var('message_session_minutes') }},
            true
        ) as is_first
    from messages
    window in_order as (partition by lead_id, contact_id order by started_at, touch_id)
),

numbered as (
    select
        *,
        count(*) filter (where is_first) over (
            partition by lead_id, contact_id
            order by started_at, touch_id
            rows between unbounded preceding and current row
        ) as session_number
    from with_gaps
),

sessions as (
    select
        max(case when is_first then touch_key end) as touch_key,
        max(ended_at) as ended_at,
        bool_or(is_completed) as is_completed,
        bool_and(is_automated) as is_automated,
        count(*) as messages
    from numbered
    group by lead_id, contact_id, session_number
),

-- The session is its first message, with what came of the others.
sessioned as (
    select
        unioned.touch_key,
        coalesce(sessions.ended_at, unioned.ended_at) as ended_at,
        coalesce(sessions.is_completed, unioned.is_completed) as is_completed,
        coalesce(sessions.is_automated, unioned.is_automated) as is_automated,
        coalesce(sessions.messages, case when unioned.channel = 'message' then 1 end) as messages
    from unioned
    left join sessions on unioned.touch_key = sessions.touch_key
    where unioned.touch_key not in (select touch_key from numbered where not is_first)
)

select * from sessioned
