-- Longer than most: a step of one long script, and no model.
-- Legs -> calls, and which of them stand in the CRM too.

-- An extension that was passed on is its present owner's.
create table work.rep_points as
with points as (
    select 'email' as kind, email, null as number, rep, is_active from work.reps
    where email is not null
    union all
    select 'extension' as kind, null as email, extension as number, rep, is_active from work.reps
    where extension is not null
    union all
    select 'phone' as kind, null as email, phone as number, rep, is_active from work.reps
    where phone is not null
),

ranked as (
    select
        *,
        row_number() over (
            partition by kind, email, number order by is_active desc, rep
        ) as place
    from points
)

select kind, email, number, rep from ranked where place = 1;

-- Most calls have one leg: only the others need to be put in order.
create table work.legs_known as
select
    legs.leg,
    legs.call,
    legs.direction,
    legs.direction = 3 or rep_outside.rep is not null or extensions_outside.rep is not null
        as is_internal,
    case when legs.outside >= 10000000000 and placeholders.number is null then legs.outside end
        as phone,
    coalesce(emails.rep, extensions.rep) as rep,
    legs.started,
    legs.ended,
    legs.talk,
    legs.is_answered
from work.legs as legs
left join work.rep_points as emails on emails.kind = 'email' and legs.rep_email = emails.email
left join work.rep_points as extensions
    on extensions.kind = 'extension' and legs.extension = extensions.number
left join work.rep_points as extensions_outside
    on extensions_outside.kind = 'extension' and legs.outside = extensions_outside.number
left join work.rep_points as rep_outside
    on rep_outside.kind = 'phone' and legs.outside = rep_outside.number
left join work.placeholders as placeholders on legs.outside = placeholders.number;

drop table work.legs;

create table work.calls_of_legs as
select call from work.legs_known group by call having count(*) > 1;

create table work.calls as
with numbered as (
    select
        *,
        row_number() over (partition by call order by is_internal, started, leg) as outside_place,
        row_number() over (
            partition by call
            order by is_answered desc, coalesce(talk, 0) desc, started, leg
        ) as talk_place,
        row_number() over (partition by call order by started, leg) as place
    from work.legs_known
    where call in (select call from work.calls_of_legs)
),

of_legs as (
    select
        call,
        cast(case when bool_and(is_internal) then 3
            else max(case when outside_place = 1 then direction end) end as smallint) as direction,
        bool_and(is_internal) as is_internal,
        -- The first leg with somebody outside whose number is known.
        max(case when phone_place = 1 then phone end) as phone,
        min(started) as started,
        max(ended) as ended,
        bool_or(is_answered) as is_answered,
        sum(talk) filter (where is_answered) as talk,
        max(case when is_answered and talk_place = 1 then rep end) as answering_rep,
        max(case when place = 1 then rep end) as first_rep,
        bool_or(rep is null) as has_unknown_rep
    from (
        select
            *,
            case when not is_internal and phone is not null then row_number() over (
                partition by call, not is_internal and phone is not null order by outside_place
            ) end as phone_place
        from numbered
    ) as with_phone_places
    group by call
)

select
    call,
    true as has_legs,
    direction,
    is_internal,
    phone,
    started,
    ended,
    is_answered,
    cast(case when is_answered then talk else 0 end as integer) as talk,
    case when is_answered then answering_rep else first_rep end as rep,
    has_unknown_rep
from of_legs
union all
select
    call,
    false as has_legs,
    cast(case when is_internal then 3 else direction end as smallint) as direction,
    is_internal,
    case when not is_internal then phone end as phone,
    started,
    ended,
    is_answered,
    cast(case when is_answered then talk else 0 end as integer) as talk,
    rep,
    rep is null as has_unknown_rep
from work.legs_known as legs
where not exists (select 1 from work.calls_of_legs as many where many.call = legs.call);

-- The CRM holds the telephony's own id: that of a call, or that of a leg of it.
create table work.pairs_told as
with candidates as (
    select
        activities.activity,
        calls.call,
        abs(activities.started - calls.started) as apart
    from work.activities as activities
    inner join work.calls as calls on activities.named_call = calls.call
    where activities.channel = 1 and not activities.is_deleted
    union
    select
        activities.activity,
        calls.call,
        abs(activities.started - calls.started) as apart
    from work.activities as activities
    inner join work.legs_known as legs on activities.named_call = legs.leg + 2000000000000
    inner join work.calls as calls on legs.call = calls.call
    where activities.channel = 1 and not activities.is_deleted
),

ranked as (
    select
        *,
        row_number() over (partition by activity order by apart, call) as call_rank
    from candidates
)

select
    activity,
    call,
    row_number() over (partition by call order by apart, activity) > 1 as is_again
from ranked
where call_rank = 1;

create table work.contact_phones as
with written as (
    select
        survivor as contact,
        unnest(string_to_array(phones, ';')) as cell
    from work.contacts_resolved
    where not is_deleted and phones is not null
),

numbers as (
    select contact, digits_of(cell) as number from written
)

select distinct
    contact,
    in_russia(number) as phone
from numbers
where in_russia(number) >= 10000000000
    and in_russia(number) not in (select number from work.placeholders);

-- Else the nearest call of the same number and direction, at most 120 s away, each the other's.
-- An hour's bucket holds nearly all that lies near a moment: few rows look into two.
create table work.pairs_found as
with unpaired as (
    select
        activities.activity,
        activities.direction,
        reps.rep,
        activities.started,
        activities.phone,
        coalesce(odd.survivor, activities.contact) as contact
    from work.activities as activities
    left join work.reps as reps on activities.rep = reps.rep
    left join work.odd_contacts as odd on activities.contact = odd.contact
    where activities.channel = 1
        and not activities.is_deleted
        and not exists (
            select 1 from work.pairs_told as told where told.activity = activities.activity
        )
),

numbered as (
    select activity, direction, rep, started, phone
    from unpaired
    where phone is not null
    union all
    select
        unpaired.activity,
        unpaired.direction,
        unpaired.rep,
        unpaired.started,
        points.phone
    from unpaired
    inner join work.contact_phones as points on unpaired.contact = points.contact
    where unpaired.phone is null
),

bucketed as (
    select *, (started - 120) // 3600 as bucket from numbered
    union all
    select *, (started + 120) // 3600 as bucket
    from numbered
    where (started - 120) // 3600 <> (started + 120) // 3600
),

near as (
    select
        bucketed.activity,
        bucketed.rep,
        calls.call,
        case when calls.has_legs then calls.call end as call_of_legs,
        calls.rep as call_rep,
        calls.has_unknown_rep,
        abs(bucketed.started - calls.started) as apart
    from bucketed
    inner join work.calls as calls
        on bucketed.phone = calls.phone
        and bucketed.direction = calls.direction
        and bucketed.bucket = calls.started // 3600
    where abs(bucketed.started - calls.started) <= 120
        and not calls.is_internal
        and not exists (select 1 from work.pairs_told as told where told.call = calls.call)
),

candidates as (
    select distinct
        near.activity,
        near.call,
        near.apart
    from near
    left join work.legs_known as legs
        on near.call_of_legs = legs.call and near.rep = legs.rep
    where near.rep is null
        or near.has_unknown_rep
        or near.rep = near.call_rep
        or legs.leg is not null
),

ranked as (
    select
        activity,
        call,
        row_number() over (partition by activity order by apart, call) as call_rank,
        row_number() over (partition by call order by apart, activity) as activity_rank
    from candidates
)

select activity, call
from ranked
where call_rank = 1 and activity_rank = 1;

create table work.pairs as
select activity, call from work.pairs_told where not is_again
union all
select activity, call from work.pairs_found;

drop table work.legs_known;
