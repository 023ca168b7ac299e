with leads as (
    select * from {{ source('raw', 'crm_leads') }}
),

deals as (
    select * from {{ source('raw', 'crm_deals') }}
),

activities as (
    select * from {{ source('raw', 'crm_activities') }}
),

calls as (
    select * from {{ source('raw', 'telephony_calls') }}
),

collateral_events as (
    select * from {{ source('raw', 'crm_collateral_events') }}
),

stage_changes as (
    select * from {{ source('raw', 'crm_stage_changes') }}
),

-- Of all rows, also on a night that computes only some: the calendar begins where they do.
first_moments as (
    select
        'leads' as happened,
        least(min(created_at), min(inquiry_at)) as moment
    from leads
    where created_at <= {{ as_of() }}
    union all
    select
        'deals' as happened,
        least(min(created_at), min(closed_at)) as moment
    from deals
    where created_at <= {{ as_of() }}
    union all
    select
        'activities' as happened,
        min(started_at) as moment
    from activities
    where started_at <= {{ as_of() }}
    union all
    select
        'calls' as happened,
        min(started_at) as moment
    from calls
    where started_at <= {{ as_of() }}
    union all
    select
        'collateral_events' as happened,
        min(occurred_at) as moment
    from collateral_events
    where occurred_at <= {{ as_of() }}
    union all
    select
        'stage_changes' as happened,
        min(changed_at) as moment
    from stage_changes
    where changed_at <= {{ as_of() }}
)

select * from first_moments
