-- Longer than most: a step of one long script, and no model.
-- Use of collateral. Leads are counted once a period and scope: first by rep, then by team, then
-- for all, each from the rows of the one before.

create table work.leads_worked as
select
    calendar.piece,
    worked.rep,
    worked.lead,
    max(worked.origin) as origin,
    bool_or(worked.is_sent) as is_sent
from (
    select started // 86400 as day, rep, origin, lead, false as is_sent
    from work.touches
    where exclusion is null and lead is not null and not is_automated
    union all
    select occurred // 86400 as day, rep, origin, lead, true as is_sent
    from work.events_matched
    where not is_excluded and happening = 'sent' and lead is not null
) as worked
inner join work.calendar as calendar on worked.day = calendar.day
group by calendar.piece, worked.rep, worked.lead;

create table work.leads_by_rep as
select
    pieces.period,
    worked.rep,
    coalesce(max(reps.team), 0) as team,
    worked.lead,
    max(worked.origin) as origin,
    bool_or(worked.is_sent) as is_sent
from work.leads_worked as worked
inner join work.pieces as pieces on worked.piece = pieces.piece
left join work.reps as reps on worked.rep = reps.rep
group by pieces.period, worked.rep, worked.lead;

create table work.leads_by_team as
select
    period,
    team,
    lead,
    max(origin) as origin,
    bool_or(is_sent) as is_sent
from work.leads_by_rep
group by period, team, lead;

create table work.leads_of_all as
select
    period,
    lead,
    max(origin) as origin,
    bool_or(is_sent) as is_sent
from work.leads_by_team
group by period, lead;

create table work.leads_counted as
select period, {cell of 'rep'} as cell, count(*) as leads_worked,
    count(*) filter (where is_sent) as leads_sent
from work.leads_by_rep
group by period, rep
union all
select period, {cell of 'team'} as cell, count(*), count(*) filter (where is_sent)
from work.leads_by_team
group by period, team
union all
select period, {cell of 'lead_source'} as cell, count(*), count(*) filter (where is_sent)
from work.leads_of_all
group by period, origin
union all
select period, 0 as cell, count(*), count(*) filter (where is_sent)
from work.leads_of_all
group by period;

drop table work.leads_worked;

drop table work.leads_by_rep;

drop table work.leads_by_team;

drop table work.leads_of_all;

-- A completed contact within 14 days: of the lead's first one after the send or the refusal.
create table work.sends_after_refusal as
select
    events.event,
    coalesce(min(touches.started) <= min(events.occurred) + 1209600, false) as is_reengaged
from work.events_matched as events
left join work.touches as touches
    on events.lead = touches.lead
    and touches.contact_number is not null
    and touches.started > events.occurred
where events.happening = 'sent' and events.is_after_refusal
group by events.event;

create table work.refusals_alone as
with answered as (
    select distinct refusals.refusal
    from work.refusals as refusals
    inner join work.events_matched as sends
        on refusals.lead = sends.lead
        and sends.happening = 'sent'
        and sends.occurred > refusals.refused
        and sends.occurred <= refusals.refused + 1209600
),

alone as (
    select *
    from work.refusals as refusals
    where not is_excluded
        and not exists (select 1 from answered where answered.refusal = refusals.refusal)
)

select
    alone.refusal,
    min(alone.refused) as refused,
    min(alone.rep) as rep,
    min(alone.origin) as origin,
    coalesce(min(touches.started) <= min(alone.refused) + 1209600, false) as is_reengaged
from alone
left join work.touches as touches
    on alone.lead = touches.lead
    and touches.contact_number is not null
    and touches.started > alone.refused
group by alone.refusal;

create table work.in_force as
select
    last_days.period,
    collateral.item
from (
    select
        pieces.period,
        least(
            max(calendar.on_date), (select date '1970-01-01' + moment // 86400 from work.as_of)
        ) as last_day
    from work.pieces as pieces
    inner join work.calendar as calendar on pieces.piece = calendar.piece
    group by pieces.period
) as last_days
inner join work.collateral as collateral
    on coalesce(collateral.published_on <= last_days.last_day, true)
    and coalesce(collateral.retired_on > last_days.last_day, true);

create table work.items_used as
with sent as (
    select distinct
        calendar.piece,
        events.rep,
        coalesce(reps.team, 0) as team,
        events.origin,
        events.item
    from work.events_matched as events
    inner join work.calendar as calendar on events.occurred // 86400 = calendar.day
    left join work.reps as reps on events.rep = reps.rep
    where events.happening = 'sent' and not events.is_excluded
),

in_scopes as (
    select
        {scope columns},
        item
    from sent
    inner join work.pieces as pieces on sent.piece = pieces.piece
    {by period, scope and item}
)

select
    in_scopes.period,
    in_scopes.cell,
    count(*) as items_used
from in_scopes
inner join work.in_force as in_force
    on in_scopes.period = in_force.period and in_scopes.item = in_force.item
group by in_scopes.period, in_scopes.cell;

create table marts.kpi_collateral_usage as
with by_piece as (
    select calendar.piece, events.rep, coalesce(reps.team, 0) as team, events.origin,
        count(*) filter (where events.happening = 'sent') as sends,
        count(*) filter (where events.happening = 'opened') as opens,
        count(after.event) as sends_after_refusal,
        count(*) filter (where after.is_reengaged) as reengaged,
        0 as refusals_without_send,
        0 as reengaged_without
    from work.events_matched as events
    inner join work.calendar as calendar on events.occurred // 86400 = calendar.day
    left join work.reps as reps on events.rep = reps.rep
    left join work.sends_after_refusal as after on events.event = after.event
    where not events.is_excluded
    group by calendar.piece, events.rep, coalesce(reps.team, 0), events.origin
    union all
    select calendar.piece, refusals.rep, coalesce(reps.team, 0), refusals.origin,
        0, 0, 0, 0, count(*),
        count(*) filter (where refusals.is_reengaged)
    from work.refusals_alone as refusals
    inner join work.calendar as calendar on refusals.refused // 86400 = calendar.day
    left join work.reps as reps on refusals.rep = reps.rep
    group by calendar.piece, refusals.rep, coalesce(reps.team, 0), refusals.origin
),

happened as (
    select
        {scope columns},
        {sums of
            sends opens sends_after_refusal reengaged refusals_without_send reengaged_without
        }
    from by_piece
    inner join work.pieces as pieces on by_piece.piece = pieces.piece
    {by period and scope}
),

cells as (
    select period, cell from work.leads_counted
    union
    select period, cell from happened
),

items_in_force as (
    select period, count(*) as items_in_force
    from work.in_force
    group by period
),

counted as (
    select
        cells.*,
        coalesce(leads.leads_worked, 0) as leads_worked,
        coalesce(leads.leads_sent, 0) as leads_sent,
        coalesce(items_used.items_used, 0) as items_used,
        coalesce(items_in_force.items_in_force, 0) as items_in_force,
        coalesce(happened.sends, 0) as sends,
        coalesce(happened.opens, 0) as opens,
        coalesce(happened.sends_after_refusal, 0) as sends_after_refusal,
        coalesce(happened.reengaged, 0) as reengaged,
        coalesce(happened.refusals_without_send, 0) as refusals_without_send,
        coalesce(happened.reengaged_without, 0) as reengaged_without
    from cells
    left join items_in_force on cells.period = items_in_force.period
    left join work.leads_counted as leads
        on cells.period = leads.period and cells.cell = leads.cell
    left join work.items_used as items_used
        on cells.period = items_used.period and cells.cell = items_used.cell
    left join happened on cells.period = happened.period and cells.cell = happened.cell
)

select
    {scope label},
    counted.leads_worked,
    counted.leads_sent,
    {share share_leads_sent leads_sent leads_worked},
    counted.items_used,
    counted.items_in_force,
    {share share_items_used items_used items_in_force},
    counted.sends,
    counted.opens,
    counted.sends_after_refusal,
    counted.reengaged,
    counted.refusals_without_send,
    counted.reengaged_without,
    {share share_reengaged reengaged sends_after_refusal},
    {share share_reengaged_without reengaged_without refusals_without_send}
from counted
inner join work.periods as periods on counted.period = periods.period
inner join work.scopes as scopes on counted.cell = scopes.cell;

create table marts.kpi_collateral_items as
with used as (
    select
        item,
        count(*) filter (where happening = 'sent') as sends,
        count(distinct rep) filter (where happening = 'sent') as reps,
        count(distinct lead) filter (where happening = 'sent') as leads,
        count(*) filter (where happening = 'opened') as opens,
        max(occurred) filter (where happening = 'sent') as last_sent
    from work.events_matched
    where not is_excluded
    group by item
),

followed as (
    select
        events.item,
        count(distinct events.lead) as wins_after
    from work.events_matched as events
    inner join work.lead_facts as leads on events.lead = leads.lead
    where events.happening = 'sent'
        and not events.is_excluded
        and leads.exclusion is null
        and leads.won > events.occurred
    group by events.item
),

today as (
    select moment, date '1970-01-01' + moment // 86400 as on_date from work.as_of
)

select
    'files:B' || lpad(cast(collateral.item as varchar), 4, '0') as collateral_id,
    collateral.title,
    collateral.kind,
    coalesce(used.sends, 0) as sends,
    coalesce(used.reps, 0) as reps,
    coalesce(used.leads, 0) as leads,
    coalesce(used.opens, 0) as opens,
    coalesce(followed.wins_after, 0) as wins_after,
    moment_of(used.last_sent) as last_sent_at,
    coalesce(collateral.published_on <= today.on_date, true)
    and coalesce(collateral.retired_on > today.on_date, true) as is_in_force,
    coalesce(collateral.published_on <= today.on_date, true)
    and coalesce(collateral.retired_on > today.on_date, true)
    and coalesce(
        today.moment - used.last_sent >= 86400 * 90,
        today.on_date - collateral.published_on >= 90,
        true
    ) as is_forgotten
from work.collateral as collateral
cross join today
left join used on collateral.item = used.item
left join followed on collateral.item = followed.item;
