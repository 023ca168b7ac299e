-- Longer than most: a step of one long script, and no model.
-- What becomes of deals, of leads step by step, and what each rep is good at.

create table marts.kpi_closed_deals as
with counted as (
    select
        {scope columns},
        count(*) filter (where is_won) as won,
        count(*) filter (where not is_won) as lost,
        count(*) filter (where is_won and reporting_amount is null) as won_without_amount,
        count(*) filter (where is_won and reporting_amount is not null) as won_with_amount,
        cast(
            case when count(*) filter (where is_won) = 0 then 0
                else sum(reporting_amount) filter (where is_won) end as decimal(28, 6)
        ) as won_amount,
        percentile_cont(0.5) within group (
            order by case when is_won then cast(reporting_amount as double precision) end
        ) as median_deal,
        percentile_cont(0.5) within group (order by case when is_won then cycle_days end)
            as median_cycle_days
    from work.closings as closings
    inner join work.pieces as pieces on closings.piece = pieces.piece
    {by period and scope}
)

select
    {scope label},
    counted.won,
    counted.lost,
    counted.won_without_amount,
    {share close_rate won (counted.won + counted.lost)},
    counted.won_amount,
    ratio(counted.won_amount, counted.won_with_amount) as average_deal,
    counted.median_deal,
    counted.median_cycle_days
from counted
inner join work.periods as periods on counted.period = periods.period
inner join work.scopes as scopes on counted.cell = scopes.cell;

create table work.steps_entered as
select piece, rep, team, origin, 'lead' as step, false as is_skipped,
    prospect is not null as is_gone_on, prospect is null and lost is not null as is_lost,
    case when coalesce(prospect, closed) >= created then coalesce(prospect, closed) - created end
        as seconds
from work.cohorts
union all
select piece, rep, team, origin, 'prospect' as step, is_prospect_skipped as is_skipped,
    opportunity is not null as is_gone_on, opportunity is null and lost is not null as is_lost,
    case when not is_prospect_skipped and coalesce(opportunity, closed) >= prospect
        then coalesce(opportunity, closed) - prospect end as seconds
from work.cohorts
where prospect is not null
union all
select piece, rep, team, origin, 'opportunity' as step, is_opportunity_skipped as is_skipped,
    won is not null as is_gone_on, won is null and lost is not null as is_lost,
    case when not is_opportunity_skipped and coalesce(won, closed) >= opportunity
        then coalesce(won, closed) - opportunity end as seconds
from work.cohorts
where opportunity is not null;

create table marts.kpi_funnel as
with by_piece as (
    select
        piece,
        rep,
        team,
        origin,
        step,
        count(*) as entered,
        count(*) filter (where is_gone_on) as went_on,
        count(*) filter (where is_lost) as lost,
        count(*) filter (where is_skipped) as skipped
    from work.steps_entered
    group by piece, rep, team, origin, step
),

counted as (
    select
        {scope columns},
        step,
        {sums of entered went_on lost skipped}
    from by_piece
    inner join work.pieces as pieces on by_piece.piece = pieces.piece
    {by period, scope and step}
),

medians as (
    select
        {scope columns},
        step,
        percentile_cont(0.5) within group (order by seconds) / 86400.0 as median_days
    from work.steps_entered as entered
    inner join work.pieces as pieces on entered.piece = pieces.piece
    where seconds is not null
    {by period, scope and step}
)

select
    {scope label},
    counted.step,
    counted.entered,
    counted.went_on,
    counted.lost,
    counted.entered - counted.went_on - counted.lost as still_there,
    counted.skipped,
    {share conversion went_on entered},
    medians.median_days
from counted
left join medians
    on counted.period = medians.period
    and counted.cell = medians.cell
    and counted.step = medians.step
inner join work.periods as periods on counted.period = periods.period
inner join work.scopes as scopes on counted.cell = scopes.cell;

create table marts.kpi_rep_profile as
with sides as (
    select rep, team, 'opener' as side, origin,
        count(*) as entered, count(prospect) as converted
    from work.cohorts
    where (select moment from work.as_of) - created < 86400 * 365
    group by rep, team, origin
    union all
    select rep, team, 'closer' as side, origin,
        count(*) as entered, count(*) filter (where is_won) as converted
    from work.closings
    where (select moment from work.as_of) - closed < 86400 * 365
    group by rep, team, origin
),

rated_sources as (
    select
        *,
        cast(ratio(
            sum(converted) over (partition by side, team, origin),
            sum(entered) over (partition by side, team, origin)
        ) as decimal(18, 12)) as source_rate
    from sides
),

counted as (
    select
        rep,
        side,
        cast(sum(entered) as bigint) as entered,
        cast(sum(converted) as bigint) as converted,
        sum(entered * source_rate) as expected_converted
    from rated_sources
    where rep is not null
    group by rep, side
),

rated as (
    select
        counted.*,
        ratio(converted, entered) as observed_rate,
        wilson(converted, entered, -1) as observed_low,
        wilson(converted, entered, 1) as observed_high,
        ratio(expected_converted, entered) as expected_rate
    from counted
)

select
    {rep id of rated.rep} as rep_id,
    rated.side,
    rated.entered,
    rated.converted,
    rated.observed_rate,
    rated.observed_low,
    rated.observed_high,
    rated.expected_rate,
    ratio(rated.converted, rated.expected_converted) as index,
    case
        when rated.observed_low > rated.expected_rate then 'strong'
        when rated.observed_high < rated.expected_rate then 'weak'
        when rated.observed_low >= rated.expected_rate * 0.9
            and rated.observed_high <= rated.expected_rate * 1.1 then 'as expected'
        else 'not enough data'
    end as verdict
from rated;
