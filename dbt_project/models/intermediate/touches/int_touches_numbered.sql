with unioned as not materialized (
    select * from {{ ref('int_touches_unioned') }}
),

matched as not materialized (
    select * from {{ ref('int_touches_matched_to_leads') }}
),

sessioned as (
    select * from {{ ref('int_touches_sessioned') }}
),

leads as (
    select * from {{ ref('int_leads_resolved') }}
),

-- A touch of a lead that counts nowhere counts nowhere.
flagged as not materialized (
    select
        sessioned.touch_key,
        unioned.touch_id,
        unioned.channel,
        unioned.direction,
        unioned.started_at,
        sessioned.ended_at,
        sessioned.is_completed,
        sessioned.is_automated,
        coalesce(unioned.own_exclusion_reason, 'lead_' || leads.exclusion_reason)
            as exclusion_reason,
        matched.lead_id,
        unioned.deal_id,
        sessioned.messages
    from sessioned
    inner join unioned on sessioned.touch_key = unioned.touch_key
    inner join matched on sessioned.touch_key = matched.touch_key
    left join leads on matched.lead_id = leads.lead_id
),

-- One sort of a lead's touches for all that is counted in their order.
in_order as (
    select
        touch_key,
        case when not is_automated and (direction = 'outbound' or is_completed) then
            count(*) filter (where not is_automated and (direction = 'outbound' or is_completed))
                over until_then
        end as attempt_number,
        case when is_completed then count(*) filter (where is_completed) over until_then end
            as contact_number,
        lag(started_at) over lead_in_order as previous_started_at
    from flagged
    where lead_id is not null and exclusion_reason is null
    window
        lead_in_order as (partition by lead_id order by started_at, touch_id),
        until_then as (
            partition by lead_id order by started_at, touch_id
            rows between unbounded preceding and current row
        )
),

numbered as (
    select
        flagged.touch_key,
        flagged.channel,
        flagged.direction,
        flagged.started_at,
        flagged.ended_at,
        flagged.is_completed,
        flagged.is_automated,
        flagged.exclusion_reason,
        flagged.lead_id,
        flagged.deal_id,
        in_order.attempt_number,
        in_order.contact_number,
        {{ seconds_between('in_order.previous_started_at', 'flagged.started_at') }} / 3600.0
            as hours_since_previous_touch,
        flagged.messages
    from flagged
    left join in_order on flagged.touch_key = in_order.touch_key
)

select * from numbered
