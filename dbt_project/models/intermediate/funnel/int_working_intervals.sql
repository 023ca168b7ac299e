-- Longer than most: from hours and holidays to cumulated seconds in one chain.
with working_hours as (
    select * from {{ ref('stg_reference__working_hours') }}
),

holidays as (
    select * from {{ ref('stg_reference__holidays') }}
),

first_moments as (
    select * from {{ ref('stg_reference__first_moments') }}
),

-- Some days before and after, since a local day starts and ends elsewhere than in UTC; a touch may
-- come before the clock.
span as (
    select
        coalesce(cast(min(moment) as date), cast({{ as_of() }} as date)) - 3 as first_day,
        cast({{ as_of() }} as date) + 2 as last_day
    from first_moments
    where happened = 'leads'
),

days as (
    select cast(unnest(generate_series(first_day, last_day, interval 1 day)) as date) as day
    from span
),

teams as (
    select team from working_hours
    union
    select team from holidays where team is not null
),

-- A team without hours of its own has those of everybody (`*`), and its own holidays.
team_hours as (
    select
        teams.team,
        working_hours.weekday,
        working_hours.opens,
        working_hours.closes,
        working_hours.time_zone,
        working_hours.country
    from teams
    inner join working_hours
        on working_hours.team = case
            when teams.team in (select team from working_hours) then teams.team
            else '*'
        end
),

worked_days as (
    select
        team_hours.*,
        days.day
    from days
    inner join team_hours on isodow(days.day) = team_hours.weekday
    where not exists (
        select 1 from holidays
        where holidays.day = days.day
            and (
                holidays.team in (team_hours.team, '*')
                or holidays.country = team_hours.country
                or (holidays.team is null and holidays.country is null)
            )
    )
),

-- Hours that close before they open end on the next day.
intervals as (
    select
        team,
        {{ from_zone('day + opens', 'time_zone') }} as opens_at,
        case
            when closes > opens then {{ from_zone('day + closes', 'time_zone') }}
            else {{ from_zone('day + 1 + closes', 'time_zone') }}
        end as closes_at
    from worked_days
),

-- Cut at midnight UTC, so that a moment finds its intervals by an equi-join on its day.
pieces as (
    select
        team,
        cast(midnights.midnight as date) as utc_day,
        greatest(opens_at, midnights.midnight) as opens_at,
        least(closes_at, midnights.midnight + interval 1 day) as closes_at
    from (
        select
            *,
            unnest(generate_series(
                date_trunc('day', opens_at), date_trunc('day', closes_at), interval 1 day
            )) as midnight
        from intervals
    ) as midnights
    where closes_at > opens_at
),

worked_pieces as (
    select
        *,
        {{ seconds_between('opens_at', 'closes_at') }} as working_seconds
    from pieces
    where closes_at > opens_at
),

day_totals as (
    select
        team,
        utc_day,
        sum(working_seconds) as working_seconds
    from worked_pieces
    group by team, utc_day
),

every_day as (
    select
        teams.team,
        days.day as utc_day
    from teams
    cross join days
),

-- Seconds worked before a day: business time between two moments is then one subtraction, however
-- many weeks lie between.
cumulated as (
    select
        every_day.team,
        every_day.utc_day,
        coalesce(
            sum(day_totals.working_seconds) over (
                partition by every_day.team
                order by every_day.utc_day
                rows between unbounded preceding and 1 preceding
            ),
            0
        ) as seconds_before
    from every_day
    left join day_totals
        on every_day.team = day_totals.team
        and every_day.utc_day = day_totals.utc_day
),

by_day as (
    select
        cumulated.team,
        cumulated.utc_day,
        cumulated.seconds_before,
        worked_pieces.opens_at,
        worked_pieces.closes_at
    from cumulated
    left join worked_pieces
        on cumulated.team = worked_pieces.team
        and cumulated.utc_day = worked_pieces.utc_day
)

select * from by_day
