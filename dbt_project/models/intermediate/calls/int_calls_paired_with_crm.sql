-- Longer than most: by id and by number is one decision: what the first takes, the second must not.
with activities as not materialized (
    select * from {{ ref('stg_crm__activities') }}
    where kind = 'call' and not is_deleted
),

calls as not materialized (
    select * from {{ ref('int_calls_merged_from_legs') }}
),

legs as not materialized (
    select * from {{ ref('int_call_legs') }}
),

reps as (
    select * from {{ ref('stg_crm__reps') }}
),

crm_numbers as (
    select * from {{ ref('int_crm_calls_numbered') }}
),

-- The CRM holds the telephony's own id, of the call or of a leg of it.
named_ids as (
    select
        activities.activity_key,
        activities.activity_id,
        activities.started_at,
        connectors.connector || ':' || activities.telephony_call_id as named_id
    from activities
    cross join (select distinct connector from calls) as connectors
    where activities.telephony_call_id is not null
),

named_calls as (
    select
        activity_key,
        activity_id,
        started_at,
        named_id as call_id
    from named_ids
    union
    select
        named_ids.activity_key,
        named_ids.activity_id,
        named_ids.started_at,
        legs.call_id
    from named_ids
    inner join legs on named_ids.named_id = legs.leg_id
),

explicit_candidates as (
    select
        named_calls.activity_key,
        named_calls.activity_id,
        calls.call_key,
        calls.call_id,
        abs({{ seconds_between('named_calls.started_at', 'calls.started_at') }}) as seconds_apart
    from named_calls
    inner join calls on named_calls.call_id = calls.call_id
),

nearest_calls as (
    select *
    from (
        select
            *,
            row_number() over (partition by activity_key order by seconds_apart, call_id)
                as call_rank
        from explicit_candidates
    ) as ranked_calls
    where call_rank = 1
),

-- Several activities that name one call are that one call; the nearest gives its links.
explicit_pairs as (
    select
        activity_key,
        call_key,
        case
            when row_number() over (partition by call_key order by seconds_apart, activity_id) = 1
                then 'explicit'
            else 'explicit_again'
        end as pair_rule
    from nearest_calls
),

unpaired_activities as not materialized (
    select
        activities.activity_key,
        activities.activity_id,
        activities.direction,
        reps.rep_id,
        activities.started_at,
        crm_numbers.e164,
        {{ epoch_seconds('activities.started_at') }} as started_second
    from activities
    inner join crm_numbers on activities.activity_key = crm_numbers.activity_key
    left join reps on activities.rep_id = reps.rep_id
    where activities.activity_key not in (select activity_key from explicit_candidates)
),

-- An equi-join on number, direction and bucket of time: a range join would cross a number's calls.
-- Of buckets that are much longer than the window, few activities look into two.
bucketed_activities as (
    select
        *,
        {{ call_bucket('started_second - ' ~ var('call_match_seconds')) }} as bucket
    from unpaired_activities
    union all
    select
        *,
        {{ call_bucket('started_second + ' ~ var('call_match_seconds')) }} as bucket
    from unpaired_activities
    where {{ call_bucket('started_second - ' ~ var('call_match_seconds')) }}
        <> {{ call_bucket('started_second + ' ~ var('call_match_seconds')) }}
),

unpaired_calls as (
    select
        *,
        {{ call_bucket(epoch_seconds('started_at')) }} as bucket
    from calls
    where not is_internal
        and e164 is not null
        and call_key not in (select call_key from explicit_pairs)
),

candidates as (
    select
        bucketed_activities.activity_key,
        bucketed_activities.activity_id,
        unpaired_calls.call_key,
        unpaired_calls.call_id,
        abs({{ seconds_between('bucketed_activities.started_at', 'unpaired_calls.started_at') }})
            as seconds_apart
    from bucketed_activities
    inner join unpaired_calls
        on bucketed_activities.e164 = unpaired_calls.e164
        and bucketed_activities.direction = unpaired_calls.direction
        and bucketed_activities.bucket = unpaired_calls.bucket
    where abs({{ seconds_between('bucketed_activities.started_at', 'unpaired_calls.started_at') }})
        <= {{ var('call_match_seconds') }}
        and (
            bucketed_activities.rep_id is null
            or unpaired_calls.has_unknown_rep
            or list_contains(unpaired_calls.rep_ids, bucketed_activities.rep_id)
        )
),

ranked as (
    select
        activity_key,
        call_key,
        row_number() over (partition by activity_key order by seconds_apart, call_id) as call_rank,
        row_number() over (partition by call_key order by seconds_apart, activity_id)
            as activity_rank
    from candidates
),

-- Each is the other's nearest.
number_pairs as (
    select
        activity_key,
        call_key,
        'number' as pair_rule
    from ranked
    where call_rank = 1 and activity_rank = 1
),

pairs as (
    select * from explicit_pairs
    union all
    select * from number_pairs
)

select * from pairs
