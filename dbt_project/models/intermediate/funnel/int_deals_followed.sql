with deals as (
    select * from {{ ref('int_deals_resolved') }}
    where exclusion_reason is null
),

stage_events as (
    select * from {{ ref('int_stage_events') }}
    where object_type = 'deal'
),

touches as not materialized (
    select * from {{ ref('int_touches_numbered') }}
    where attempt_number is not null
),

-- A touch that names no deal may be about any of its lead's.
moments as (
    select deal_id, created_at as moment from deals
    union
    select object_id as deal_id, changed_at as moment from stage_events
    union
    select deal_id, started_at as moment from touches where deal_id is not null
    union
    select
        deals.deal_id,
        touches.started_at as moment
    from touches
    inner join deals on touches.lead_id = deals.lead_id
    where touches.deal_id is null
),

followed as (
    select
        moments.deal_id,
        moments.moment as last_step_at,
        coalesce(
            lead(moments.moment) over (partition by moments.deal_id order by moments.moment),
            deals.closed_at
        ) as ended_at
    from moments
    inner join deals on moments.deal_id = deals.deal_id
    where moments.moment >= deals.created_at
        and (deals.closed_at is null or moments.moment < deals.closed_at)
)

select * from followed
