-- Longer than most: a step of one long script, and no model.
-- PostgreSQL's own way from the delivered text (schema delivered) to what limit/01_read.sql makes.
-- A cast that fails would end it all, so what is no number and no time is found by its shape first:
-- not by a regular expression: on forty million cells that took half of all the time.

create function id_of(cell text) returns bigint language sql immutable parallel safe as $$
    select case when substr(cell, 2, 1) between '0' and '9' then cast(substr(cell, 2) as bigint) end
$$;

-- The 30th of February has the shape of a day. `stable`, as the cast of a text to a timestamp is:
-- else it would not be inlined.
create function seconds_of(cell text) returns integer language sql stable parallel safe as $$
    select case
        when length(cell) >= 19 and substr(cell, 5, 1) = '-' and substr(cell, 11, 1) = 'T'
            and (
                substr(cell, 9, 2) <= '28'
                or (substr(cell, 9, 2) <= '30' and substr(cell, 6, 2) <> '02')
                or (substr(cell, 9, 2) = '31'
                    and substr(cell, 6, 2) in ('01', '03', '05', '07', '08', '10', '12'))
            )
            then cast(extract(epoch from cast(left(cell, 19) as timestamp)) as integer)
                - case when right(cell, 6) = '+03:00' then 10800 else 0 end
    end
$$;

create function whole_of(cell text) returns integer language sql immutable parallel safe as $$
    select case when left(cell, 1) between '0' and '9' then cast(cell as integer) end
$$;

create function digits_of(cell text) returns bigint language sql immutable parallel safe as $$
    select cast(nullif(regexp_replace(
        replace(regexp_replace(cell, '(ext| доб)[ .]*.*$', ''), '(0)', ''), '\D', '', 'g'
    ), '') as bigint)
$$;

create function in_russia(number bigint) returns bigint language sql immutable parallel safe as $$
    select case when number between 80000000000 and 89999999999
        then number - 10000000000 else number end
$$;

create function call_of(cell text) returns bigint language sql immutable parallel safe as $$
    select id_of(cell)
        + case left(cell, 1) when 'K' then 1000000000000 when 'T' then 2000000000000 end
$$;

create function moment_of(seconds bigint) returns timestamp language sql immutable parallel safe as $$
    select timestamp '1970-01-01' + seconds * interval '1 second'
$$;

create function ratio(part numeric, whole numeric) returns double precision
language sql immutable parallel safe as $$
    select cast(part as double precision) / nullif(cast(whole as double precision), 0)
$$;

create function ratio(part double precision, whole double precision) returns double precision
language sql immutable parallel safe as $$
    select part / nullif(whole, 0)
$$;

create function rounded(share double precision) returns numeric
language sql immutable parallel safe as $$
    select round(cast(share as numeric), 12)
$$;

create function wilson(successes numeric, trials numeric, sign integer) returns double precision
language sql immutable parallel safe as $$
    select case
        when trials <= 0 then null
        when sign < 0 and successes = 0 then 0.0
        when sign > 0 and successes = trials then 1.0
        else greatest(0.0, least(1.0, (
            cast(successes as double precision) / cast(trials as double precision)
            + 3.8414588206941227 / (2 * cast(trials as double precision))
            + sign * 1.959963984540054 * sqrt((
                cast(successes as double precision) / cast(trials as double precision)
                * (1 - cast(successes as double precision) / cast(trials as double precision))
                + 3.8414588206941227 / (4 * cast(trials as double precision))
            ) / cast(trials as double precision))
        ) / (1 + 3.8414588206941227 / cast(trials as double precision))))
    end
$$;

create function rate_ratio_limit(
    converted numeric, trials numeric, others numeric, other_trials numeric, sign integer
) returns double precision language sql immutable parallel safe as $$
    select case when converted > 0 and others > 0 then exp(
        ln(cast((converted / trials) / (others / other_trials) as double precision))
        + sign * 1.959963984540054 * sqrt(cast(
            1.0 / converted - 1.0 / trials + 1.0 / others - 1.0 / other_trials
            as double precision))
    ) end
$$;

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
from (
    select distinct on (rep_id) * from delivered.crm_reps order by rep_id, line desc
) as latest;

create table work.accounts as
select max(seconds_of(updated_at)) as updated from delivered.crm_accounts;

create table work.contacts as
select distinct on (contact)
    contact, account, phones, emails, is_deleted, merged_into, updated
from (
    select
        id_of(contact_id) as contact,
        id_of(account_id) as account,
        phones,
        lower(emails) as emails,
        coalesce(cast(is_deleted as boolean), false) as is_deleted,
        id_of(merged_into_id) as merged_into,
        updated_at,
        seconds_of(updated_at) as updated,
        line
    from delivered.crm_contacts
) as typed
where contact is not null and not (updated_at is not null and updated is null)
order by contact, updated desc nulls last, line desc;

create table work.leads as
select distinct on (lead) *
from (
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
        seconds_of(updated_at) as updated,
        line
    from delivered.crm_leads
) as typed
where lead is not null and status is not null and created is not null
order by lead, updated desc nulls last, line desc;

create table work.deals as
select distinct on (deal) *
from (
    select
        id_of(deal_id) as deal,
        id_of(lead_id) as lead,
        id_of(contact_id) as contact,
        id_of(account_id) as account,
        cast(id_of(owner_rep_id) as smallint) as owner,
        pipeline,
        lower(stage) as stage,
        case when amount ~ '^\d+(\.\d+)?$' then cast(amount as decimal(18, 2)) end as amount,
        amount as amount_text,
        upper(currency) as currency,
        seconds_of(created_at) as created,
        seconds_of(closed_at) as closed,
        coalesce(cast(is_deleted as boolean), false) as is_deleted,
        id_of(merged_into_id) as merged_into,
        seconds_of(updated_at) as updated,
        line
    from delivered.crm_deals
) as typed
where deal is not null and stage is not null and created is not null
    and not (amount_text is not null and amount is null)
order by deal, updated desc nulls last, line desc;

create table work.stage_changes as
select *
from (
    select
        cast(case object_type when 'deal' then 1 else 0 end as smallint) as is_of_deal,
        id_of(object_id) as object,
        lower(stage) as stage,
        seconds_of(changed_at) as changed
    from delivered.crm_stage_changes
    where object_type in ('lead', 'deal')
) as typed
where object is not null and stage is not null and changed is not null;

create table work.owner_changes as
select *
from (
    select
        cast(case object_type when 'deal' then 1 else 0 end as smallint) as is_of_deal,
        id_of(object_id) as object,
        cast(id_of(owner_rep_id) as smallint) as owner,
        seconds_of(changed_at) as changed
    from delivered.crm_owner_changes
    where object_type in ('lead', 'deal')
) as typed
where object is not null and owner is not null and changed is not null;

create table work.outcomes as
select
    kind,
    native_outcome,
    outcome in ('connected', 'held') as is_reached
from work.seed_outcome_map;

create table work.activities as
select distinct on (activity)
    activity, channel, direction, started, ended, duration, is_reached, rep, contact, lead, deal,
    phone, email, is_automated, named_call, is_deleted, updated
from (
    select
        id_of(activity_id) as activity,
        cast(case delivered.kind when 'call' then 1 when 'email' then 2 when 'meeting' then 3
            when 'message' then 4 end as smallint) as channel,
        cast(case direction when 'outbound' then 1 when 'inbound' then 2 end as smallint)
            as direction,
        seconds_of(started_at) as started,
        ended_at,
        seconds_of(ended_at) as ended,
        duration_seconds,
        whole_of(duration_seconds) as duration,
        outcomes.is_reached,
        cast(id_of(rep_id) as smallint) as rep,
        id_of(contact_id) as contact,
        id_of(lead_id) as lead,
        id_of(deal_id) as deal,
        numbers.phone,
        lower(email) as email,
        coalesce(cast(is_automated as boolean), false) as is_automated,
        call_of(telephony_call_id) as named_call,
        coalesce(cast(is_deleted as boolean), false) as is_deleted,
        seconds_of(updated_at) as updated,
        line
    from delivered.crm_activities as delivered
    left join work.outcomes as outcomes
        on delivered.kind = outcomes.kind and delivered.outcome = outcomes.native_outcome
    left join (
        select written, in_russia(number) as phone
        from (
            select phone as written, digits_of(phone) as number
            from (select distinct phone from delivered.crm_activities) as spellings
        ) as spelled
        where in_russia(number) >= 10000000000
            and in_russia(number) not in (select number from work.placeholders)
    ) as numbers on delivered.phone = numbers.written
) as typed
where activity is not null
    and channel is not null
    and started is not null
    and not (ended_at is not null and ended is null)
    and not (duration_seconds is not null and duration is null)
    and coalesce(duration, 0) >= 0
    and coalesce(ended, started) >= started
order by activity, updated desc nulls last, line desc;

create table work.collateral as
select
    cast(id_of(collateral_id) as smallint) as item,
    title,
    kind,
    cast(published_on as date) as published_on,
    cast(retired_on as date) as retired_on
from (
    select distinct on (collateral_id) * from delivered.crm_collateral
    order by collateral_id, line desc
) as latest;

create table work.events as
select distinct on (event) event, item, happening, occurred, rep, contact, lead, deal, activity
from (
    select
        id_of(event_id) as event,
        cast(id_of(collateral_id) as smallint) as item,
        event as happening,
        seconds_of(occurred_at) as occurred,
        cast(id_of(rep_id) as smallint) as rep,
        id_of(contact_id) as contact,
        id_of(lead_id) as lead,
        id_of(deal_id) as deal,
        id_of(activity_id) as activity,
        line
    from delivered.crm_collateral_events
    where event in ('sent', 'opened', 'clicked', 'downloaded')
) as typed
where event is not null
    and occurred is not null
    and item in (select item from work.collateral)
order by event, line desc;

create table work.quotas as
select
    cast(id_of(rep_id) as smallint) as rep,
    cast(month as date) as month,
    cast(amount as decimal(18, 2)) as amount,
    currency
from (
    select distinct on (rep_id, month) * from delivered.crm_quotas
    order by rep_id, month, line desc
) as latest;

create table work.legs as
select distinct on (leg)
    leg, call, direction, in_russia(outside) as outside, rep_email, extension, started, ended,
    coalesce(talk, ended - answered) as talk, is_answered
from (
    select
        id_of(call_id) as leg,
        call_of(coalesce(linked_id, call_id)) as call,
        cast(case direction when 'outbound' then 1 when 'inbound' then 2 when 'internal' then 3
            end as smallint) as direction,
        digits_of(case direction when 'outbound' then to_number
            when 'inbound' then from_number end) as outside,
        lower(rep_email) as rep_email,
        whole_of(extension) as extension,
        seconds_of(started_at) as started,
        answered_at,
        seconds_of(answered_at) as answered,
        ended_at,
        seconds_of(ended_at) as ended,
        talk_seconds,
        whole_of(talk_seconds) as talk,
        disposition = 'answered' as is_answered,
        line
    from delivered.telephony_calls
    where disposition in ('answered', 'no_answer', 'busy', 'failed', 'voicemail')
) as typed
where leg is not null
    and direction is not null
    and started is not null
    and not (answered_at is not null and answered is null)
    and not (ended_at is not null and ended is null)
    and not (talk_seconds is not null and talk is null)
    and coalesce(talk, 0) >= 0
    and coalesce(ended, started) >= started
    and coalesce(answered, started) >= started
    and coalesce(ended, answered, started) >= coalesce(answered, started)
    and coalesce(talk <= ended - started + 1, true)
order by leg, line desc;
