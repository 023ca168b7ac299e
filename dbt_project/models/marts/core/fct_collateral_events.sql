-- Sums are to know what it gave up: depends_on: {{ ref('was_collateral_events') }}
with events as (
    select * from {{ ref('int_collateral_events_matched') }}
),

refusals as (
    select * from {{ ref('int_refusals') }}
),

leads as (
    select * from {{ ref('int_leads_resolved') }}
),

contacts_completed as (
    select * from {{ ref('int_touches_numbered') }}
    where contact_number is not null
),

first_refusals as (
    select
        lead_id,
        min(refused_at) as first_refused_at
    from refusals
    group by lead_id
),

flagged as (
    select
        events.*,
        leads.lead_source,
        leads.exclusion_reason as lead_exclusion_reason,
        coalesce(first_refusals.first_refused_at < events.occurred_at, false) as is_after_refusal
    from events
    left join leads on events.lead_id = leads.lead_id
    left join first_refusals on events.lead_id = first_refusals.lead_id
),

reengaged as (
    select distinct flagged.event_id
    from flagged
    inner join contacts_completed
        on flagged.lead_id = contacts_completed.lead_id
        and contacts_completed.started_at > flagged.occurred_at
    where flagged.event = 'sent'
        and flagged.is_after_refusal
        and {{ seconds_between('flagged.occurred_at', 'contacts_completed.started_at') }}
        <= 86400 * {{ var('reengagement_days') }}
),

described as (
    select
        flagged.event_id,
        flagged.collateral_id,
        flagged.event,
        flagged.occurred_at,
        flagged.rep_id,
        flagged.contact_id,
        flagged.lead_id,
        flagged.lead_source,
        flagged.deal_id,
        flagged.activity_id,
        flagged.is_after_refusal,
        reengaged.event_id is not null as is_reengaged,
        flagged.lead_exclusion_reason is not null as is_excluded,
        'lead_' || flagged.lead_exclusion_reason as exclusion_reason
    from flagged
    left join reengaged on flagged.event_id = reengaged.event_id
)

select * from described
