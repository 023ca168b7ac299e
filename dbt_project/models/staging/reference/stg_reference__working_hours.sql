with working_hours as (
    select * from {{ ref('working_hours') }}
),

-- 1 or mon or Monday: analysts write either.
cleaned as (
    select
        trim(team) as team,
        case lower(left(trim(weekday), 3))
            when 'mon' then 1
            when 'tue' then 2
            when 'wed' then 3
            when 'thu' then 4
            when 'fri' then 5
            when 'sat' then 6
            when 'sun' then 7
            else try_cast(trim(weekday) as integer)
        end as weekday,
        try_cast(trim(opens) as time) as opens,
        try_cast(replace(trim(closes), '24:00', '00:00') as time) as closes,
        coalesce(nullif(trim(time_zone), ''), '{{ var("business_timezone") }}') as time_zone,
        nullif(trim(country), '') as country
    from working_hours
)

select * from cleaned
