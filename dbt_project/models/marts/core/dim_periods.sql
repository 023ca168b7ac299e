with dates as (
    select * from {{ ref('dim_dates') }}
),

periods as (
    select day, 'week' as period_grain, week_start as period_start from dates
    union all
    select day, 'month' as period_grain, month_start as period_start from dates
    union all
    select day, 'quarter' as period_grain, quarter_start as period_start from dates
)

select * from periods
