with owner_changes as (
    select * from {{ ref('stg_crm__owner_changes') }}
),

periods as (
    select
        object_type,
        object_id,
        owner_rep_id,
        changed_at,
        lead(changed_at) over (
            partition by object_type, object_id order by changed_at, owner_rep_id
        ) as valid_until,
        row_number() over (
            partition by object_type, object_id order by changed_at, owner_rep_id
        ) as period_number
    from owner_changes
),

-- Before the first change that is known, its owner is taken to have had it.
extended as (
    select
        object_type,
        object_id,
        owner_rep_id,
        case when period_number = 1 then timestamp '0001-01-01' else changed_at end as valid_from,
        -- Never null: with an `or` in its condition a left join compares every row with every row.
        coalesce(valid_until, timestamp '9999-12-31') as valid_until,
        changed_at,
        period_number
    from periods
)

select * from extended
