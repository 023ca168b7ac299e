with activities as (
    select * from {{ ref('stg_crm__activities') }}
),

calls as (
    select * from {{ ref('int_calls_merged_from_legs') }}
),

pairs as (
    select * from {{ ref('int_calls_paired_with_crm') }}
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

rep_phones as (
    select * from {{ ref('int_reps_called') }}
    where kind = 'phone'
),

phone_numbers as (
    select * from {{ ref('stg_telephony__phone_numbers') }}
    where position = 0
),

-- Times, talk and outcome come from telephony, links and notes from the CRM.
crm_touches as (
    select
        activities.activity_id as touch_id,
        case when calls.call_id is null then 'crm' else 'both' end as source,
        activities.kind as channel,
        coalesce(
            case when not calls.is_internal then calls.direction end, activities.direction
        ) as direction,
        coalesce(calls.started_at, activities.started_at) as started_at,
        coalesce(calls.ended_at, activities.ended_at) as ended_at,
        case
            when activities.kind = 'call'
                then coalesce(calls.talk_seconds, activities.duration_seconds)
        end as talk_seconds,
        not activities.is_automated and case
            when activities.kind = 'call' and calls.call_id is not null
                then calls.is_answered
                    and calls.talk_seconds >= {{ var('completed_call_min_talk_seconds') }}
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
        case
            when activities.is_deleted then 'deleted'
            when coalesce(calls.is_internal, activities.kind = 'call' and rep_phones.rep_id is not null)
                then 'internal_call'
        end as own_exclusion_reason,
        coalesce(calls.rep_id, activities.rep_id) as rep_id,
        coalesce(contacts.survivor_id, activities.contact_id) as contact_id,
        leads.survivor_id as named_lead_id,
        coalesce(deals.survivor_id, activities.deal_id) as deal_id,
        activities.phone,
        calls.e164,
        activities.email,
        activities.activity_id as crm_activity_id,
        calls.call_id as telephony_call_id,
        pairs.pair_rule
    from activities
    left join pairs on activities.activity_id = pairs.activity_id
    left join calls on pairs.call_id = calls.call_id
    left join contacts on activities.contact_id = contacts.contact_id
    left join leads on activities.lead_id = leads.lead_id
    left join deals on activities.deal_id = deals.deal_id
    left join outcomes
        on activities.kind = outcomes.kind and activities.outcome = outcomes.native_outcome
    left join phone_numbers on activities.phone = phone_numbers.written
    left join rep_phones on phone_numbers.e164 = rep_phones.point
),

telephony_touches as (
    select
        -- An activity and a call of one connector may bear the same id.
        calls.call_id || '#call' as touch_id,
        'telephony' as source,
        'call' as channel,
        calls.direction,
        calls.started_at,
        calls.ended_at,
        calls.talk_seconds,
        calls.is_answered
        and not calls.is_internal
        and calls.talk_seconds >= {{ var('completed_call_min_talk_seconds') }} as is_completed,
        false as is_automated,
        case when calls.is_internal then 'internal_call' end as own_exclusion_reason,
        calls.rep_id,
        cast(null as varchar) as contact_id,
        cast(null as varchar) as named_lead_id,
        cast(null as varchar) as deal_id,
        cast(null as varchar) as phone,
        calls.e164,
        cast(null as varchar) as email,
        cast(null as varchar) as crm_activity_id,
        calls.call_id as telephony_call_id,
        cast(null as varchar) as pair_rule
    from calls
    where calls.call_id not in (select call_id from pairs)
),

touches as (
    select * from crm_touches
    union all
    select * from telephony_touches
)

select * from touches
