with unioned as (
    select * from {{ ref('int_touches_unioned') }}
),

touches as (
    select * from {{ ref('int_touches_numbered') }}
),

leads as (
    select * from {{ ref('int_leads_resolved') }}
),

owner_periods as (
    select * from {{ ref('int_owner_periods') }}
    where object_type = 'lead'
),

described as (
    select
        unioned.touch_id,
        unioned.source,
        touches.channel,
        touches.direction,
        touches.started_at,
        touches.ended_at,
        cast(unioned.talk_seconds as decimal(18, 3)) as talk_seconds,
        touches.is_completed,
        touches.is_automated,
        unioned.is_answered,
        touches.exclusion_reason is not null as is_excluded,
        touches.exclusion_reason,
        unioned.rep_id,
        coalesce(owner_periods.owner_rep_id, leads.owner_rep_id) as owner_then_rep_id,
        leads.owner_rep_id as owner_now_rep_id,
        touches.contact_id,
        touches.customer_id,
        touches.customer_kind,
        touches.lead_id,
        touches.lead_source,
        touches.deal_id,
        touches.lead_match_rule,
        touches.is_new_customer,
        touches.attempt_number,
        touches.contact_number,
        touches.hours_since_previous_touch,
        touches.messages,
        case when unioned.source <> 'telephony' then unioned.touch_id end as crm_activity_id,
        unioned.telephony_call_id
    from touches
    inner join unioned on touches.touch_key = unioned.touch_key
    left join leads on touches.lead_id = leads.lead_id
    left join owner_periods
        on touches.lead_id = owner_periods.object_id
        and owner_periods.valid_from <= touches.started_at
        and owner_periods.valid_until > touches.started_at
)

select * from described
