-- Longer than most: the lead is looked for in four places, the rep in three.
with events as (
    select * from {{ ref('stg_crm__collateral_events') }}
),

touches as (
    select * from {{ ref('int_touches_unioned') }}
    where source <> 'telephony'
),

matched_touches as (
    select * from {{ ref('int_touches_matched_to_leads') }}
),

contacts as (
    select * from {{ ref('int_contacts_resolved') }}
    where not is_deleted
),

leads as (
    select * from {{ ref('int_leads_resolved') }}
),

steps as (
    select * from {{ ref('int_leads_climbed') }}
),

deals as (
    select * from {{ ref('int_deals_resolved') }}
),

owner_periods as (
    select * from {{ ref('int_owner_periods') }}
    where object_type = 'lead'
),

-- Its own lead, its deal's, that of the email or message that it came with.
linked as (
    select
        events.event_id,
        events.collateral_id,
        events.event,
        events.occurred_at,
        events.activity_id,
        coalesce(events.rep_id, touches.rep_id) as rep_id,
        contacts.survivor_id as contact_id,
        deals.survivor_id as deal_id,
        coalesce(leads.survivor_id, surviving_deals.lead_id, matched_touches.lead_id)
            as named_lead_id
    from events
    left join touches on events.activity_id = touches.touch_id
    left join matched_touches on touches.touch_key = matched_touches.touch_key
    left join contacts on events.contact_id = contacts.contact_id
    left join leads on events.lead_id = leads.lead_id
    left join deals on events.deal_id = deals.deal_id
    left join deals as surviving_deals on deals.survivor_id = surviving_deals.deal_id
),

-- Else the contact's lead that was open then, chosen as for touches (KPIS.md 1).
candidates as (
    select
        linked.event_id,
        leads.lead_id,
        leads.created_at,
        coalesce(
            coalesce(owner_periods.owner_rep_id, leads.owner_rep_id) = linked.rep_id, false
        ) as is_own_lead
    from linked
    inner join leads on linked.contact_id = leads.contact_id
    inner join steps on leads.lead_id = steps.lead_id
    left join owner_periods
        on leads.lead_id = owner_periods.object_id
        and owner_periods.valid_from <= linked.occurred_at
        and owner_periods.valid_until > linked.occurred_at
    where linked.named_lead_id is null
        and leads.exclusion_reason is null
        and leads.created_at
        <= {{ add_seconds('linked.occurred_at', 60 * var('lead_clock_tolerance_minutes')) }}
        and (steps.closed_at is null or steps.closed_at >= linked.occurred_at)
),

ranked as (
    select
        *,
        row_number() over (
            partition by event_id order by is_own_lead desc, created_at desc, lead_id
        ) as position
    from candidates
),

matched as (
    select
        linked.event_id,
        linked.collateral_id,
        linked.event,
        linked.occurred_at,
        linked.activity_id,
        linked.rep_id,
        linked.contact_id,
        coalesce(linked.named_lead_id, ranked.lead_id) as lead_id,
        linked.deal_id
    from linked
    left join ranked on linked.event_id = ranked.event_id and ranked.position = 1
),

-- What the customer did with an item is the doing of the rep who last sent it to him.
senders as (
    select
        matched.event_id,
        sends.rep_id,
        row_number() over (
            partition by matched.event_id order by sends.occurred_at desc, sends.event_id desc
        ) as position
    from matched
    inner join matched as sends
        on matched.lead_id = sends.lead_id
        and matched.collateral_id = sends.collateral_id
        and sends.event = 'sent'
        and matched.occurred_at >= sends.occurred_at
    where matched.rep_id is null and matched.event <> 'sent'
),

attributed as (
    select
        matched.event_id,
        matched.collateral_id,
        matched.event,
        matched.occurred_at,
        matched.activity_id,
        coalesce(matched.rep_id, senders.rep_id) as rep_id,
        matched.contact_id,
        matched.lead_id,
        matched.deal_id
    from matched
    left join senders on matched.event_id = senders.event_id and senders.position = 1
)

select * from attributed
