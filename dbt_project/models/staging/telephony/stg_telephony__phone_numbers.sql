with phone_numbers as (
    select * from {{ source('raw', 'phone_numbers') }}
),

placeholders as (
    select * from {{ ref('phone_placeholders') }}
),

-- A made-up number that passes for a real one would make one person of everybody who gave it.
real_numbers as (
    select
        written,
        position,
        e164
    from phone_numbers
    where e164 is not null
        and e164 not in (select e164 from placeholders)
)

select * from real_numbers
