with recursive contacts as (
    select * from {{ ref('stg_crm__contacts') }}
),

leads as (
    select * from {{ ref('stg_crm__leads') }}
),

deals as (
    select * from {{ ref('stg_crm__deals') }}
),

records as (
    select 'contact' as object_type, contact_id as object_id, merged_into_id from contacts
    union all
    select 'lead' as object_type, lead_id as object_id, merged_into_id from leads
    union all
    select 'deal' as object_type, deal_id as object_id, merged_into_id from deals
),

-- A merge into a record that nobody knows is no merge: its touches would be lost with it.
merged_records as (
    select
        records.object_type,
        records.object_id,
        records.merged_into_id
    from records
    inner join records as survivors
        on records.object_type = survivors.object_type
        and records.merged_into_id = survivors.object_id
),

-- `union` and not `union all`: on a cycle nothing new comes, and it ends.
chains as (
    select
        object_type,
        object_id,
        merged_into_id as reached_id
    from merged_records
    union
    select
        chains.object_type,
        chains.object_id,
        merged_records.merged_into_id as reached_id
    from chains
    inner join merged_records
        on chains.object_type = merged_records.object_type
        and chains.reached_id = merged_records.object_id
),

-- The end of a chain is the one record on it that was not merged itself; a cycle has none.
ends as (
    select
        chains.object_type,
        chains.object_id,
        max(case when merged_records.object_id is null then chains.reached_id end) as survivor_id
    from chains
    left join merged_records
        on chains.object_type = merged_records.object_type
        and chains.reached_id = merged_records.object_id
    group by chains.object_type, chains.object_id
),

resolved as (
    select
        object_type,
        object_id,
        coalesce(survivor_id, object_id) as survivor_id,
        survivor_id is null as is_cycle
    from ends
)

select * from resolved
