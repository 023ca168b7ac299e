-- Longer than most: a step of one long script, and no model.
-- Leads with their answers, deals with their money, events: and the facts as analysts see them.

create table work.clocks as
with calls_that_asked as (
    select
        leads.lead,
        min(touches.started) as called
    from work.leads_resolved as leads
    inner join work.touches as touches on leads.lead = touches.lead
    where leads.is_inquiry
        and leads.is_by_call
        and touches.channel = 1
        and touches.direction = 2
        and not touches.is_automated
        and touches.exclusion is null
        and abs(touches.started - leads.inquired) <= 1800
    group by leads.lead
)

select
    leads.lead,
    coalesce(calls.called, leads.inquired) as started,
    case when leads.is_inquiry then coalesce(calls.called, leads.inquired) - 1800 else 0 end
        as counts_from,
    steps.won
from work.leads_resolved as leads
inner join work.lead_steps as steps on leads.lead = steps.lead
left join calls_that_asked as calls on leads.lead = calls.lead;

create table work.leads_touched as
select
    touches.lead,
    count(*) filter (
        where touches.direction = 1 and not touches.is_completed and not touches.is_automated
    ) as attempts,
    count(*) filter (where touches.is_completed) as completed_contacts,
    count(*) filter (where touches.is_completed and touches.started <= clocks.won)
        as contacts_to_win,
    max(touches.started) filter (where not touches.is_automated) as last_touch,
    bool_or(touches.is_burst) as is_burst,
    count(*) filter (
        where touches.channel = 1 and touches.direction = 1
            and touches.is_new_customer and not touches.is_automated
    ) as outreach_calls,
    count(*) filter (
        where touches.channel = 2 and touches.direction = 1
            and touches.is_new_customer and not touches.is_automated
    ) as outreach_emails,
    min(touches.started) filter (
        where touches.attempt_number is not null and touches.started >= clocks.counts_from
    ) as answered,
    min(touches.started) filter (
        where touches.attempt_number is not null
            and touches.direction = 1
            and touches.started >= clocks.counts_from
    ) as first_attempt,
    min(touches.started) filter (
        where touches.attempt_number is not null
            and touches.is_completed
            and touches.started >= clocks.counts_from
    ) as first_contact
from work.touches as touches
inner join work.clocks as clocks on touches.lead = clocks.lead
where touches.exclusion is null
group by touches.lead;

-- Seconds that a team had worked before a day, and what it works on it: one interval a UTC day, as
-- these hours are.
create table work.worked as
with teams as (
    select distinct team from work.working_days
),

every_day as (
    select
        teams.team,
        days.day,
        max(hours.opens) as opens,
        max(hours.closes) as closes
    from teams
    cross join work.calendar as days
    left join work.working_days as hours on teams.team = hours.team and days.day = hours.day
    group by teams.team, days.day
)

select
    team,
    day,
    opens,
    closes,
    coalesce(sum(closes - opens) over (
        partition by team order by day rows between unbounded preceding and 1 preceding
    ), 0) as before
from every_day;

create table work.leads_answered as
with timed as (
    select
        leads.lead,
        leads.is_inquiry,
        coalesce(teams.team, '*') as team,
        clocks.started,
        touched.answered,
        steps.closed,
        greatest(
            coalesce(touched.answered, steps.closed, (select moment from work.as_of)),
            clocks.started
        ) as waited_until
    from work.leads_resolved as leads
    inner join work.clocks as clocks on leads.lead = clocks.lead
    inner join work.lead_steps as steps on leads.lead = steps.lead
    left join work.leads_touched as touched on leads.lead = touched.lead
    left join work.reps as reps on leads.first_owner = reps.rep
    left join (select distinct team from work.working_days) as teams on reps.team_name = teams.team
)

select
    timed.lead,
    case
        when not timed.is_inquiry then 'not_an_inquiry'
        when timed.answered is not null then 'responded'
        when timed.closed is not null then 'never'
        else 'pending'
    end as response_status,
    timed.waited_until - timed.started as waited,
    ends.before + greatest(least(timed.waited_until, ends.closes) - ends.opens, 0)
    - starts.before - greatest(least(timed.started, starts.closes) - starts.opens, 0) as worked,
    coalesce(timed.answered >= answers.opens and timed.answered < answers.closes, false)
        as is_in_hours
from timed
left join work.worked as starts
    on timed.team = starts.team and timed.started // 86400 = starts.day
left join work.worked as ends
    on timed.team = ends.team and timed.waited_until // 86400 = ends.day
left join work.worked as answers
    on timed.team = answers.team and timed.answered // 86400 = answers.day;

create table work.lead_facts as
with described as (
    select
        leads.*,
        clocks.started as clock_started,
        touched.first_attempt,
        touched.first_contact,
        answered.response_status,
        case when answered.response_status = 'responded' then answered.waited end
            as response_seconds,
        case
            when answered.response_status = 'responded'
                and not (not answered.is_in_hours and answered.worked = 0)
                then answered.worked
        end as business_response_seconds,
        case when answered.response_status in ('pending', 'never') then answered.waited end
            as waiting_seconds,
        steps.prospect,
        steps.opportunity,
        steps.won,
        steps.lost,
        steps.closed,
        case
            when steps.won is not null then 'won'
            when steps.lost is not null then 'lost'
            when steps.opportunity is not null then 'opportunity'
            when steps.prospect is not null then 'prospect'
            else 'lead'
        end as funnel_step,
        steps.is_prospect_skipped,
        steps.is_opportunity_skipped,
        coalesce(touched.attempts, 0) as attempts,
        coalesce(touched.completed_contacts, 0) as completed_contacts,
        case when steps.won is not null then coalesce(touched.contacts_to_win, 0) end
            as contacts_to_win,
        coalesce(touched.is_burst, false) as is_burst,
        touched.last_touch,
        coalesce(touched.outreach_calls, 0) as outreach_calls,
        coalesce(touched.outreach_emails, 0) as outreach_emails,
        case
            when steps.lost is not null then true
            when steps.won is not null then false
            else (select moment from work.as_of) - coalesce(touched.last_touch, leads.created)
                >= 86400 * 30
        end as is_given_up
    from work.leads_resolved as leads
    inner join work.lead_steps as steps on leads.lead = steps.lead
    inner join work.clocks as clocks on leads.lead = clocks.lead
    inner join work.leads_answered as answered on leads.lead = answered.lead
    left join work.leads_touched as touched on leads.lead = touched.lead
)

select
    *,
    is_given_up and completed_contacts < 5 as is_gave_up_early
from described;

create table work.deal_facts as
with converted as (
    select
        deals.*,
        cast(case when deals.currency = 'USD' then deals.amount
            else deals.amount * rates.rate end as decimal(28, 6)) as reporting_amount
    from work.deals_resolved as deals
    left join work.rates as rates
        on deals.currency = rates.currency
        and coalesce(deals.closed, (select moment from work.as_of)) // 86400 = rates.day
),

wins as (
    select
        deal,
        row_number() over (partition by customer order by closed, deal) as win_number
    from work.deals_resolved
    where funnel_step = 'won' and exclusion is null
)

select
    converted.*,
    coalesce(wins.win_number = 1 and converted.customer is not null, false) as is_new_contract
from converted
left join wins on converted.deal = wins.deal;

-- A refusal: the lead, or one of its deals, became lost; from one lost stage to another is none.
create table work.refusals as
with lead_losses as (
    select distinct events.lead, events.place, events.changed
    from work.lead_events as events
    where events.is_lost
),

-- Only where there is more than one loss it matters what lies between them.
many as (
    select lead from lead_losses group by lead having count(*) > 1
),

compared as (
    select
        lead,
        changed,
        is_lost,
        lag(is_lost) over (partition by lead order by place) as was_lost
    from (
        select distinct lead, place, changed, is_lost
        from work.lead_events
        where lead in (select lead from many)
            and (is_lost or step_rank is not null)
    ) as events
),

of_leads as (
    select lead, changed
    from lead_losses
    where lead not in (select lead from many)
    union all
    select lead, changed from compared where is_lost and not coalesce(was_lost, false)
),

deals_compared as (
    select
        deal,
        changed,
        funnel_step,
        lag(funnel_step) over (partition by deal order by place) as step_before
    from (select distinct deal, place, changed, funnel_step from work.deal_events) as events
),

of_deals as (
    select
        losses.deal,
        losses.changed,
        coalesce(
            max(cast(changes.changed as bigint) * 65536 + changes.owner)
                filter (where changes.changed <= losses.changed),
            min(cast(changes.changed as bigint) * 65536 + changes.owner)
        ) % 65536 as owner
    from deals_compared as losses
    left join work.owner_changes as changes
        on losses.deal = changes.object and changes.is_of_deal = 1
    where losses.funnel_step = 'lost' and coalesce(losses.step_before, '') <> 'lost'
    group by losses.deal, losses.changed
),

together as (
    select
        of_leads.lead,
        of_leads.changed,
        leads.first_owner as rep
    from of_leads
    inner join work.leads_resolved as leads on of_leads.lead = leads.lead
    union all
    select
        deals.lead,
        of_deals.changed,
        coalesce(cast(of_deals.owner as smallint), deals.owner) as rep
    from of_deals
    inner join work.deals_resolved as deals on of_deals.deal = deals.deal
    where deals.lead is not null and deals.own_exclusion is null
)

select
    row_number() over () as refusal,
    together.lead,
    together.changed as refused,
    together.rep,
    leads.origin,
    leads.exclusion is not null as is_excluded
from together
inner join work.leads_resolved as leads on together.lead = leads.lead;

create table work.events_matched as
with linked as (
    select
        events.event,
        events.item,
        events.happening,
        events.occurred,
        coalesce(events.rep, touches.rep) as rep,
        coalesce(odd.survivor, contacts.contact) as contact,
        deals.survivor as deal,
        coalesce(leads.survivor, deals.lead, touches.lead, choices.lead) as lead
    from work.events as events
    left join work.touches_together as touches
        on events.activity = touches.touch and touches.source <> 3
    left join work.choices as choices on touches.touch = choices.touch
    left join work.contacts_resolved as contacts
        on events.contact = contacts.contact and not contacts.is_deleted
    left join work.odd_contacts as odd on contacts.contact = odd.contact
    left join work.lead_info as leads on events.lead = leads.lead
    left join work.deal_info as deals on events.deal = deals.deal
),

candidates as (
    select
        linked.event,
        linked.occurred,
        linked.rep,
        leads.lead,
        leads.owner,
        cast(leads.created as bigint) * 2147483648 + 2147483647 - leads.lead as place
    from linked
    inner join work.open_leads as leads on linked.contact = leads.contact
    where linked.lead is null
        and leads.created <= linked.occurred + 1800
        and leads.closed >= linked.occurred
),

counted as (
    select event, count(*) as leads, max(place) as place from candidates group by event
),

owned as (
    select
        candidates.event,
        candidates.place,
        coalesce(
            coalesce(
                cast(coalesce(
                    max(cast(changes.changed as bigint) * 65536 + changes.owner)
                        filter (where changes.changed <= candidates.occurred),
                    min(cast(changes.changed as bigint) * 65536 + changes.owner)
                ) % 65536 as smallint),
                max(candidates.owner)
            ) = max(candidates.rep),
            false
        ) as is_own
    from candidates
    inner join counted on candidates.event = counted.event and counted.leads > 1
    left join work.owner_changes as changes
        on candidates.lead = changes.object and changes.is_of_deal = 0
    group by candidates.event, candidates.place
),

ranked as (
    select
        *,
        row_number() over (partition by event order by is_own desc, place desc) as choice
    from owned
),

chosen as (
    select event, 2147483647 - place % 2147483648 as lead from counted where leads = 1
    union all
    select event, 2147483647 - place % 2147483648 as lead from ranked where choice = 1
),

matched as (
    select
        linked.event,
        linked.item,
        linked.happening,
        linked.occurred,
        linked.rep,
        coalesce(linked.lead, chosen.lead) as lead,
        linked.deal
    from linked
    left join chosen on linked.event = chosen.event
),

-- What the customer did with an item is the doing of the rep who last sent it to him.
senders as (
    select
        matched.event,
        sends.rep,
        row_number() over (
            partition by matched.event order by sends.occurred desc, sends.event desc
        ) as place
    from matched
    inner join matched as sends
        on matched.lead = sends.lead
        and matched.item = sends.item
        and sends.happening = 'sent'
        and matched.occurred >= sends.occurred
    where matched.rep is null and matched.happening <> 'sent'
),

first_refusals as (
    select lead, min(refused) as refused from work.refusals group by lead
)

select
    matched.event,
    matched.item,
    matched.happening,
    matched.occurred,
    coalesce(matched.rep, senders.rep) as rep,
    matched.lead,
    leads.origin,
    leads.exclusion is not null as is_excluded,
    matched.deal,
    coalesce(first_refusals.refused < matched.occurred, false) as is_after_refusal
from matched
left join senders on matched.event = senders.event and senders.place = 1
left join work.leads_resolved as leads on matched.lead = leads.lead
left join first_refusals on matched.lead = first_refusals.lead;

drop table work.touches_together;

drop table work.choices;
