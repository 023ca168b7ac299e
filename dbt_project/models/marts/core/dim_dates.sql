with first_moments as (
    select * from {{ ref('stg_reference__first_moments') }}
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
