-- Longer than most: outcome, customer, exclusion and owner of a deal, each a few lines.
with deals as (
    select * from {{ ref('stg_crm__deals') }}
),

contacts as (
    select * from {{ ref('int_contacts_resolved') }}
),

leads as (
    select * from {{ ref('int_leads_resolved') }}
),

merged_records as (
    select * from {{ ref('int_records_merged') }}
    where object_type = 'deal'
),

stage_map as (
    select * from {{ ref('stg_reference__stage_map') }}
    where object_type = 'deal'
),

stage_events as not materialized (
    select * from {{ ref('int_stage_events') }}
    where object_type = 'deal' and funnel_step is not null
),

owner_periods as (
    select * from {{ ref('int_owner_periods') }}
    where object_type = 'deal'
),

last_events as (
    select
        object_id as deal_id,
        max_by(funnel_step, event_number) as funnel_step,
        max_by(native_stage, event_number) as native_stage
    from stage_events
    group by object_id
),

-- The last event of another step than the present one: what came after it is the last closing,
-- however often its stage was entered again.
last_other_events as (
    select
        stage_events.object_id as deal_id,
        max(stage_events.event_number) as event_number
    from stage_events
    inner join last_events on stage_events.object_id = last_events.deal_id
    where stage_events.funnel_step <> last_events.funnel_step
    group by stage_events.object_id
),

outcomes as (
    select
        stage_events.object_id as deal_id,
        any_value(last_events.funnel_step) as funnel_step,
        any_value(last_events.native_stage) as stage,
        min(stage_events.changed_at) filter (
            where last_events.funnel_step in ('won', 'lost')
                and stage_events.event_number > coalesce(last_other_events.event_number, 0)
        ) as closed_at,
        min(stage_events.changed_at) filter (where stage_events.step_rank = 1) as prospect_at,
        min(stage_events.changed_at) filter (where stage_events.step_rank >= 2) as opportunity_at,
        min(stage_events.changed_at) filter (where stage_events.step_rank = 2)
            as seen_opportunity_at,
        count(*) filter (where stage_events.is_step_back) as steps_back
    from stage_events
    inner join last_events on stage_events.object_id = last_events.deal_id
    left join last_other_events on stage_events.object_id = last_other_events.deal_id
    group by stage_events.object_id
),

placed as (
    select
        deals.deal_id,
        coalesce(merged_records.survivor_id, deals.deal_id) as survivor_id,
        leads.survivor_id as lead_id,
        coalesce(contacts.survivor_id, deals.contact_id) as contact_id,
        coalesce(
            deals.account_id,
            contacts.account_id,
            surviving_leads.customer_account_id,
            contacts.survivor_id,
            deals.contact_id,
            surviving_leads.contact_id,
            surviving_leads.customer_id
        ) as customer_id,
        case
            when coalesce(
                deals.account_id, contacts.account_id, surviving_leads.customer_account_id
            ) is not null then 'account'
            when coalesce(contacts.survivor_id, deals.contact_id) is not null then 'contact'
            else surviving_leads.customer_kind
        end as customer_kind,
        surviving_leads.lead_source,
        deals.owner_rep_id,
        deals.pipeline,
        coalesce(outcomes.stage, deals.stage) as stage,
        coalesce(outcomes.funnel_step, 'opportunity') as funnel_step,
        deals.amount,
        deals.currency,
        deals.created_at,
        outcomes.closed_at,
        outcomes.prospect_at,
        -- A deal that is closed had been opened, though its history begins later.
        case
            when outcomes.opportunity_at is not null then outcomes.opportunity_at
            when outcomes.closed_at is not null or outcomes.deal_id is null then deals.created_at
        end as opportunity_at,
        case
            when outcomes.opportunity_at is not null then outcomes.seen_opportunity_at
            when outcomes.closed_at is not null or outcomes.deal_id is null then deals.created_at
        end as seen_opportunity_at,
        coalesce(outcomes.steps_back, 0) as steps_back,
        case
            when merged_records.object_id is not null then 'merged'
            when deals.is_deleted then 'deleted'
            when stage_map.is_excluded then deals.stage
        end as own_exclusion_reason,
        -- A lead that counts in no KPI takes its deals with it.
        surviving_leads.exclusion_reason as lead_exclusion_reason
    from deals
    left join merged_records on deals.deal_id = merged_records.object_id
    left join contacts on deals.contact_id = contacts.contact_id
    left join leads on deals.lead_id = leads.lead_id
    left join leads as surviving_leads on leads.survivor_id = surviving_leads.lead_id
    left join stage_map
        on deals.connector = stage_map.connector
        and deals.stage = stage_map.native_stage
    left join outcomes on deals.deal_id = outcomes.deal_id
),

owned as (
    select
        placed.*,
        coalesce(placed.own_exclusion_reason, 'lead_' || placed.lead_exclusion_reason)
            as exclusion_reason,
        case
            when placed.closed_at is not null
                then coalesce(owner_periods.owner_rep_id, placed.owner_rep_id)
        end as closing_rep_id
    from placed
    left join owner_periods
        on placed.deal_id = owner_periods.object_id
        and owner_periods.valid_from <= placed.closed_at
        and owner_periods.valid_until > placed.closed_at
)

select * from owned
