-- Longer than most: two systems side by side, column for column.
with activities as (
    select * from {{ ref('stg_crm__activities') }}
),

calls as not materialized (
    select * from {{ ref('int_calls_merged_from_legs') }}
),

pairs as (
    select * from {{ ref('int_calls_paired_with_crm') }}
    where pair_rule <> 'explicit_again'
),

swallowed as (
    select * from {{ ref('int_calls_paired_with_crm') }}
    where pair_rule = 'explicit_again'
),

contacts as (
    select * from {{ ref('int_contacts_resolved') }}
),

leads as (
    select * from {{ ref('int_leads_resolved') }}
),

deals as (
    select * from {{ ref('int_deals_resolved') }}
),

outcomes as (
    select * from {{ ref('stg_reference__outcome_map') }}
),

reps as (
    select * from {{ ref('int_reps_called') }}
    where kind = 'phone'
),

phone_numbers as (
    select * from {{ ref('stg_telephony__phone_numbers') }}
    where position = 0
),

-- However a rep's number was written.
rep_phones as (
    select phone_numbers.written
    from phone_numbers
    inner join reps on phone_numbers.e164 = reps.point
),

-- Times, talk and outcome come from telephony, links and notes from the CRM.
crm_touches as (
    select
        activities.activity_key as touch_key,
        activities.activity_id as touch_id,
        case when calls.call_id is null then 'crm' else 'both' end as source,
        activities.kind as channel,
        coalesce(calls.direction, activities.direction) as direction,
        coalesce(calls.started_at, activities.started_at) as started_at,
        case when calls.call_id is null then activities.ended_at else calls.ended_at end
            as ended_at,
        case
            when activities.kind = 'call'
                then case
                    when calls.call_id is null then activities.duration_seconds
                    else calls.talk_seconds
                end
        end as talk_seconds,
        not activities.is_automated and case
            when activities.kind = 'call' and calls.call_id is not null
                then calls.is_answered
                    and coalesce(calls.talk_seconds, 0)
                    >= {{ var('completed_call_min_talk_seconds') }}
            -- Without a duration the outcome decides; without an outcome, the duration.
            when activities.kind = 'call'
                then case
                    when activities.duration_seconds is null
                        then coalesce(outcomes.outcome = 'connected', false)
                    else coalesce(outcomes.outcome, 'connected') = 'connected'
                        and activities.duration_seconds
                        >= {{ var('completed_call_min_talk_seconds') }}
                end
            when activities.kind = 'meeting' then coalesce(outcomes.outcome = 'held', false)
            else coalesce(activities.direction = 'inbound', false)
        end as is_completed,
        activities.is_automated,
        -- Empty where the CRM says neither how the call ended nor how long it was.
        case
            when activities.kind <> 'call' then null
            when calls.call_id is not null then calls.is_answered
            when outcomes.outcome is not null then outcomes.outcome = 'connected'
            else activities.duration_seconds > 0
        end as is_answered,
        case
            when activities.is_deleted then 'deleted'
            when coalesce(calls.is_internal, false)
                or (activities.kind = 'call' and rep_phones.written is not null)
                then 'internal_call'
        end as own_exclusion_reason,
        coalesce(calls.rep_id, activities.rep_id) as rep_id,
        -- A call of a deleted contact stays, and its contact is unknown.
        case
            when not coalesce(contacts.is_deleted, false)
                then coalesce(contacts.survivor_id, activities.contact_id)
        end as contact_id,
        leads.survivor_id as named_lead_id,
        coalesce(deals.survivor_id, activities.deal_id) as deal_id,
        -- By these a lead is looked for where none is named.
        case when leads.survivor_id is null then activities.phone end as phone,
        case when leads.survivor_id is null then calls.e164 end as e164,
        case when leads.survivor_id is null then activities.email end as email,
        calls.call_id as telephony_call_id
    from activities
    -- A call that was logged twice with the telephony's id is one call.
    left join swallowed on activities.activity_key = swallowed.activity_key
    left join pairs on activities.activity_key = pairs.activity_key
    left join calls on pairs.call_key = calls.call_key
    left join contacts on activities.contact_id = contacts.contact_id
    left join leads on activities.lead_id = leads.lead_id
    left join deals on activities.deal_id = deals.deal_id
    left join outcomes
        on activities.kind = outcomes.kind and activities.outcome = outcomes.native_outcome
    left join rep_phones on activities.phone = rep_phones.written
    where swallowed.activity_key is null
),

telephony_touches as (
    select
        -- Below those of the activities.
        -1 - calls.call_key as touch_key,
        -- An activity and a call of one connector may bear the same id.
        calls.call_id || '#call' as touch_id,
        'telephony' as source,
        'call' as channel,
        calls.direction,
        calls.started_at,
        calls.ended_at,
        calls.talk_seconds,
        calls.is_answered
        and coalesce(calls.talk_seconds, 0) >= {{ var('completed_call_min_talk_seconds') }}
            as is_completed,
        false as is_automated,
        calls.is_answered,
        case when calls.is_internal then 'internal_call' end as own_exclusion_reason,
        calls.rep_id,
        cast(null as varchar) as contact_id,
        cast(null as varchar) as named_lead_id,
        cast(null as varchar) as deal_id,
        cast(null as varchar) as phone,
        calls.e164,
        cast(null as varchar) as email,
        calls.call_id as telephony_call_id
    from calls
    where calls.call_key not in (select call_key from pairs)
),

touches as (
    select * from crm_touches
    union all
    select * from telephony_touches
)

select * from touches
