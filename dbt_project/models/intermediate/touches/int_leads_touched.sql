with touches as not materialized (
    select * from {{ ref('int_touches_numbered') }}
    where lead_id is not null
        and exclusion_reason is null
),

steps as (
    select * from {{ ref('int_leads_climbed') }}
),

attempts as (
    select
        lead_id,
        started_at,
        lag(started_at, {{ var('burst_attempts') - 1 }}) over (
            partition by lead_id order by started_at
        ) as burst_started_at
    from touches
    where direction = 'outbound' and not is_completed and not is_automated
),

bursts as (
    select distinct lead_id
    from attempts
    where {{ seconds_between('burst_started_at', 'started_at') }}
        <= 3600 * {{ var('burst_hours') }}
),

counted as (
    select
        touches.lead_id,
        count(*) filter (
            where touches.direction = 'outbound'
                and not touches.is_completed
                and not touches.is_automated
        ) as attempts,
        count(*) filter (where touches.is_completed) as completed_contacts,
        count(*) filter (where touches.is_automated) as automated_touches,
        count(*) filter (
            where touches.is_completed and touches.started_at <= steps.won_at
        ) as contacts_to_win,
        -- What a machine sends goes on for ever; it keeps no lead from being abandoned.
        max(touches.started_at) filter (where not touches.is_automated) as last_touch_at
    from touches
    inner join steps on touches.lead_id = steps.lead_id
    group by touches.lead_id
),

touched as (
    select
        counted.*,
        bursts.lead_id is not null as is_burst
    from counted
    left join bursts on counted.lead_id = bursts.lead_id
)

select * from touched
