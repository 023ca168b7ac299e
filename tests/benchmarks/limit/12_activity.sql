-- Longer than most: a step of one long script, and no model.
-- What people do, and what stands open.

create table work.called_back as
select
    calendar.piece,
    missed.rep,
    coalesce(reps.team, 0) as team,
    missed.origin,
    min(back.started) - missed.started as seconds
from work.touches as missed
inner join work.touches as back
    on missed.lead = back.lead
    and back.started >= missed.started
    and back.channel = 1
    and back.direction = 1
    and back.exclusion is null
    and not back.is_automated
inner join work.calendar as calendar on missed.started // 86400 = calendar.day
left join work.reps as reps on missed.rep = reps.rep
where missed.channel = 1
    and missed.direction = 2
    and not missed.is_answered
    and missed.exclusion is null
    and not missed.is_automated
group by
    missed.touch, calendar.piece, missed.rep, coalesce(reps.team, 0), missed.origin,
    missed.started;

create table marts.kpi_activity as
with together as (
    select piece, rep, team, origin, touches, completed_contacts, outbound_calls,
        completed_outbound_calls, talk_seconds, inbound_calls, missed_inbound_calls,
        0 as leads, 0 as untouched_leads
    from work.touch_counts
    where touches > 0
    union all
    select piece, rep, team, origin, 0, 0, 0, 0, 0, 0, 0, count(*),
        count(*) filter (where attempts + completed_contacts = 0)
    from work.cohorts
    group by piece, rep, team, origin
),

counted as (
    select
        {scope columns},
        {sums of
            touches completed_contacts outbound_calls completed_outbound_calls talk_seconds
            inbound_calls missed_inbound_calls leads untouched_leads
        }
    from together
    inner join work.pieces as pieces on together.piece = pieces.piece
    {by period and scope}
),

callbacks as (
    select
        {scope columns},
        count(*) as called_back,
        percentile_cont(0.5) within group (order by seconds) / 3600.0 as median_callback_hours
    from work.called_back as called_back
    inner join work.pieces as pieces on called_back.piece = pieces.piece
    {by period and scope}
),

measured as (
    select
        counted.*,
        coalesce(callbacks.called_back, 0) as called_back,
        callbacks.median_callback_hours
    from counted
    left join callbacks
        on counted.period = callbacks.period and counted.cell = callbacks.cell
)

select
    {scope label},
    counted.touches,
    counted.completed_contacts,
    counted.outbound_calls,
    counted.completed_outbound_calls,
    counted.talk_seconds,
    counted.inbound_calls,
    counted.missed_inbound_calls,
    counted.called_back,
    counted.leads,
    counted.untouched_leads,
    {share connect_rate completed_outbound_calls outbound_calls},
    {share share_missed missed_inbound_calls inbound_calls},
    {share share_called_back called_back missed_inbound_calls},
    {share share_untouched untouched_leads leads},
    counted.median_callback_hours
from measured as counted
inner join work.periods as periods on counted.period = periods.period
inner join work.scopes as scopes on counted.cell = scopes.cell;

-- A deal for which nobody did anything for 14 days. Of a touch that names no deal any of its lead's
-- may be meant.
create table work.pauses as
with deals as (
    select deal, lead, created, closed from work.deal_facts where exclusion is null
),

moments as (
    select deal, created as moment from deals
    union
    select deal, changed as moment from work.deal_events
    union
    select deal, started as moment
    from work.touches
    where attempt_number is not null and deal is not null
    union
    select deals.deal, touches.started as moment
    from work.touches as touches
    inner join deals on touches.lead = deals.lead
    where touches.attempt_number is not null and touches.deal is null
),

followed as (
    select
        moments.deal,
        moments.moment,
        coalesce(
            lead(moments.moment) over (partition by moments.deal order by moments.moment),
            deals.closed
        ) as ended
    from moments
    inner join deals on moments.deal = deals.deal
    where moments.moment >= deals.created
        and (deals.closed is null or moments.moment < deals.closed)
)

select
    deal,
    moment + 1209600 as idle_from,
    ended as idle_until
from followed
where coalesce(ended, (select moment from work.as_of)) - moment >= 1209600;

create table marts.kpi_pipeline as
with owned as (
    select
        deals.deal,
        coalesce(deals.closer, deals.owner) as rep,
        coalesce(reps.team, 0) as team,
        deals.origin,
        deals.created // 86400 as opened_on,
        deals.closed // 86400 as closed_on,
        deals.funnel_step,
        deals.reporting_amount
    from work.deal_facts as deals
    left join work.reps as reps on coalesce(deals.closer, deals.owner) = reps.rep
    where deals.exclusion is null
),

moved as (
    select opened_on as day, rep, team, origin, 1 as opened_deals, 0 as won, 0 as lost,
        0 as won_with_amount, 0 as won_amount, 1 as open_deals,
        coalesce(reporting_amount, 0) as open_amount, 0 as deals_without_next_step
    from owned
    union all
    select closed_on, rep, team, origin, 0, case when funnel_step = 'won' then 1 else 0 end,
        case when funnel_step = 'lost' then 1 else 0 end,
        case when funnel_step = 'won' and reporting_amount is not null then 1 else 0 end,
        case when funnel_step = 'won' then coalesce(reporting_amount, 0) else 0 end, 0, 0, 0
    from owned
    where closed_on is not null
    union all
    select greatest(closed_on, opened_on), rep, team, origin, 0, 0, 0, 0, 0, -1,
        -coalesce(reporting_amount, 0), 0
    from owned
    where closed_on is not null
    union all
    select pauses.idle_from // 86400, owned.rep, owned.team, owned.origin,
        0, 0, 0, 0, 0, 0, 0, 1
    from work.pauses as pauses
    inner join owned on pauses.deal = owned.deal
    union all
    select pauses.idle_until // 86400, owned.rep, owned.team, owned.origin,
        0, 0, 0, 0, 0, 0, 0, -1
    from work.pauses as pauses
    inner join owned on pauses.deal = owned.deal
    where pauses.idle_until is not null
),

by_piece as (
    select
        calendar.piece,
        moved.rep,
        moved.team,
        moved.origin,
        {sums of
            opened_deals won lost won_with_amount open_deals deals_without_next_step
        },
        sum(won_amount) as won_amount,
        sum(open_amount) as open_amount
    from moved
    inner join work.calendar as calendar on moved.day = calendar.day
    group by calendar.piece, moved.rep, moved.team, moved.origin
),

summed as (
    select
        {scope columns},
        {sums of
            opened_deals won lost won_with_amount open_deals deals_without_next_step
        },
        sum(won_amount) as won_amount,
        sum(open_amount) as open_amount
    from by_piece
    inner join work.pieces as pieces on by_piece.piece = pieces.piece
    {by period and scope}
),

every_period as (
    select distinct pieces.period, pieces.grain
    from work.pieces as pieces
    inner join work.calendar as calendar on pieces.piece = calendar.piece
    where calendar.day between
        (select first_day from work.first_day)
        and (select moment // 86400 from work.as_of)
),

quotas as (
    select
        quotas.rep,
        coalesce(reps.team, 0) as team,
        cast(null as smallint) as origin,
        periods.period,
        cast(case when quotas.currency = 'USD' then quotas.amount
            else quotas.amount * rates.rate end as decimal(28, 6)) as reporting_amount
    from work.quotas as quotas
    inner join work.periods as periods
        on (periods.grain = 2 and quotas.month = periods.period_start)
        or (periods.grain = 3
            and cast(date_trunc('quarter', quotas.month) as date) = periods.period_start)
    left join work.quota_rates as rates
        on quotas.currency = rates.currency and quotas.month = rates.month
    left join work.reps as reps on quotas.rep = reps.rep
),

scoped_quotas as (
    select
        {scope columns},
        cast(sum(reporting_amount) as decimal(28, 6)) as quota_amount
    from quotas as pieces
    {by period and scope}
),

-- A quota is a rep's: no lead source has one.
summed_quotas as (
    select scoped_quotas.*
    from scoped_quotas
    inner join every_period on scoped_quotas.period = every_period.period
    where scoped_quotas.cell < 300000
),

cycles as (
    select
        {scope columns},
        percentile_cont(0.5) within group (order by cycle_days) as median_cycle_days
    from work.closings as closings
    inner join work.pieces as pieces on closings.piece = pieces.piece
    where is_won
    {by period and scope}
),

every_scope as (
    select cell from summed
    union
    select cell from summed_quotas
),

standing as (
    select
        every_period.period,
        every_scope.cell,
        coalesce(summed.opened_deals, 0) as opened_deals,
        coalesce(summed.won, 0) as won,
        coalesce(summed.lost, 0) as lost,
        coalesce(summed.won_with_amount, 0) as won_with_amount,
        case
            when coalesce(summed.won, 0) = 0 then cast(0 as decimal(28, 6))
            when summed.won_with_amount > 0 then cast(summed.won_amount as decimal(28, 6))
        end as won_amount,
        cast(coalesce(sum(summed.open_deals) over until_then, 0) as bigint) as open_deals,
        cast(coalesce(sum(summed.deals_without_next_step) over until_then, 0) as bigint)
            as deals_without_next_step,
        cast(coalesce(sum(summed.open_amount) over until_then, 0) as decimal(28, 6))
            as open_amount,
        summed_quotas.quota_amount,
        cycles.median_cycle_days,
        coalesce(summed.period, summed_quotas.period) is not null as is_moving
    from every_period
    cross join every_scope
    left join summed
        on every_period.period = summed.period and every_scope.cell = summed.cell
    left join summed_quotas
        on every_period.period = summed_quotas.period and every_scope.cell = summed_quotas.cell
    left join cycles
        on every_period.period = cycles.period and every_scope.cell = cycles.cell
    window until_then as (
        partition by every_period.grain, every_scope.cell order by every_period.period
    )
),

counted as (
    select
        *,
        ratio(won_amount, won_with_amount) as average_deal
    from standing
    where is_moving or open_deals > 0
)

select
    {scope label},
    counted.opened_deals,
    counted.won,
    counted.lost,
    counted.won_amount,
    counted.won_with_amount,
    counted.open_deals,
    counted.open_amount,
    counted.deals_without_next_step,
    counted.quota_amount,
    {share close_rate won (counted.won + counted.lost)},
    counted.average_deal,
    counted.median_cycle_days,
    counted.open_deals * ratio(counted.won, counted.won + counted.lost) * counted.average_deal
    / nullif(counted.median_cycle_days, 0) as sales_velocity,
    ratio(counted.won_amount, counted.quota_amount) as quota_attainment,
    ratio(counted.open_amount, counted.quota_amount) as pipeline_coverage,
    {share share_without_next_step deals_without_next_step open_deals}
from counted
inner join work.periods as periods on counted.period = periods.period
inner join work.scopes as scopes on counted.cell = scopes.cell;
