-- Longer than most: the many calls of one leg need none of the sorting that the others do.
with legs as not materialized (
    select * from {{ ref('int_call_legs') }}
),

calls_of_several_legs as (
    select call_id from legs
    group by call_id
    having count(*) > 1
),

alone as (
    select
        call_id,
        leg_key as call_key,
        connector,
        1 as legs,
        is_internal,
        direction,
        case when not is_internal then e164 end as e164,
        started_at,
        ended_at,
        disposition = 'answered' as is_answered,
        disposition = 'voicemail' as has_voicemail,
        case when disposition = 'answered' then talk_seconds end as talk_seconds,
        case when disposition = 'answered' then rep_id end as answering_rep_id,
        rep_id as first_rep_id,
        case when rep_id is not null then [rep_id] end as rep_ids,
        rep_id is null as has_unknown_rep
    from legs
    where call_id not in (select call_id from calls_of_several_legs)
),

-- The first leg with somebody outside says which way the call went: click-to-call rings the rep
-- first.
numbered as (
    select
        *,
        row_number() over (
            partition by call_id order by is_internal, started_at, leg_id
        ) as outside_position,
        row_number() over (
            partition by call_id
            order by
                disposition = 'answered' desc, coalesce(talk_seconds, 0) desc, started_at, leg_id
        ) as talk_position,
        row_number() over (partition by call_id order by started_at, leg_id) as position
    from legs
    where call_id in (select call_id from calls_of_several_legs)
),

merged as (
    select
        call_id,
        min(leg_key) as call_key,
        max(connector) as connector,
        count(*) as legs,
        bool_and(is_internal) as is_internal,
        max(case when outside_position = 1 then direction end) as direction,
        min_by(e164, outside_position) filter (where not is_internal) as e164,
        min(started_at) as started_at,
        max(ended_at) as ended_at,
        bool_or(disposition = 'answered') as is_answered,
        bool_or(disposition = 'voicemail') as has_voicemail,
        cast(sum(talk_seconds) filter (where disposition = 'answered') as decimal(18, 6))
            as talk_seconds,
        max(
            case
                when disposition = 'answered' and talk_position = 1 then rep_id
            end
        ) as answering_rep_id,
        max(case when position = 1 then rep_id end) as first_rep_id,
        list(distinct rep_id) filter (where rep_id is not null) as rep_ids,
        bool_or(rep_id is null) as has_unknown_rep
    from numbered
    group by call_id
),

together as (
    select * from merged
    union all
    select * from alone
),

attributed as (
    select
        call_id,
        call_key,
        connector,
        legs,
        is_internal,
        case when is_internal then 'internal' else direction end as direction,
        e164,
        started_at,
        ended_at,
        is_answered,
        has_voicemail,
        case when is_answered then talk_seconds else 0 end as talk_seconds,
        case when is_answered then answering_rep_id else first_rep_id end as rep_id,
        coalesce(rep_ids, []) as rep_ids,
        has_unknown_rep
    from together
)

select * from attributed
