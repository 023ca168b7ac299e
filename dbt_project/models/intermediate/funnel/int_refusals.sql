with stage_events as (
    select * from {{ ref('int_stage_events') }}
),

leads as (
    select * from {{ ref('int_leads_resolved') }}
),

deals as (
    select * from {{ ref('int_deals_resolved') }}
),

owner_periods as (
    select * from {{ ref('int_owner_periods') }}
    where object_type = 'deal'
),

-- From one lost stage to another nothing new was refused.
losses as (
    select
        object_type,
        object_id,
        event_number,
        changed_at as refused_at
    from stage_events
    where funnel_step = 'lost' and coalesce(step_before, '') <> 'lost'
),

-- A lead that was merged away says nothing of the one that it became part of.
refused_leads as (
    select
        losses.*,
        leads.lead_id,
        cast(null as varchar) as deal_id,
        leads.first_owner_rep_id as rep_id
    from losses
    inner join leads on losses.object_id = leads.lead_id
    where losses.object_type = 'lead'
),

refused_deals as (
    select
        losses.*,
        deals.lead_id,
        deals.deal_id,
        coalesce(owner_periods.owner_rep_id, deals.owner_rep_id) as rep_id
    from losses
    inner join deals on losses.object_id = deals.deal_id
    left join owner_periods
        on losses.object_id = owner_periods.object_id
        and owner_periods.valid_from <= losses.refused_at
        and owner_periods.valid_until > losses.refused_at
    where losses.object_type = 'deal'
        and deals.lead_id is not null
        and deals.own_exclusion_reason is null
),

together as (
    select * from refused_leads
    union all
    select * from refused_deals
),

placed as (
    select
        together.object_type || ':' || together.object_id || '#' || together.event_number
            as refusal_id,
        together.object_type,
        together.object_id,
        together.lead_id,
        together.deal_id,
        together.rep_id,
        leads.lead_source,
        together.refused_at,
        'lead_' || leads.exclusion_reason as exclusion_reason
    from together
    inner join leads on together.lead_id = leads.lead_id
)

select * from placed
