with holidays as (
    select * from {{ ref('holidays') }}
),

cleaned as (
    select
        nullif(trim(team), '') as team,
        nullif(trim(country), '') as country,
        cast(day as date) as day
    from holidays
)

select * from cleaned
