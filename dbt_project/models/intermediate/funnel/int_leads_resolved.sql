with leads as (
    select * from {{ ref('stg_crm__leads') }}
),

contacts as (
    select * from {{ ref('int_contacts_resolved') }}
),

merged_records as (
    select * from {{ ref('int_records_merged') }}
    where object_type = 'lead'
),

owner_periods as (
    select * from {{ ref('int_owner_periods') }}
    where object_type = 'lead'
),

stage_map as (
    select * from {{ ref('stg_reference__stage_map') }}
    where object_type = 'lead'
),

stage_events as (
    select * from {{ ref('int_stage_events') }}
    where object_type = 'lead'
),

last_stages as (
    select
        object_id as lead_id,
        max_by(native_stage, event_number) as native_stage
    from stage_events
    group by object_id
),

first_owners as (
    select
        object_id as lead_id,
        owner_rep_id,
        changed_at as assigned_at
    from owner_periods
    where period_number = 1
),

resolved as (
    select
        leads.lead_id,
        coalesce(merged_records.survivor_id, leads.lead_id) as survivor_id,
        coalesce(contacts.survivor_id, leads.contact_id) as contact_id,
        case
            when not coalesce(contacts.is_deleted, false)
                then coalesce(contacts.survivor_id, leads.contact_id)
        end as live_contact_id,
        leads.account_id,
        coalesce(leads.account_id, contacts.account_id) as customer_account_id,
        coalesce(
            leads.account_id,
            contacts.account_id,
            contacts.survivor_id,
            leads.contact_id,
            merged_records.survivor_id,
            leads.lead_id
        ) as customer_id,
        case
            when coalesce(leads.account_id, contacts.account_id) is not null then 'account'
            when coalesce(contacts.survivor_id, leads.contact_id) is not null then 'contact'
            else 'lead'
        end as customer_kind,
        leads.lead_source,
        coalesce(first_owners.owner_rep_id, leads.owner_rep_id) as first_owner_rep_id,
        leads.owner_rep_id,
        first_owners.assigned_at,
        leads.is_inquiry,
        leads.inquiry_at,
        leads.inquiry_channel,
        leads.created_at,
        case
            when merged_records.object_id is not null then 'merged'
            when leads.is_deleted then 'deleted'
            when present.is_excluded then leads.status
            when latest.is_excluded then last_stages.native_stage
        end as exclusion_reason
    from leads
    left join merged_records on leads.lead_id = merged_records.object_id
    left join contacts on leads.contact_id = contacts.contact_id
    left join first_owners on leads.lead_id = first_owners.lead_id
    left join last_stages on leads.lead_id = last_stages.lead_id
    left join stage_map as present
        on leads.connector = present.connector
        and leads.status = present.native_stage
    left join stage_map as latest
        on leads.connector = latest.connector
        and last_stages.native_stage = latest.native_stage
)

select * from resolved
