-- Longer than most: a step of one long script, and no model.
-- What the KPIs of KPIS.md 3 count. First by rep, lead source and piece (a week within a month), in
-- one pass over a fact; weeks, months, quarters and scopes are then sums over some ten thousand
-- rows. Only medians, distinct leads and the survival curves have to look at the rows again.

create table work.touch_counts as
select
    calendar.piece,
    touches.rep,
    coalesce(reps.team, 0) as team,
    touches.origin,
    count(*) as touches_all,
    count(touches.lead) as touches,
    count(*) filter (where touches.lead is not null and touches.is_completed)
        as completed_contacts,
    count(*) filter (
        where touches.lead is not null and touches.channel = 1 and touches.direction = 1
    ) as outbound_calls,
    count(*) filter (
        where touches.lead is not null and touches.channel = 1 and touches.direction = 1
            and touches.is_completed
    ) as completed_outbound_calls,
    coalesce(sum(touches.talk) filter (where touches.lead is not null and touches.channel = 1), 0)
        as talk_seconds,
    count(*) filter (
        where touches.lead is not null and touches.channel = 1 and touches.direction = 2
    ) as inbound_calls,
    count(*) filter (
        where touches.lead is not null and touches.channel = 1 and touches.direction = 2
            and not touches.is_answered
    ) as missed_inbound_calls,
    count(*) filter (
        where touches.lead is not null and touches.channel = 1 and touches.direction = 1
            and touches.is_new_customer
    ) as outreach_calls,
    count(*) filter (
        where touches.lead is not null and touches.channel = 2 and touches.direction = 1
            and touches.is_new_customer
    ) as outreach_emails
from work.touches as touches
inner join work.calendar as calendar on touches.started // 86400 = calendar.day
left join work.reps as reps on touches.rep = reps.rep
where touches.exclusion is null and not touches.is_automated
group by calendar.piece, touches.rep, coalesce(reps.team, 0), touches.origin;

create table work.cohorts as
select
    facts.*,
    calendar.piece,
    facts.first_owner as rep,
    coalesce(reps.team, 0) as team
from work.lead_facts as facts
inner join work.calendar as calendar on facts.created // 86400 = calendar.day
left join work.reps as reps on facts.first_owner = reps.rep
where facts.exclusion is null;

create table work.closings as
select
    facts.*,
    calendar.piece,
    facts.closer as rep,
    coalesce(reps.team, 0) as team,
    facts.funnel_step = 'won' as is_won,
    case when facts.closed >= facts.created then (facts.closed - facts.created) / 86400.0 end
        as cycle_days
from work.deal_facts as facts
inner join work.calendar as calendar on facts.closed // 86400 = calendar.day
left join work.reps as reps on facts.closer = reps.rep
where facts.exclusion is null and facts.funnel_step in ('won', 'lost');

create table marts.kpi_contact_ratio as
with together as (
    select piece, rep, team, origin, outreach_calls, outreach_emails, 0 as prospects,
        0 as new_contracts
    from work.touch_counts
    where outreach_calls + outreach_emails > 0
    union all
    select calendar.piece, cohorts.rep, cohorts.team, cohorts.origin, 0, 0, count(*), 0
    from work.cohorts as cohorts
    inner join work.calendar as calendar on cohorts.prospect // 86400 = calendar.day
    group by calendar.piece, cohorts.rep, cohorts.team, cohorts.origin
    union all
    select piece, rep, team, origin, 0, 0, 0, count(*)
    from work.closings
    where is_new_contract
    group by piece, rep, team, origin
),

counted as (
    select
        {scope columns},
        cast(sum(outreach_calls) as bigint) as outreach_calls,
        cast(sum(outreach_emails) as bigint) as outreach_emails,
        cast(sum(outreach_calls + outreach_emails) as bigint) as outreach_touches,
        cast(sum(prospects) as bigint) as prospects,
        cast(sum(new_contracts) as bigint) as new_contracts
    from together
    inner join work.pieces as pieces on together.piece = pieces.piece
    {by period and scope}
)

select
    {scope label},
    outreach_calls,
    outreach_emails,
    outreach_touches,
    prospects,
    new_contracts,
    ratio(outreach_touches, new_contracts) as touches_per_contract,
    ratio(1000 * prospects, outreach_calls) as prospects_per_1000_calls,
    ratio(1000 * new_contracts, outreach_calls) as contracts_per_1000_calls
from counted
inner join work.periods as periods on counted.period = periods.period
inner join work.scopes as scopes on counted.cell = scopes.cell;

create table marts.kpi_contact_ratio_cohort as
with contracts as (
    select lead, count(*) as new_contracts
    from work.deal_facts
    where is_new_contract and exclusion is null
    group by lead
),

by_piece as (
    select
        cohorts.piece,
        cohorts.rep,
        cohorts.team,
        cohorts.origin,
        count(*) as leads,
        max(cohorts.created) as youngest,
        sum(cohorts.outreach_calls) as outreach_calls,
        sum(cohorts.outreach_emails) as outreach_emails,
        count(cohorts.prospect) as prospects,
        sum(coalesce(contracts.new_contracts, 0)) as new_contracts
    from work.cohorts as cohorts
    left join contracts on cohorts.lead = contracts.lead
    group by cohorts.piece, cohorts.rep, cohorts.team, cohorts.origin
),

counted as (
    select
        {scope columns},
        cast(sum(leads) as bigint) as leads,
        max(youngest) as youngest,
        cast(sum(outreach_calls) as bigint) as outreach_calls,
        cast(sum(outreach_emails) as bigint) as outreach_emails,
        cast(sum(outreach_calls + outreach_emails) as bigint) as outreach_touches,
        cast(sum(prospects) as bigint) as prospects,
        cast(sum(new_contracts) as bigint) as new_contracts
    from by_piece
    inner join work.pieces as pieces on by_piece.piece = pieces.piece
    {by period and scope}
),

slowest as (
    select percentile_cont(0.9) within group (order by won - created) as seconds_to_contract
    from work.cohorts
    where (select moment from work.as_of) - won < 86400 * 365
)

select
    {scope label},
    leads,
    outreach_calls,
    outreach_emails,
    outreach_touches,
    prospects,
    new_contracts,
    ratio(outreach_touches, new_contracts) as touches_per_contract,
    ratio(1000 * prospects, outreach_calls) as prospects_per_1000_calls,
    ratio(1000 * new_contracts, outreach_calls) as contracts_per_1000_calls,
    coalesce(
        (select moment from work.as_of) - counted.youngest > slowest.seconds_to_contract, false
    ) as is_mature
from counted
cross join slowest
inner join work.periods as periods on counted.period = periods.period
inner join work.scopes as scopes on counted.cell = scopes.cell;

