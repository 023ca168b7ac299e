with events as (
    select * from {{ ref('stg_crm__collateral_events') }}
),

touches as (
    select * from {{ ref('int_touches_matched_to_leads') }}
    where crm_activity_id is not null
),

contacts as (
    select * from {{ ref('int_contacts_resolved') }}
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

-- What the event does not say, the email or message that it came with does.
linked as (
    select
        events.event_id,
        events.collateral_id,
        events.event,
        events.occurred_at,
        events.activity_id,
        coalesce(events.rep_id, touches.rep_id) as rep_id,
        coalesce(contacts.survivor_id, events.contact_id, touches.contact_id) as contact_id,
        coalesce(deals.survivor_id, events.deal_id, touches.deal_id) as deal_id,
        coalesce(leads.survivor_id, deals.lead_id, touches.lead_id) as named_lead_id
    from events
    left join touches on events.activity_id = touches.crm_activity_id
    left join contacts on events.contact_id = contacts.contact_id
    left join leads on events.lead_id = leads.lead_id
    left join deals on events.deal_id = deals.deal_id
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
        and (
            owner_periods.valid_until > linked.occurred_at
            or owner_periods.valid_until is null
        )
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
)

select * from matched
