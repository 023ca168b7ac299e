-- Longer than most: a step of one long script, and no model.
-- The moment that the marts describe, the calendar up to it, hours and rates by day: a few thousand
-- rows, so that a join with a day of a fact is a look into a small table. Days are whole numbers,
-- 0 is 1970-01-01; the business's zone is UTC.

create table work.as_of as
select max(moment) as moment
from (
    select max(updated) as moment from work.accounts
    union all
    select max(updated) as moment from work.contacts
    union all
    select max(greatest(created, inquired, updated)) as moment from work.leads
    union all
    select max(greatest(created, closed, updated)) as moment from work.deals
    union all
    select max(changed) as moment from work.stage_changes
    union all
    select max(changed) as moment from work.owner_changes
    union all
    select max(greatest(started, ended, updated)) as moment from work.activities
    union all
    select max(occurred) as moment from work.events
    union all
    select max(greatest(started, ended)) as moment from work.legs
) as moments;


create table work.first_day as
select min(moment) // 86400 - 1 as first_day
from (
    select min(least(created, inquired)) as moment from work.leads
    union all
    select min(least(created, closed)) as moment from work.deals
    union all
    select min(started) as moment from work.activities
    union all
    select min(started) as moment from work.legs
    union all
    select min(occurred) as moment from work.events
    union all
    select min(changed) as moment from work.stage_changes
) as moments;

create table work.calendar as
with days as (
{only duckdb}
    select cast(unnest(generate_series(
        (select first_day - 2 from work.first_day), (select moment // 86400 + 2 from work.as_of)
    )) as integer) as day
{only postgres}
    select generate_series(
        (select first_day - 2 from work.first_day), (select moment // 86400 + 2 from work.as_of)
    ) as day
{end}
),

dated as (
    select day, date '1970-01-01' + day as on_date from days
)

select
    day,
    on_date,
    cast(extract(isodow from on_date) as integer) as weekday,
    cast(date_trunc('week', on_date) as date) as week_start,
    cast(date_trunc('month', on_date) as date) as month_start,
    cast(date_trunc('quarter', on_date) as date) as quarter_start,
    -- A week and a month at once: what is counted by it adds up to either, and to quarters.
    dense_rank() over (order by date_trunc('week', on_date), date_trunc('month', on_date)) as piece
from dated;

-- In the order of time within a grain; 1 week, 2 month, 3 quarter.
create table work.periods as
select
    cast(row_number() over (order by grain, period_start) as integer) as period,
    grain,
    case grain when 1 then 'week' when 2 then 'month' else 'quarter' end as period_grain,
    period_start
from (
    select distinct 1 as grain, week_start as period_start from work.calendar
    union all
    select distinct 2 as grain, month_start as period_start from work.calendar
    union all
    select distinct 3 as grain, quarter_start as period_start from work.calendar
) as starts;

create table work.pieces as
select distinct
    calendar.piece,
    periods.period,
    periods.grain
from work.calendar as calendar
inner join work.periods as periods
    on (periods.grain = 1 and calendar.week_start = periods.period_start)
    or (periods.grain = 2 and calendar.month_start = periods.period_start)
    or (periods.grain = 3 and calendar.quarter_start = periods.period_start);

create table work.origins as
select
    cast(row_number() over (order by lead_source) as smallint) as origin,
    lead_source
from (select distinct lead_source from work.leads where lead_source is not null) as sources;

create table work.teams as
select
    cast(row_number() over (order by team) as smallint) as team,
    team as team_name
from (select distinct team from work.sellers where team is not null) as teams;

create table work.reps as
select
    sellers.rep,
    sellers.full_name,
    sellers.is_active,
    sellers.email,
    sellers.extension,
    sellers.phone,
    coalesce(teams.team, 0) as team,
    coalesce(teams.team_name, 'unknown') as team_name
from work.sellers as sellers
left join work.teams as teams on sellers.team = teams.team_name;

-- A scope and what it is of, as one number.
create table work.scopes as
select 0 as cell, 'company' as scope, 'all' as scope_value, 'Whole company' as scope_label
union all
select 100000 + team, 'team', team_name, team_name from work.teams
union all
select 100000, 'team', 'unknown', 'unknown'
union all
select 200000 + rep, 'rep', {rep id of rep}, full_name from work.reps
union all
select 299999, 'rep', 'unknown', 'unknown'
union all
select 300000 + origin, 'lead_source', lead_source, lead_source from work.origins
union all
select 300000, 'lead_source', 'unknown', 'unknown';

create table work.working_days as
with hours as (
    select
        team,
        cast(weekday as integer) as weekday,
        cast(opens as time) as opens,
        cast(closes as time) as closes,
        time_zone,
        nullif(country, '') as country
    from work.seed_working_hours
)

select
    hours.team,
    calendar.day,
    cast(extract(epoch from timezone(hours.time_zone, calendar.on_date + hours.opens)) as integer)
        as opens,
    cast(extract(epoch from timezone(hours.time_zone, calendar.on_date + hours.closes)) as integer)
        as closes
from work.calendar as calendar
inner join hours on calendar.weekday = hours.weekday
where not exists (
    select 1 from work.seed_holidays as holidays
    where cast(holidays.day as date) = calendar.on_date and holidays.country = hours.country
);

create table work.rate_periods as
select
    currency,
    cast(day as date) as valid_from,
    lead(cast(day as date), 1, date '9999-12-31') over (
        partition by currency order by cast(day as date)
    ) as valid_until,
    cast(rate as decimal(28, 10)) as rate
from work.seed_exchange_rates;

create table work.rates as
select
    periods.currency,
    calendar.day,
    periods.rate
from work.calendar as calendar
inner join work.rate_periods as periods
    on calendar.on_date >= periods.valid_from and calendar.on_date < periods.valid_until;

create table work.quota_rates as
select
    periods.currency,
    months.month,
    periods.rate
from (select distinct month from work.quotas) as months
inner join work.rate_periods as periods
    on months.month >= periods.valid_from and months.month < periods.valid_until;
