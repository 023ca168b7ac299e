with leads as (
    select * from {{ ref('stg_crm__leads') }}
),

deals as (
    select * from {{ ref('stg_crm__deals') }}
),

activities as (
    select * from {{ ref('stg_crm__activities') }}
),

calls as (
    select * from {{ ref('stg_telephony__calls') }}
),

collateral_events as (
    select * from {{ ref('stg_crm__collateral_events') }}
),

stage_changes as (
    select * from {{ ref('stg_crm__stage_changes') }}
),

first_moments as (
    select least(min(created_at), min(inquiry_at)) as moment from leads
    union all
    select least(min(created_at), min(closed_at)) as moment from deals
    union all
    select min(started_at) as moment from activities
    union all
    select min(started_at) as moment from calls
    union all
    select min(occurred_at) as moment from collateral_events
    union all
    select min(changed_at) as moment from stage_changes
),

-- A day more at both ends: local days are not UTC days.
span as (
    select
        cast(coalesce(min(moment), {{ as_of() }}) as date) - 1 as first_day,
        cast({{ as_of() }} as date) + 1 as last_day
    from first_moments
),

days as (
    select cast(unnest(generate_series(first_day, last_day, interval 1 day)) as date) as day
    from span
),

described as (
    select
        day,
        cast(date_trunc('week', day) as date) as week_start,
        cast(date_trunc('month', day) as date) as month_start,
        cast(date_trunc('quarter', day) as date) as quarter_start,
        isodow(day) as weekday,
        isoyear(day) as iso_year,
        weekofyear(day) as iso_week
    from days
)

select * from described
