with reps as (
    select * from {{ source('raw', 'crm_reps') }}
),

cleaned as (
    select
        rep_id,
        full_name,
        lower(email) as email,
        phone,
        extension,
        team,
        time_zone,
        coalesce(is_active, true) as is_active,
        hired_on
    from reps
)

select * from cleaned
