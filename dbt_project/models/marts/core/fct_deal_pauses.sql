with followed as (
    select * from {{ ref('int_deals_followed') }}
),

timed as (
    select
        deal_id,
        last_step_at,
        {{ add_seconds('last_step_at', 86400 * var('next_step_days')) }} as idle_from,
        ended_at as idle_until
    from followed
    where {{ seconds_between('last_step_at', 'coalesce(ended_at, ' ~ as_of() ~ ')') }}
        >= 86400 * {{ var('next_step_days') }}
)

select * from timed
