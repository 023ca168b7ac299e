with owner_changes as (
    select * from {{ ref('stg_crm__owner_changes') }}
),

periods as (
    select
        object_type,
        object_id,
        owner_rep_id,
        changed_at as valid_from,
        lead(changed_at) over (
            partition by object_type, object_id order by changed_at, owner_rep_id
        ) as valid_until,
        row_number() over (
            partition by object_type, object_id order by changed_at, owner_rep_id
        ) as period_number
    from owner_changes
)

select * from periods
