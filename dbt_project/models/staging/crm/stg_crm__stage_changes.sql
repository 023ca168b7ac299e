with stage_changes as (
    select * from {{ source('raw', 'crm_stage_changes') }}
),

seen as (
    select
        object_type,
        object_id,
        _connector as connector,
        lower(stage) as stage,
        changed_at,
        rep_id
    from stage_changes
    where changed_at <= {{ as_of() }}
        and {{ is_affected('object_type', 'object_id') }}
)

select * from seen
