-- Longer than most: a step of one long script, and no model.
-- Merges, stages, owners: what became of leads and deals. No window over a history: what decides is
-- a least or a greatest moment, so moment, tie-breaker and answer go into one whole number.

-- Kinds: 0 lead, 1 deal, 2 contact. The end of a chain of merges is what was not merged itself.
create table work.merged as
with recursive merges as (
    select 0 as kind, gone.lead as object, gone.merged_into as heir
    from work.leads as gone
    inner join work.leads as heirs on gone.merged_into = heirs.lead
    union all
    select 1 as kind, gone.deal as object, gone.merged_into as heir
    from work.deals as gone
    inner join work.deals as heirs on gone.merged_into = heirs.deal
    union all
    select 2 as kind, gone.contact as object, gone.merged_into as heir
    from work.contacts as gone
    inner join work.contacts as heirs on gone.merged_into = heirs.contact
),

chains as (
    select kind, object, heir from merges
    union
    select chains.kind, chains.object, merges.heir
    from chains
    inner join merges on chains.kind = merges.kind and chains.heir = merges.object
)

select
    chains.kind,
    chains.object,
    coalesce(max(case when merges.object is null then chains.heir end), chains.object) as survivor
from chains
left join merges on chains.kind = merges.kind and chains.heir = merges.object
group by chains.kind, chains.object;

create table work.contacts_resolved as
select
    contacts.contact,
    coalesce(merged.survivor, contacts.contact) as survivor,
    case when merged.object is null then contacts.account else heirs.account end as account,
    contacts.phones,
    contacts.emails,
    case when merged.object is null then contacts.is_deleted else heirs.is_deleted end as is_deleted
from work.contacts as contacts
left join work.merged as merged on merged.kind = 2 and contacts.contact = merged.object
left join work.contacts as heirs on merged.survivor = heirs.contact;

-- All others are what they seem: no join with a million contacts for the sake of some thousand.
create table work.odd_contacts as
select contact, survivor, is_deleted
from work.contacts_resolved
where contact <> survivor or is_deleted;

-- A stage's code is its place in the alphabet: of two at one moment the later one counts.
create table work.stages as
select
    case object_type when 'deal' then 1 else 0 end as is_of_deal,
    native_stage as stage,
    row_number() over (order by native_stage, object_type) as code,
    nullif(funnel_step, '') as funnel_step,
    case funnel_step when 'lead' then 0 when 'prospect' then 1 when 'opportunity' then 2
        when 'won' then 3 end as step_rank,
    is_excluded = 'true' as is_excluded
from work.seed_stages;

-- 64 x moment + 32 where it is the present stage + its code.
create table work.lead_events as
select
    changes.object as lead,
    cast(changes.changed as bigint) * 64
    + case when leads.status = changes.stage then 32 else 0 end + stages.code as place,
    changes.changed,
    stages.step_rank,
    coalesce(stages.funnel_step = 'lost', false) as is_lost
from work.stage_changes as changes
inner join work.stages as stages on changes.stage = stages.stage and stages.is_of_deal = 0
inner join work.leads as leads on changes.object = leads.lead
where changes.is_of_deal = 0;

insert into work.lead_events
select
    leads.lead,
    cast(coalesce(leads.updated, leads.created) as bigint) * 64 + stages.code as place,
    coalesce(leads.updated, leads.created) as changed,
    stages.step_rank,
    coalesce(stages.funnel_step = 'lost', false) as is_lost
from work.leads as leads
inner join work.stages as stages on leads.status = stages.stage and stages.is_of_deal = 0
where not exists (select 1 from work.lead_events as known where known.lead = leads.lead);

create table work.lead_history as
select
    lead,
    max(place) as last_place,
    max(place) filter (where not is_lost) as last_not_lost,
    min(changed) filter (where step_rank >= 1) as prospect,
    min(changed) filter (where step_rank = 1) as seen_prospect,
    min(changed) filter (where step_rank >= 2) as opportunity,
    min(changed) filter (where step_rank = 2) as seen_opportunity,
    min(changed) filter (where is_lost) as first_lost
from work.lead_events
group by lead;

create table work.lost_since as
select
    events.lead,
    min(events.changed) as since
from work.lead_events as events
inner join work.lead_history as history on events.lead = history.lead
where events.is_lost and events.place > coalesce(history.last_not_lost, 0)
group by events.lead;

create table work.first_owners as
select
    is_of_deal,
    object,
    cast(min(cast(changed as bigint) * 65536 + owner) % 65536 as smallint) as owner
from work.owner_changes
group by is_of_deal, object;

-- Customers: 1 accounts, 2 contacts, 3 leads, x 10^12.
create table work.leads_resolved as
select
    leads.lead,
    coalesce(merged.survivor, leads.lead) as survivor,
    coalesce(contacts.survivor, leads.contact) as contact,
    case when coalesce(contacts.is_deleted, false) then null
        else coalesce(contacts.survivor, leads.contact) end as live_contact,
    leads.account,
    coalesce(leads.account, contacts.account) as customer_account,
    coalesce(
        1000000000000 + coalesce(leads.account, contacts.account),
        2000000000000 + coalesce(contacts.survivor, leads.contact),
        3000000000000 + coalesce(merged.survivor, leads.lead)
    ) as customer,
    origins.origin,
    coalesce(first_owners.owner, leads.owner) as first_owner,
    leads.owner,
    leads.is_inquiry,
    leads.is_by_call,
    coalesce(leads.inquired, leads.created) as inquired,
    leads.created,
    case
        when merged.object is not null then 'merged'
        when leads.is_deleted then 'deleted'
        when present.is_excluded then present.stage
        when latest.is_excluded then latest.stage
    end as exclusion,
    history.last_place
from work.leads as leads
left join work.merged as merged on merged.kind = 0 and leads.lead = merged.object
left join work.contacts_resolved as contacts on leads.contact = contacts.contact
left join work.first_owners as first_owners
    on leads.lead = first_owners.object and first_owners.is_of_deal = 0
left join work.lead_history as history on leads.lead = history.lead
left join work.origins as origins on leads.lead_source = origins.lead_source
left join work.stages as present on leads.status = present.stage and present.is_of_deal = 0
left join work.stages as latest on history.last_place % 32 = latest.code;

create table work.deal_events as
select
    changes.object as deal,
    cast(changes.changed as bigint) * 64
    + case when deals.stage = changes.stage then 32 else 0 end + stages.code as place,
    changes.changed,
    stages.funnel_step,
    stages.step_rank
from work.stage_changes as changes
inner join work.stages as stages on changes.stage = stages.stage and stages.is_of_deal = 1
inner join work.deals as deals on changes.object = deals.deal
where changes.is_of_deal = 1 and stages.funnel_step is not null;

-- A deal whose history is not here was opened when it was created and closed when it says.
create table work.deals_untold as
select
    deals.deal,
    deals.created,
    coalesce(deals.closed, deals.updated, deals.created) as closed,
    stages.code,
    stages.funnel_step,
    stages.step_rank
from work.deals as deals
inner join work.stages as stages on deals.stage = stages.stage and stages.is_of_deal = 1
where not exists (select 1 from work.deal_events as known where known.deal = deals.deal);

insert into work.deal_events
select
    deal,
    cast(least(created, closed) as bigint) * 64
    + case when funnel_step in ('won', 'lost') then 0 else code end as place,
    least(created, closed) as changed,
    'opportunity' as funnel_step,
    2 as step_rank
from work.deals_untold
union all
select
    deal,
    cast(closed as bigint) * 64 + 32 + code as place,
    closed as changed,
    funnel_step,
    step_rank
from work.deals_untold
where funnel_step in ('won', 'lost');

create table work.deal_outcomes as
with last_events as (
    select
        events.deal,
        last_places.place,
        events.funnel_step
    from work.deal_events as events
    inner join (
        select deal, max(place) as place from work.deal_events group by deal
    ) as last_places
        on events.deal = last_places.deal and events.place = last_places.place
    group by events.deal, last_places.place, events.funnel_step
),

last_others as (
    select
        events.deal,
        max(events.place) as place
    from work.deal_events as events
    inner join last_events on events.deal = last_events.deal
    where events.funnel_step <> last_events.funnel_step
    group by events.deal
)

select
    events.deal,
    max(last_events.funnel_step) as funnel_step,
    max(stages.stage) as stage,
    min(events.changed) filter (
        where last_events.funnel_step in ('won', 'lost')
            and events.place > coalesce(last_others.place, 0)
    ) as closed,
    min(events.changed) filter (where events.step_rank = 1) as prospect,
    min(events.changed) filter (where events.step_rank >= 2) as opportunity,
    min(events.changed) filter (where events.step_rank = 2) as seen_opportunity
from work.deal_events as events
inner join last_events on events.deal = last_events.deal
left join last_others on events.deal = last_others.deal
left join work.stages as stages on last_events.place % 32 = stages.code
group by events.deal;

create table work.deals_resolved as
with placed as (
    select
        deals.deal,
        coalesce(merged.survivor, deals.deal) as survivor,
        leads.survivor as lead,
        coalesce(
            1000000000000
            + coalesce(deals.account, contacts.account, surviving.customer_account),
            2000000000000 + coalesce(contacts.survivor, deals.contact),
            surviving.customer
        ) as customer,
        surviving.origin,
        deals.owner,
        deals.pipeline,
        coalesce(outcomes.stage, deals.stage) as stage,
        coalesce(outcomes.funnel_step, 'opportunity') as funnel_step,
        deals.amount,
        deals.currency,
        deals.created,
        outcomes.closed,
        outcomes.prospect,
        case
            when outcomes.opportunity is not null then outcomes.opportunity
            when outcomes.closed is not null or outcomes.deal is null then deals.created
        end as opportunity,
        case
            when outcomes.opportunity is not null then outcomes.seen_opportunity
            when outcomes.closed is not null or outcomes.deal is null then deals.created
        end as seen_opportunity,
        case
            when merged.object is not null then 'merged'
            when deals.is_deleted then 'deleted'
        end as own_exclusion,
        surviving.exclusion as lead_exclusion
    from work.deals as deals
    left join work.merged as merged on merged.kind = 1 and deals.deal = merged.object
    left join work.contacts_resolved as contacts on deals.contact = contacts.contact
    left join work.leads_resolved as leads on deals.lead = leads.lead
    left join work.leads_resolved as surviving on leads.survivor = surviving.lead
    left join work.deal_outcomes as outcomes on deals.deal = outcomes.deal
),

-- Whose it was when it closed: the last owner until then, else the first one that is known.
closers as (
    select
        placed.deal,
        coalesce(
            max(cast(changes.changed as bigint) * 65536 + changes.owner)
                filter (where changes.changed <= placed.closed),
            min(cast(changes.changed as bigint) * 65536 + changes.owner)
        ) % 65536 as owner
    from placed
    inner join work.owner_changes as changes
        on placed.deal = changes.object and changes.is_of_deal = 1
    where placed.closed is not null
    group by placed.deal
)

select
    placed.*,
    coalesce(placed.own_exclusion, 'lead_' || placed.lead_exclusion) as exclusion,
    case when placed.closed is not null
        then coalesce(cast(closers.owner as smallint), placed.owner) end as closer
from placed
left join closers on placed.deal = closers.deal;

create table work.lead_steps as
with deal_steps as (
    select
        lead,
        count(*) as deals,
        count(*) filter (where funnel_step = 'lost') as lost_deals,
        min(prospect) as prospect,
        min(opportunity) as opportunity,
        min(seen_opportunity) as seen_opportunity,
        min(closed) filter (where funnel_step = 'won') as won,
        max(closed) filter (where funnel_step = 'lost') as last_lost
    from work.deals_resolved
    where own_exclusion is null and lead is not null
    group by lead
),

climbed as (
    select
        history.lead,
        least(
            history.prospect, deal_steps.prospect, history.opportunity, deal_steps.opportunity,
            deal_steps.won
        ) as prospect,
        least(history.opportunity, deal_steps.opportunity, deal_steps.won) as opportunity,
        deal_steps.won,
        case
            when deal_steps.deals = deal_steps.lost_deals then deal_steps.last_lost
            when deal_steps.deals is null and lost_since.since is not null then history.first_lost
        end as lost,
        case
            when deal_steps.deals = deal_steps.lost_deals then deal_steps.last_lost
            when deal_steps.deals is null then lost_since.since
        end as lost_since,
        least(history.seen_prospect, deal_steps.prospect) as seen_prospect,
        least(history.seen_opportunity, deal_steps.seen_opportunity) as seen_opportunity
    from work.lead_history as history
    left join work.lost_since as lost_since on history.lead = lost_since.lead
    left join deal_steps on history.lead = deal_steps.lead
)

select
    lead,
    prospect,
    opportunity,
    won,
    lost,
    coalesce(won, lost_since) as closed,
    prospect is not null and coalesce(seen_prospect > prospect, true) as is_prospect_skipped,
    opportunity is not null and coalesce(seen_opportunity > opportunity, true)
        as is_opportunity_skipped
from climbed;

create table work.first_wins as
select
    customer,
    min(closed) as won
from work.deals_resolved
where funnel_step = 'won' and exclusion is null and customer is not null
group by customer;

-- By the id under which a lead was delivered: what holds for the lead that is left of it. A touch
-- finds all that it needs of its lead by one join.
create table work.lead_info as
select
    leads.lead,
    heirs.lead as survivor,
    heirs.contact,
    heirs.live_contact,
    heirs.customer,
    heirs.origin,
    heirs.exclusion,
    first_wins.won as first_won
from work.leads_resolved as leads
inner join work.leads_resolved as heirs on leads.survivor = heirs.lead
left join work.first_wins as first_wins on heirs.customer = first_wins.customer;
