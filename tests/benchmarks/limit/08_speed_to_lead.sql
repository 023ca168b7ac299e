-- Longer than most: a step of one long script, and no model.
-- How fast who asked was answered; who was not is censored (Kaplan-Meier).

create table work.inquiries as
select
    calendar.piece,
    cohorts.rep,
    cohorts.team,
    cohorts.origin,
    cohorts.response_status,
    cohorts.response_seconds,
    coalesce(cohorts.response_seconds, cohorts.waiting_seconds) as waited,
    cohorts.business_response_seconds,
    cohorts.prospect is not null as is_prospect,
    (select moment from work.as_of) - cohorts.clock_started as age
from work.cohorts as cohorts
inner join work.calendar as calendar on cohorts.clock_started // 86400 = calendar.day
where cohorts.is_inquiry;

-- Each inquiry once for each period and scope that it counts in. One event after another makes the
-- same product as all events of a moment at once, where they go before those that are censored then.
create table work.waits as
with placed as (
    select
        pieces.period * 1000000 + {cell of scopes.scope} as place,
        inquiries.waited,
        inquiries.response_status = 'responded' as has_event
    from work.inquiries as inquiries
    inner join work.pieces as pieces on inquiries.piece = pieces.piece
    cross join (select unnest({four scopes}) as scope) as scopes
),

ranked as (
    select
        place,
        waited,
        has_event,
        row_number() over (partition by place order by waited desc, has_event) - 1 as left_behind
    from placed
),

curve as (
    select
        place,
        waited,
        sum(ln(
            greatest(cast(left_behind as double precision), 0.000000001) / (left_behind + 1)
        )) over (
            partition by place order by left_behind desc
            rows between unbounded preceding and current row
        ) as log_waiting
    from ranked
    where has_event
)

select
    place // 1000000 as period,
    place % 1000000 as cell,
    min(waited) filter (where rounded(exp(log_waiting)) <= 0.5) / 3600.0 as median_response_hours,
    min(waited) filter (where rounded(exp(log_waiting)) <= 0.1) / 3600.0 as p90_response_hours
from curve
group by place;

create table marts.kpi_speed_to_lead as
with by_piece as (
    select
        piece,
        rep,
        team,
        origin,
        count(*) as inquiries,
        count(*) filter (where response_status = 'responded') as responded,
        count(*) filter (where response_status = 'pending') as pending,
        count(*) filter (where response_status = 'never') as never,
        count(*) filter (where age >= 300) as eligible_5m,
        count(*) filter (where age >= 300 and response_seconds <= 300) as within_5m,
        count(*) filter (where age >= 3600) as eligible_1h,
        count(*) filter (where age >= 3600 and response_seconds <= 3600) as within_1h,
        count(*) filter (where age >= 86400) as eligible_24h,
        count(*) filter (where age >= 86400 and response_seconds <= 86400) as within_24h,
        count(*) filter (where response_seconds <= 2592000) as answered,
        coalesce(sum(response_seconds) filter (where response_seconds <= 2592000), 0)
            as answer_seconds,
        coalesce(sum(cast(response_seconds as double precision) * response_seconds)
            filter (where response_seconds <= 2592000), 0) as answer_squares,
        count(*) filter (where response_seconds <= 3600) as answered_within_1h,
        count(*) filter (where response_seconds <= 3600 and is_prospect) as prospects_within_1h,
        count(*) filter (where response_seconds > 3600) as answered_after_1h,
        count(*) filter (where response_seconds > 3600 and is_prospect) as prospects_after_1h,
        count(*) filter (where age >= 2592000) as audited,
        count(*) filter (where age >= 2592000 and response_seconds <= 3600) as audited_within_1h,
        count(*) filter (
            where age >= 2592000 and response_seconds > 3600 and response_seconds <= 86400
        ) as audited_1h_to_24h,
        count(*) filter (
            where age >= 2592000 and response_seconds > 86400 and response_seconds <= 2592000
        ) as audited_after_24h,
        count(*) filter (
            where age >= 2592000 and coalesce(response_seconds > 2592000, true)
        ) as audited_not
    from work.inquiries
    group by piece, rep, team, origin
),

counted as (
    select
        {scope columns},
        {sums of
            inquiries responded pending never eligible_5m within_5m eligible_1h within_1h
            eligible_24h within_24h answered answer_seconds answered_within_1h prospects_within_1h
            answered_after_1h prospects_after_1h audited audited_within_1h audited_1h_to_24h
            audited_after_24h audited_not
        },
        sum(answer_squares) as answer_squares
    from by_piece
    inner join work.pieces as pieces on by_piece.piece = pieces.piece
    {by period and scope}
),

business as (
    select
        {scope columns},
        percentile_cont(0.5) within group (order by business_response_seconds) / 3600.0
            as median_business_response_hours
    from work.inquiries as inquiries
    inner join work.pieces as pieces on inquiries.piece = pieces.piece
    where inquiries.business_response_seconds is not null
    {by period and scope}
)

select
    {scope label},
    counted.inquiries,
    counted.responded,
    counted.pending,
    counted.never,
    counted.eligible_5m,
    counted.within_5m,
    {share share_within_5m within_5m eligible_5m},
    counted.eligible_1h,
    counted.within_1h,
    {share share_within_1h within_1h eligible_1h},
    counted.eligible_24h,
    counted.within_24h,
    {share share_within_24h within_24h eligible_24h},
    ratio(counted.answer_seconds, 3600 * counted.answered) as mean_response_hours,
    waits.median_response_hours,
    waits.p90_response_hours,
    business.median_business_response_hours,
    counted.answered_within_1h,
    counted.prospects_within_1h,
    counted.answered_after_1h,
    counted.prospects_after_1h,
    {share prospect_rate_within_1h prospects_within_1h answered_within_1h},
    {share prospect_rate_after_1h prospects_after_1h answered_after_1h},
    ratio(
        ratio(counted.prospects_within_1h, counted.answered_within_1h),
        ratio(counted.prospects_after_1h, counted.answered_after_1h)
    ) as lift_within_1h,
    rate_ratio_limit(
        counted.prospects_within_1h, counted.answered_within_1h, counted.prospects_after_1h,
        counted.answered_after_1h, -1
    ) as lift_within_1h_low,
    rate_ratio_limit(
        counted.prospects_within_1h, counted.answered_within_1h, counted.prospects_after_1h,
        counted.answered_after_1h, 1
    ) as lift_within_1h_high,
    counted.answered,
    counted.answer_seconds,
    counted.answer_squares,
    counted.audited,
    counted.audited_within_1h,
    counted.audited_1h_to_24h,
    counted.audited_after_24h,
    counted.audited_not
from counted
left join work.waits as waits
    on counted.period = waits.period and counted.cell = waits.cell
left join business
    on counted.period = business.period and counted.cell = business.cell
inner join work.periods as periods on counted.period = periods.period
inner join work.scopes as scopes on counted.cell = scopes.cell;

create table marts.kpi_speed_to_lead_curve as
with at_moments as (
    select
        {scope columns without period},
        waited,
        count(*) as subjects,
        count(*) filter (where response_status = 'responded') as events
    from work.inquiries
    {by scope and waited}
),

at_risk as (
    select
        *,
        sum(subjects) over (
            partition by cell
            order by waited desc
            rows between unbounded preceding and current row
        ) as at_risk
    from at_moments
),

happened as (
    select
        *,
        exp(sum(ln(cast(greatest(at_risk - events, 1) as double precision) / at_risk)) over (
            partition by cell
            order by waited
            rows between unbounded preceding and current row
        )) as still_waiting,
        min(at_risk - events) over (
            partition by cell
            order by waited
            rows between unbounded preceding and current row
        ) as left_waiting
    from at_risk
    where events > 0
)

select
    {scope label without period},
    counted.waited / 3600.0 as hours,
    cast(at_risk as bigint) as at_risk,
    events as responded,
    case when left_waiting = 0 then 0 else rounded(still_waiting) end as still_waiting
from happened as counted
inner join work.scopes as scopes on counted.cell = scopes.cell;
