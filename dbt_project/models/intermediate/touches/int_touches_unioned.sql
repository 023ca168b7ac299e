-- Longer than most: two systems side by side, column for column.
with activities as not materialized (
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

paired_calls as not materialized (
    select
        pairs.activity_key,
        calls.*
    from pairs
    inner join calls on pairs.call_key = calls.call_key
),

-- Times, talk and outcome come from telephony, links and notes from the CRM.
crm_calls as (
    select
        activities.activity_key as touch_key,
        activities.activity_id as touch_id,
        case when calls.call_key is null then 'crm' else 'both' end as source,
        activities.kind as channel,
        coalesce(calls.direction, activities.direction) as direction,
        coalesce(calls.started_at, activities.started_at) as started_at,
        case when calls.call_key is null then activities.ended_at else calls.ended_at end
            as ended_at,
        case when calls.call_key is null then activities.duration_seconds else calls.talk_seconds end
            as talk_seconds,
        not activities.is_automated and case
            when calls.call_key is not null
                then calls.is_answered
                    and coalesce(calls.talk_seconds, 0)
                    >= {{ var('completed_call_min_talk_seconds') }}
            -- Without a duration the outcome decides; without an outcome, the duration.
            when activities.duration_seconds is null
                then coalesce(outcomes.outcome = 'connected', false)
            else coalesce(outcomes.outcome, 'connected') = 'connected'
                and activities.duration_seconds >= {{ var('completed_call_min_talk_seconds') }}
        end as is_completed,
        activities.is_automated,
        -- Empty where the CRM says neither how the call ended nor how long it was.
        case
            when calls.call_key is not null then calls.is_answered
            when outcomes.outcome is not null then outcomes.outcome = 'connected'
            else activities.duration_seconds > 0
        end as is_answered,
        case
            when activities.is_deleted then 'deleted'
            when coalesce(calls.is_internal, false) or rep_phones.written is not null
                then 'internal_call'
        end as own_exclusion_reason,
        coalesce(calls.rep_id, activities.rep_id) as rep_id,
        activities.contact_id,
        activities.lead_id,
        activities.deal_id,
        activities.phone,
        calls.e164,
        activities.email,
        calls.call_id as telephony_call_id
    from activities
    left join paired_calls as calls on activities.activity_key = calls.activity_key
    left join outcomes
        on activities.kind = outcomes.kind and activities.outcome = outcomes.native_outcome
    left join rep_phones on activities.phone = rep_phones.written
    where activities.kind = 'call'
        -- A call that was logged twice with the telephony's id is one call.
        and activities.activity_key not in (select activity_key from swallowed)
),

crm_others as (
    select
        activities.activity_key as touch_key,
        activities.activity_id as touch_id,
        'crm' as source,
        activities.kind as channel,
        activities.direction,
        activities.started_at,
        activities.ended_at,
        null as talk_seconds,
        not activities.is_automated and case
            when activities.kind = 'meeting' then coalesce(outcomes.outcome = 'held', false)
            else coalesce(activities.direction = 'inbound', false)
        end as is_completed,
        activities.is_automated,
        null as is_answered,
        case when activities.is_deleted then 'deleted' end as own_exclusion_reason,
        activities.rep_id,
        activities.contact_id,
        activities.lead_id,
        activities.deal_id,
        activities.phone,
        null as e164,
        activities.email,
        null as telephony_call_id
    from activities
    left join outcomes
        on activities.kind = outcomes.kind and activities.outcome = outcomes.native_outcome
    where activities.kind <> 'call'
),

telephony_calls as (
    select
        -- Below those of the activities.
        -1 - call_key as touch_key,
        -- An activity and a call of one connector may bear the same id.
        call_id || '#call' as touch_id,
        'telephony' as source,
        'call' as channel,
        direction,
        started_at,
        ended_at,
        talk_seconds,
        is_answered
        and coalesce(talk_seconds, 0) >= {{ var('completed_call_min_talk_seconds') }}
            as is_completed,
        false as is_automated,
        is_answered,
        case when is_internal then 'internal_call' end as own_exclusion_reason,
        rep_id,
        null as contact_id,
        null as lead_id,
        null as deal_id,
        null as phone,
        e164,
        null as email,
        call_id as telephony_call_id
    from calls
    where call_key not in (select call_key from pairs)
),

together as (
    select * from crm_calls
    union all
    select * from crm_others
    union all
    select * from telephony_calls
),

touches as (
    select
        together.touch_key,
        together.touch_id,
        together.source,
        together.channel,
        together.direction,
        together.started_at,
        together.ended_at,
        together.talk_seconds,
        together.is_completed,
        together.is_automated,
        together.is_answered,
        together.own_exclusion_reason,
        together.rep_id,
        -- A call of a deleted contact stays, and its contact is unknown.
        case
            when not coalesce(contacts.is_deleted, false)
                then coalesce(contacts.survivor_id, together.contact_id)
        end as contact_id,
        leads.survivor_id as named_lead_id,
        coalesce(deals.survivor_id, together.deal_id) as deal_id,
        -- By these a lead is looked for where none is named.
        case when leads.survivor_id is null then together.phone end as phone,
        case when leads.survivor_id is null then together.e164 end as e164,
        case when leads.survivor_id is null then together.email end as email,
        together.telephony_call_id
    from together
    left join contacts on together.contact_id = contacts.contact_id
    left join leads on together.lead_id = leads.lead_id
    left join deals on together.deal_id = deals.deal_id
)

select * from touches
