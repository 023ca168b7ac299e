-- Longer than most: a step of one long script, and no model.
-- The delivered files, all text -> typed rows: ids and times as whole numbers, the latest row of a
-- key, without the rows that break the contract (landing.md).
--
-- What is known of this company's files, and used: an id is a letter and twelve digits, times are
-- whole seconds, cells have no blanks around them, a field of the CRM holds one number.

create temp macro id_of(cell) as try_cast(substr(cell, 2) as bigint);
create temp macro seconds_of(cell) as
    try_cast(epoch_us(try_cast(cell as timestamptz)) // 1000000 as integer);
create temp macro is_bad(cell, typed) as cell is not null and typed is null;

-- E.164 without its plus. Most numbers of a telephone log are digits and are done by one cast.
create temp macro digits_of(cell) as coalesce(
    try_cast(cell as bigint),
    try_cast(translate(
        replace(regexp_replace(cell, '(ext| доб)[ .]*.*$', ''), '(0)', ''), ' ().-' || chr(160), ''
    ) as bigint)
);
create temp macro in_russia(number) as
    case when number between 80000000000 and 89999999999 then number - 10000000000 else number end;
-- `call` of a leg: a call's id begins with K, that of a leg without one with T; as numbers they
-- keep the order that they have as text, behind all activities (A).
create temp macro call_of(cell) as
    id_of(cell) + case left(cell, 1) when 'K' then 1000000000000 when 'T' then 2000000000000 end;

create table work.placeholders as
select cast(e164 as bigint) as number from work.seed_phone_placeholders;

create table work.sellers as
select
    cast(id_of(rep_id) as smallint) as rep,
    full_name,
    team,
    lower(email) as email,
    cast(extension as integer) as extension,
    in_russia(digits_of(phone)) as phone,
    coalesce(cast(is_active as boolean), true) as is_active
from read_parquet({crm/reps}, filename = true, file_row_number = true)
qualify row_number() over (
    partition by rep_id order by filename desc, file_row_number desc
) = 1;

create table work.accounts as
select max(seconds_of(updated_at)) as updated
from read_parquet({crm/accounts});

create table work.contacts as
with typed as (
    select
        id_of(contact_id) as contact,
        id_of(account_id) as account,
        phones,
        lower(emails) as emails,
        coalesce(cast(is_deleted as boolean), false) as is_deleted,
        id_of(merged_into_id) as merged_into,
        updated_at,
        seconds_of(updated_at) as updated
    from read_parquet({crm/contacts})
)
select contact, account, phones, emails, is_deleted, merged_into, updated
from typed
where contact is not null and not is_bad(updated_at, updated);

create table work.leads as
with typed as (
    select
        id_of(lead_id) as lead,
        id_of(contact_id) as contact,
        id_of(account_id) as account,
        cast(id_of(owner_rep_id) as smallint) as owner,
        lead_source,
        coalesce(cast(is_inquiry as boolean), inquiry_at is not null) as is_inquiry,
        seconds_of(inquiry_at) as inquired,
        lower(inquiry_channel) in ('call', 'phone', 'inbound_call', 'telephony') as is_by_call,
        lower(status) as status,
        seconds_of(created_at) as created,
        coalesce(cast(is_deleted as boolean), false) as is_deleted,
        id_of(merged_into_id) as merged_into,
        seconds_of(updated_at) as updated
    from read_parquet({crm/leads})
)
select * from typed
where lead is not null and status is not null and created is not null;

create table work.deals as
with typed as (
    select
        id_of(deal_id) as deal,
        id_of(lead_id) as lead,
        id_of(contact_id) as contact,
        id_of(account_id) as account,
        cast(id_of(owner_rep_id) as smallint) as owner,
        pipeline,
        lower(stage) as stage,
        amount as amount_text,
        try_cast(amount as decimal(18, 2)) as amount,
        upper(currency) as currency,
        seconds_of(created_at) as created,
        seconds_of(closed_at) as closed,
        coalesce(cast(is_deleted as boolean), false) as is_deleted,
        id_of(merged_into_id) as merged_into,
        seconds_of(updated_at) as updated
    from read_parquet({crm/deals})
)
select * exclude (amount_text) from typed
where deal is not null and stage is not null and created is not null
    and not is_bad(amount_text, amount) and coalesce(amount, 0) >= 0;

-- Repeated rows change no minimum and no maximum, and nothing else is asked of the two histories.
create table work.stage_changes as
select
    cast(object_type = 'deal' as smallint) as is_of_deal,
    id_of(object_id) as object,
    lower(stage) as stage,
    seconds_of(changed_at) as changed
from read_parquet({crm/stage_changes})
where id_of(object_id) is not null
    and stage is not null
    and seconds_of(changed_at) is not null
    and object_type in ('lead', 'deal');

create table work.owner_changes as
select
    cast(object_type = 'deal' as smallint) as is_of_deal,
    id_of(object_id) as object,
    cast(id_of(owner_rep_id) as smallint) as owner,
    seconds_of(changed_at) as changed
from read_parquet({crm/owner_changes})
where id_of(object_id) is not null
    and id_of(owner_rep_id) is not null
    and seconds_of(changed_at) is not null
    and object_type in ('lead', 'deal');

create table work.outcomes as
select
    kind,
    native_outcome,
    outcome in ('connected', 'held') as is_reached
from work.seed_outcome_map;

-- Channels: 1 call, 2 email, 3 meeting, 4 message. Directions: 1 outbound, 2 inbound, 3 internal.
create table work.activities as
with typed as (
    select
        id_of(activity_id) as activity,
        kind,
        cast(case kind when 'call' then 1 when 'email' then 2 when 'meeting' then 3
            when 'message' then 4 end as smallint) as channel,
        cast(case direction when 'outbound' then 1 when 'inbound' then 2 end as smallint)
            as direction,
        seconds_of(started_at) as started,
        ended_at,
        seconds_of(ended_at) as ended,
        duration_seconds,
        try_cast(duration_seconds as integer) as duration,
        outcome,
        cast(id_of(rep_id) as smallint) as rep,
        id_of(contact_id) as contact,
        id_of(lead_id) as lead,
        id_of(deal_id) as deal,
        digits_of(phone) as phone_digits,
        lower(email) as email,
        coalesce(cast(is_automated as boolean), false) as is_automated,
        call_of(telephony_call_id) as named_call,
        coalesce(cast(is_deleted as boolean), false) as is_deleted,
        seconds_of(updated_at) as updated
    from read_parquet({crm/activities})
)
select
    typed.activity,
    typed.channel,
    typed.direction,
    typed.started,
    typed.ended,
    typed.duration,
    outcomes.is_reached,
    typed.rep,
    typed.contact,
    typed.lead,
    typed.deal,
    case
        when in_russia(typed.phone_digits) >= 10000000000 and placeholders.number is null
            then in_russia(typed.phone_digits)
    end as phone,
    typed.email,
    typed.is_automated,
    typed.named_call,
    typed.is_deleted,
    typed.updated
from typed
left join work.outcomes as outcomes
    on typed.kind = outcomes.kind and typed.outcome = outcomes.native_outcome
left join work.placeholders as placeholders
    on in_russia(typed.phone_digits) = placeholders.number
where typed.activity is not null
    and typed.channel is not null
    and typed.started is not null
    and not is_bad(typed.ended_at, typed.ended)
    and not is_bad(typed.duration_seconds, typed.duration)
    and coalesce(typed.duration, 0) >= 0
    and coalesce(typed.ended, typed.started) >= typed.started;

create table work.collateral as
select
    cast(id_of(collateral_id) as smallint) as item,
    title,
    kind,
    cast(published_on as date) as published_on,
    cast(retired_on as date) as retired_on
from read_parquet({crm/collateral}, filename = true, file_row_number = true)
qualify row_number() over (
    partition by collateral_id order by filename desc, file_row_number desc
) = 1;

create table work.events as
select
    id_of(event_id) as event,
    cast(id_of(collateral_id) as smallint) as item,
    event as happening,
    seconds_of(occurred_at) as occurred,
    cast(id_of(rep_id) as smallint) as rep,
    id_of(contact_id) as contact,
    id_of(lead_id) as lead,
    id_of(deal_id) as deal,
    id_of(activity_id) as activity
from read_parquet({crm/collateral_events})
where id_of(event_id) is not null
    and id_of(collateral_id) in (select item from work.collateral)
    and seconds_of(occurred_at) is not null
    and event in ('sent', 'opened', 'clicked', 'downloaded');

create table work.quotas as
select
    cast(id_of(rep_id) as smallint) as rep,
    cast(month as date) as month,
    cast(amount as decimal(18, 2)) as amount,
    currency
from read_parquet({crm/quotas}, filename = true, file_row_number = true)
qualify row_number() over (
    partition by rep_id, month order by filename desc, file_row_number desc
) = 1;

create table work.legs as
with typed as (
    select
        id_of(call_id) as leg,
        call_of(coalesce(linked_id, call_id)) as call,
        cast(case direction when 'outbound' then 1 when 'inbound' then 2 when 'internal' then 3
            end as smallint) as direction,
        digits_of(
            case direction when 'outbound' then to_number when 'inbound' then from_number end
        ) as outside,
        lower(rep_email) as rep_email,
        try_cast(extension as integer) as extension,
        seconds_of(started_at) as started,
        answered_at,
        seconds_of(answered_at) as answered,
        ended_at,
        seconds_of(ended_at) as ended,
        talk_seconds,
        try_cast(talk_seconds as integer) as talk,
        disposition
    from read_parquet({telephony/calls})
    where disposition in ('answered', 'no_answer', 'busy', 'failed', 'voicemail')
)
select
    leg,
    call,
    direction,
    in_russia(outside) as outside,
    rep_email,
    extension,
    started,
    ended,
    coalesce(talk, ended - answered) as talk,
    disposition = 'answered' as is_answered
from typed
where leg is not null
    and direction is not null
    and started is not null
    and not is_bad(answered_at, answered)
    and not is_bad(ended_at, ended)
    and not is_bad(talk_seconds, talk)
    and coalesce(talk, 0) >= 0
    and coalesce(ended, started) >= started
    and coalesce(answered, started) >= started
    and coalesce(ended, answered, started) >= coalesce(answered, started)
    and coalesce(talk <= ended - started + 1, true);
