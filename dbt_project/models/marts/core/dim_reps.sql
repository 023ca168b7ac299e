with reps as (
    select * from {{ ref('stg_crm__reps') }}
),

described as (
    select
        rep_id,
        full_name,
        team,
        time_zone,
        is_active,
        hired_on
    from reps
)

select * from described
