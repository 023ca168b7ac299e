with owner_changes as (
    select * from {{ source('raw', 'crm_owner_changes') }}
),

seen as (
    select
        object_type,
        object_id,
        owner_rep_id,
        changed_at
    from owner_changes
    where changed_at <= {{ as_of() }}
        and {{ is_affected('object_type', 'object_id') }}
)

select * from seen
