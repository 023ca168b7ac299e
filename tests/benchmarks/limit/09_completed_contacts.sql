-- Longer than most: a step of one long script, and no model.
-- How many contacts a lead gets, and what one more of them is worth.

create table work.chances as
with reached as (
    select
        coalesce(contacts_to_win, completed_contacts) as contacts,
        count(*) as leads,
        count(won) as wins
    from work.cohorts
    group by coalesce(contacts_to_win, completed_contacts)
)

select
    contacts,
    cast(
        ratio(
            sum(wins) over (order by contacts desc) - wins, sum(leads) over (order by contacts desc)
        ) as decimal(18, 12)
    ) as chance_later
from reached;

-- A grain at a time: what a median is taken of lies in memory.
create table work.gaps as
select
    cohorts.piece,
    cohorts.rep,
    cohorts.team,
    cohorts.origin,
    touches.gap
from work.touches as touches
inner join work.cohorts as cohorts on touches.lead = cohorts.lead
where touches.gap is not null;

create table work.median_gaps as
select
    {scope columns},
    percentile_cont(0.5) within group (order by gap) / 3600.0 as median_gap_hours
from work.gaps as gaps
inner join work.pieces as pieces
    on gaps.piece = pieces.piece and pieces.grain = 1
{by period and scope};

insert into work.median_gaps
select
    {scope columns},
    percentile_cont(0.5) within group (order by gap) / 3600.0 as median_gap_hours
from work.gaps as gaps
inner join work.pieces as pieces
    on gaps.piece = pieces.piece and pieces.grain = 2
{by period and scope};

insert into work.median_gaps
select
    {scope columns},
    percentile_cont(0.5) within group (order by gap) / 3600.0 as median_gap_hours
from work.gaps as gaps
inner join work.pieces as pieces
    on gaps.piece = pieces.piece and pieces.grain = 3
{by period and scope};

drop table work.gaps;

create table marts.kpi_completed_contacts as
with by_piece as (
    select
        cohorts.piece,
        cohorts.rep,
        cohorts.team,
        cohorts.origin,
        count(*) as leads,
        sum(cohorts.attempts) as attempts,
        sum(cohorts.completed_contacts) as completed_contacts,
        count(cohorts.won) as wins,
        count(*) filter (where cohorts.contacts_to_win = 0) as wins_at_contact_0,
        count(*) filter (where cohorts.contacts_to_win = 1) as wins_at_contact_1,
        count(*) filter (where cohorts.contacts_to_win = 2) as wins_at_contact_2,
        count(*) filter (where cohorts.contacts_to_win = 3) as wins_at_contact_3,
        count(*) filter (where cohorts.contacts_to_win = 4) as wins_at_contact_4,
        count(*) filter (where cohorts.contacts_to_win >= 5) as wins_at_contact_5_plus,
        count(*) filter (where cohorts.is_gave_up_early) as gave_up_early,
        coalesce(sum(chances.chance_later) filter (where cohorts.is_gave_up_early), 0)
            as gave_up_early_wins,
        count(*) filter (where cohorts.is_burst) as burst_leads
    from work.cohorts as cohorts
    left join work.chances as chances on cohorts.completed_contacts = chances.contacts
    group by cohorts.piece, cohorts.rep, cohorts.team, cohorts.origin
),

counted as (
    select
        {scope columns},
        {sums of
            leads attempts completed_contacts wins wins_at_contact_0 wins_at_contact_1
            wins_at_contact_2 wins_at_contact_3 wins_at_contact_4 wins_at_contact_5_plus
            gave_up_early burst_leads
        },
        cast(sum(gave_up_early_wins) as decimal(18, 6)) as gave_up_early_wins
    from by_piece
    inner join work.pieces as pieces on by_piece.piece = pieces.piece
    {by period and scope}
),

worth as (
    select ratio(sum(reporting_amount), count(reporting_amount)) as average_deal
    from work.closings
    where is_won
)

select
    {scope label},
    counted.leads,
    counted.attempts,
    counted.completed_contacts,
    ratio(counted.completed_contacts, counted.leads) as contacts_per_lead,
    counted.wins,
    counted.wins_at_contact_0,
    counted.wins_at_contact_1,
    counted.wins_at_contact_2,
    counted.wins_at_contact_3,
    counted.wins_at_contact_4,
    counted.wins_at_contact_5_plus,
    {share share_wins_first_contact wins_at_contact_1 wins},
    {share share_wins_second_contact wins_at_contact_2 wins},
    {share share_wins_third_contact wins_at_contact_3 wins},
    {share share_wins_fourth_contact wins_at_contact_4 wins},
    {share share_wins_fifth_plus wins_at_contact_5_plus wins},
    counted.gave_up_early,
    cast(counted.gave_up_early_wins * worth.average_deal as decimal(18, 2)) as gave_up_early_worth,
    counted.burst_leads,
    gaps.median_gap_hours
from counted
cross join worth
left join work.median_gaps as gaps
    on counted.period = gaps.period and counted.cell = gaps.cell
inner join work.periods as periods on counted.period = periods.period
inner join work.scopes as scopes on counted.cell = scopes.cell;

create table marts.kpi_touch_hazard as
with ended as (
    select
        rep,
        team,
        origin,
        coalesce(contacts_to_win, completed_contacts) as contacts,
        count(*) as leads,
        count(won) as won,
        count(*) filter (where is_given_up) as given_up
    from work.cohorts
    group by rep, team, origin, coalesce(contacts_to_win, completed_contacts)
),

counted as (
    select
        {scope columns without period},
        contacts,
        {sums of leads won given_up}
    from ended
    {by scope and contacts}
),

numbers as (
    select
        cell,
        unnest(generate_series(1, max(contacts))) as contact_number
    from counted
    group by cell
    having max(contacts) > 0
),

numbered as (
    select
        numbers.*,
        coalesce(counted.leads, 0) as leads,
        coalesce(counted.won, 0) as won_at,
        coalesce(counted.given_up, 0) as gave_up_after
    from numbers
    left join counted
        on numbers.cell = counted.cell and numbers.contact_number = counted.contacts
),

summed as (
    select
        *,
        cast(sum(leads) over at_or_beyond as bigint) as reached,
        cast(sum(won_at) over at_or_beyond as bigint) - won_at as won_later
    from numbered
    window at_or_beyond as (partition by cell order by contact_number desc)
)

select
    {scope label without period},
    counted.contact_number,
    counted.reached,
    counted.won_at,
    counted.reached - counted.leads as went_on,
    counted.gave_up_after,
    counted.leads - counted.won_at - counted.gave_up_after as still_open,
    {share chance_at won_at reached},
    {share chance_later won_later reached}
from summed as counted
inner join work.scopes as scopes on counted.cell = scopes.cell;
