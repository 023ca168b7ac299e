-- Longer than most: a step of one long script, and no model.
-- Two systems side by side -> touches, each with its lead, numbered.
-- Sources: 1 crm, 2 both, 3 telephony. A touch's number is its activity's or its call's.

create table work.deal_info as
select
    deals.deal,
    deals.survivor,
    heirs.lead,
    heirs.customer,
    first_wins.won as first_won
from work.deals_resolved as deals
inner join work.deals_resolved as heirs on deals.survivor = heirs.deal
left join work.first_wins as first_wins on heirs.customer = first_wins.customer;

-- What a touch without a lead asks of its contact.
create table work.contact_info as
select
    contacts.contact,
    contacts.account,
    first_wins.won as first_won
from work.contacts_resolved as contacts
left join work.first_wins as first_wins
    on coalesce(1000000000000 + contacts.account, 2000000000000 + contacts.contact)
    = first_wins.customer
where contacts.contact = contacts.survivor;

create table work.touches_together as
with again as (
    select activity from work.pairs_told where is_again
),

calls_in_crm as (
    select
        activities.activity as touch,
        calls.call,
        cast(case when calls.call is null then 1 else 2 end as smallint) as source,
        activities.channel,
        coalesce(calls.direction, activities.direction) as direction,
        coalesce(calls.started, activities.started) as started,
        case when calls.call is null then activities.ended else calls.ended end as ended,
        case when calls.call is null then activities.duration else calls.talk end as talk,
        not activities.is_automated and case
            when calls.call is not null then calls.is_answered and coalesce(calls.talk, 0) >= 30
            when activities.duration is null then coalesce(activities.is_reached, false)
            else coalesce(activities.is_reached, true) and activities.duration >= 30
        end as is_completed,
        activities.is_automated,
        case
            when calls.call is not null then calls.is_answered
            when activities.is_reached is not null then activities.is_reached
            else activities.duration > 0
        end as is_answered,
        activities.is_deleted,
        coalesce(calls.is_internal, false) or rep_phones.rep is not null as is_internal,
        coalesce(calls.rep, activities.rep) as rep,
        activities.contact,
        activities.lead,
        activities.deal,
        coalesce(activities.phone, calls.phone) as phone,
        activities.email
    from work.activities as activities
    left join work.pairs as pairs on activities.activity = pairs.activity
    left join work.calls as calls on pairs.call = calls.call
    left join work.rep_points as rep_phones
        on rep_phones.kind = 'phone' and activities.phone = rep_phones.number
    where activities.channel = 1
        and not exists (select 1 from again where again.activity = activities.activity)
),

in_crm as (
    select * from calls_in_crm
    union all
    select
        activity as touch,
        null as call,
        1 as source,
        channel,
        direction,
        started,
        ended,
        null as talk,
        not is_automated and case
            when channel = 3 then coalesce(is_reached, false)
            else coalesce(direction = 2, false)
        end as is_completed,
        is_automated,
        null as is_answered,
        is_deleted,
        false as is_internal,
        rep,
        contact,
        lead,
        deal,
        phone,
        email
    from work.activities
    where channel <> 1
)

select
    in_crm.touch,
    in_crm.call,
    in_crm.source,
    in_crm.channel,
    in_crm.direction,
    in_crm.started,
    in_crm.ended,
    in_crm.talk,
    in_crm.is_completed,
    in_crm.is_automated,
    in_crm.is_answered,
    cast(case when in_crm.is_deleted then 1 when in_crm.is_internal then 2 end as smallint)
        as own_exclusion,
    in_crm.rep,
    case
        when not coalesce(odd_contacts.is_deleted, false)
            then coalesce(odd_contacts.survivor, in_crm.contact)
    end as contact,
    coalesce(leads.survivor, deals.lead) as lead,
    cast(case when leads.survivor is not null then 1 when deals.lead is not null then 2 end
        as smallint) as rule,
    coalesce(deals.survivor, in_crm.deal) as deal,
    in_crm.phone,
    in_crm.email
from in_crm
left join work.odd_contacts as odd_contacts on in_crm.contact = odd_contacts.contact
left join work.lead_info as leads on in_crm.lead = leads.lead
left join work.deal_info as deals on in_crm.deal = deals.deal
union all
select
    calls.call as touch,
    calls.call,
    3 as source,
    1 as channel,
    calls.direction,
    calls.started,
    calls.ended,
    calls.talk,
    calls.is_answered and coalesce(calls.talk, 0) >= 30 as is_completed,
    false as is_automated,
    calls.is_answered,
    case when calls.is_internal then 2 end as own_exclusion,
    calls.rep,
    null as contact,
    null as lead,
    null as rule,
    null as deal,
    calls.phone,
    null as email
from work.calls as calls
where not exists (select 1 from work.pairs as pairs where pairs.call = calls.call);

drop table work.activities;

create table work.open_leads as
select
    leads.contact,
    leads.lead,
    leads.owner,
    leads.created,
    coalesce(steps.closed, 2147483647) as closed
from work.leads_resolved as leads
inner join work.lead_steps as steps on leads.lead = steps.lead
where leads.exclusion is null and leads.contact is not null;

create table work.unnamed as
select touch, started, rep, contact, phone, email
from work.touches_together
where lead is null;

-- All leads that a touch may be of, by contact; where there is none by phone; where there is none
-- by email. `place`: the newest lead, then the lowest id, comes out as the greatest number.
create table work.candidates as
select
    unnamed.touch,
    unnamed.started,
    unnamed.rep,
    leads.lead,
    leads.owner,
    cast(leads.created as bigint) * 2147483648 + 2147483647 - leads.lead as place,
    3 as rule
from work.unnamed as unnamed
inner join work.open_leads as leads on unnamed.contact = leads.contact
where leads.created <= unnamed.started + 1800 and leads.closed >= unnamed.started;

create table work.unnamed_by_phone as
select *
from work.unnamed
where (phone is not null or email is not null)
    and not exists (
        select 1 from work.candidates as found where found.touch = unnamed.touch
    );

insert into work.candidates
select distinct
    unnamed.touch,
    unnamed.started,
    unnamed.rep,
    leads.lead,
    leads.owner,
    cast(leads.created as bigint) * 2147483648 + 2147483647 - leads.lead as place,
    4 as rule
from work.unnamed_by_phone as unnamed
inner join work.contact_phones as points on unnamed.phone = points.phone
inner join work.open_leads as leads on points.contact = leads.contact
where leads.created <= unnamed.started + 1800 and leads.closed >= unnamed.started;

create table work.contact_emails as
with written as (
    select
        survivor as contact,
        unnest(string_to_array(emails, ';')) as email
    from work.contacts_resolved
    where not is_deleted and emails is not null
)

select distinct contact, email from written where email <> '';

create table work.unnamed_by_email as
select *
from work.unnamed_by_phone as unnamed
where email is not null
    and not exists (
        select 1 from work.candidates as found where found.touch = unnamed.touch
    );

insert into work.candidates
select distinct
    unnamed.touch,
    unnamed.started,
    unnamed.rep,
    leads.lead,
    leads.owner,
    cast(leads.created as bigint) * 2147483648 + 2147483647 - leads.lead as place,
    5 as rule
from work.unnamed_by_email as unnamed
inner join work.contact_emails as points on unnamed.email = points.email
inner join work.open_leads as leads on points.contact = leads.contact
where leads.created <= unnamed.started + 1800 and leads.closed >= unnamed.started;

-- Whose lead it was then matters only where there is a choice.
create table work.chosen as
with counted as (
    select
        touch,
        count(*) as leads,
        max(place) as place,
        max(rule) as rule
    from work.candidates
    group by touch
),

to_choose as (
    select candidates.*
    from work.candidates as candidates
    inner join counted on candidates.touch = counted.touch and counted.leads > 1
),

owned as (
    select
        to_choose.touch,
        to_choose.place,
        max(to_choose.rule) as rule,
        coalesce(
            coalesce(
                cast(coalesce(
                    max(cast(changes.changed as bigint) * 65536 + changes.owner)
                        filter (where changes.changed <= to_choose.started),
                    min(cast(changes.changed as bigint) * 65536 + changes.owner)
                ) % 65536 as smallint),
                max(to_choose.owner)
            ) = max(to_choose.rep),
            false
        ) as is_own
    from to_choose
    left join work.owner_changes as changes
        on to_choose.lead = changes.object and changes.is_of_deal = 0
    group by to_choose.touch, to_choose.place
),

ranked as (
    select
        *,
        row_number() over (partition by touch order by is_own desc, place desc) as choice
    from owned
),

places as (
    select touch, place, rule from counted where leads = 1
    union all
    select touch, place, rule from ranked where choice = 1
)

select
    touch,
    2147483647 - place % 2147483648 as lead,
    rule
from places;

drop table work.candidates;

drop table work.unnamed_by_phone;

-- Where no lead was open, the one contact that it can have been with.
create table work.without_lead as
with open_ended as (
    select *
    from work.unnamed as unnamed
    where not exists (select 1 from work.chosen as chosen where chosen.touch = unnamed.touch)
),

by_phone as (
    select
        open_ended.touch,
        min(points.contact) as contact,
        count(*) as contacts
    from open_ended
    inner join work.contact_phones as points on open_ended.phone = points.phone
    where open_ended.contact is null
    group by open_ended.touch
),

by_email as (
    select
        open_ended.touch,
        min(points.contact) as contact,
        count(*) as contacts
    from open_ended
    inner join work.contact_emails as points on open_ended.email = points.email
    where open_ended.contact is null
    group by open_ended.touch
)

select
    open_ended.touch,
    case
        when open_ended.contact is not null then null
        when by_phone.contacts = 1 then by_phone.contact
        when by_phone.contacts is null and by_email.contacts = 1 then by_email.contact
    end as contact,
    cast(case
        when coalesce(open_ended.contact, by_phone.contacts, by_email.contacts) is null then 6
        else 7
    end as smallint) as rule
from open_ended
left join by_phone on open_ended.touch = by_phone.touch
left join by_email on open_ended.touch = by_email.touch;

create table work.choices as
select
    chosen.touch,
    chosen.lead,
    leads.contact,
    cast(chosen.rule as smallint) as rule
from work.chosen as chosen
inner join work.leads_resolved as leads on chosen.lead = leads.lead
union all
select touch, null as lead, contact, rule from work.without_lead;

-- Messages with gaps of at most an hour are one touch, the first of them.
create table work.sessions as
with messages as (
    select
        together.touch,
        leads.survivor as lead,
        coalesce(together.contact, choices.contact, leads.live_contact) as contact,
        together.started,
        coalesce(together.ended, together.started) as ended,
        together.is_completed,
        together.is_automated
    from work.touches_together as together
    left join work.choices as choices on together.touch = choices.touch
    left join work.lead_info as leads on coalesce(together.lead, choices.lead) = leads.lead
    where together.channel = 4 and together.own_exclusion is null
),

compared as (
    select
        *,
        coalesce(
            started - lag(started) over (partition by lead, contact order by started, touch)
            <= 3600,
            false
        ) as goes_on
    from messages
    where coalesce(lead, contact) is not null
),

numbered as (
    select
        *,
        sum(case when goes_on then 0 else 1 end) over (
            partition by lead, contact
            order by started, touch
            rows between unbounded preceding and current row
        ) as session_number
    from compared
)

select
    max(case when not goes_on then touch end) as touch,
    max(ended) as ended,
    bool_or(is_completed) as is_completed,
    bool_and(is_automated) as is_automated
from numbered
group by lead, contact, session_number;

-- Numbered over what counts of a lead: everything else is a partition of its own.
create table work.touches as
with placed as (
    select
        together.touch,
        together.call,
        together.source,
        together.channel,
        together.direction,
        together.started,
        coalesce(sessions.ended, together.ended) as ended,
        together.talk,
        coalesce(sessions.is_completed, together.is_completed) as is_completed,
        coalesce(sessions.is_automated, together.is_automated) as is_automated,
        together.is_answered,
        case
            when together.own_exclusion = 1 then 'deleted'
            when together.own_exclusion = 2 then 'internal_call'
            when leads.exclusion is not null then 'lead_' || leads.exclusion
        end as exclusion,
        together.rep,
        coalesce(together.contact, choices.contact, leads.live_contact) as contact,
        leads.survivor as lead,
        leads.origin,
        leads.customer,
        leads.first_won,
        together.deal,
        coalesce(together.rule, choices.rule) as rule
    from work.touches_together as together
    left join work.choices as choices on together.touch = choices.touch
    left join work.lead_info as leads on coalesce(together.lead, choices.lead) = leads.lead
    left join work.sessions as sessions on together.touch = sessions.touch
    where together.channel <> 4
        or together.own_exclusion is not null
        or sessions.touch is not null
        or coalesce(
            leads.survivor, together.contact, choices.contact, leads.live_contact
        ) is null
),

keyed as (
    select
        *,
        case when customer is null then contact end as contact_to_ask,
        case when customer is null and contact is null then deal end as deal_to_ask
    from placed
),

with_customer as (
    select
        keyed.*,
        coalesce(
            keyed.customer, 1000000000000 + contacts.account, 2000000000000 + keyed.contact,
            deals.customer
        ) as any_customer,
        coalesce(keyed.first_won, contacts.first_won, deals.first_won) as any_first_won
    from keyed
    left join work.contact_info as contacts on keyed.contact_to_ask = contacts.contact
    left join work.deal_info as deals on keyed.deal_to_ask = deals.deal
)

select
    touch,
    call,
    source,
    channel,
    direction,
    started,
    ended,
    talk,
    is_completed,
    is_automated,
    is_answered,
    exclusion,
    rep,
    contact,
    lead,
    origin,
    any_customer as customer,
    case when any_customer is not null then coalesce(any_first_won >= started, true) end
        as is_new_customer,
    deal,
    rule,
    case when lead is not null and exclusion is null and not is_automated
        and (is_completed or direction = 1)
        then cast(sum(case when not is_automated and (is_completed or direction = 1) then 1 end)
            over in_order as integer) end as attempt_number,
    case when lead is not null and exclusion is null and is_completed
        then cast(sum(case when is_completed then 1 end) over in_order as integer) end
        as contact_number,
    case when lead is not null and exclusion is null then started - lag(started) over in_order end
        as gap,
{only duckdb}
    coalesce(
        started - lag(
            case when direction = 1 and not is_completed and not is_automated then started end, 3
            ignore nulls
        ) over in_order <= 86400
        and direction = 1 and not is_completed and not is_automated,
        false
    ) as is_burst
{only postgres}
    coalesce(
        started - lag(started, 3) over (
            partition by coalesce(lead, -touch), exclusion is null,
                direction = 1 and not is_completed and not is_automated
            order by started, touch
        ) <= 86400
        and direction = 1 and not is_completed and not is_automated,
        false
    ) as is_burst
{end}
from with_customer
window in_order as (
    partition by coalesce(lead, -touch), exclusion is null order by started, touch
    rows between unbounded preceding and current row
);
