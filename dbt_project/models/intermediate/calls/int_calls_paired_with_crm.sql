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
native_ids as (
    select substr(call_id, length(connector) + 2) as native_id, call_id from legs
    union
    select substr(leg_id, length(connector) + 2) as native_id, call_id from legs
),

explicit_candidates as (
    select
        activities.activity_id,
        calls.call_id,
        abs({{ seconds_between('activities.started_at', 'calls.started_at') }}) as seconds_apart
    from activities
    inner join native_ids on activities.telephony_call_id = native_ids.native_id
    inner join calls on native_ids.call_id = calls.call_id
),

named_calls as (
    select *
    from (
        select
            *,
            row_number() over (partition by activity_id order by seconds_apart, call_id)
                as call_rank
        from explicit_candidates
    ) as ranked_calls
    where call_rank = 1
),

-- Several activities that name one call are that one call; the nearest gives its links.
explicit_pairs as (
    select
        activity_id,
        call_id,
        case
            when row_number() over (partition by call_id order by seconds_apart, activity_id) = 1
                then 'explicit'
            else 'explicit_again'
        end as pair_rule
    from named_calls
),

-- An equi-join on number, direction and bucket of time: a range join would cross a number's calls.
unpaired_activities as (
    select
        activities.activity_id,
        activities.direction,
        reps.rep_id,
        activities.started_at,
        crm_numbers.e164,
        cast(
            floor({{ epoch_seconds('activities.started_at') }} / {{ var('call_match_seconds') }})
            as bigint
        ) + neighbours.shift as bucket
    from activities
    inner join crm_numbers on activities.activity_id = crm_numbers.activity_id
    left join reps on activities.rep_id = reps.rep_id
    cross join (
        select -1 as shift
        union all
        select 0 as shift
        union all
        select 1 as shift
    ) as neighbours
    where activities.activity_id not in (select activity_id from explicit_candidates)
),

unpaired_calls as (
    select
        *,
        cast(floor({{ epoch_seconds('started_at') }} / {{ var('call_match_seconds') }}) as bigint)
            as bucket
    from calls
    where not is_internal
        and e164 is not null
        and call_id not in (select call_id from explicit_pairs)
),

candidates as (
    select distinct
        unpaired_activities.activity_id,
        unpaired_calls.call_id,
        abs({{ seconds_between('unpaired_activities.started_at', 'unpaired_calls.started_at') }})
            as seconds_apart
    from unpaired_activities
    inner join unpaired_calls
        on unpaired_activities.e164 = unpaired_calls.e164
        and unpaired_activities.direction = unpaired_calls.direction
        and unpaired_activities.bucket = unpaired_calls.bucket
    where abs({{ seconds_between('unpaired_activities.started_at', 'unpaired_calls.started_at') }})
        <= {{ var('call_match_seconds') }}
        and (
            unpaired_activities.rep_id is null
            or unpaired_calls.has_unknown_rep
            or list_contains(unpaired_calls.rep_ids, unpaired_activities.rep_id)
        )
),

ranked as (
    select
        *,
        row_number() over (partition by activity_id order by seconds_apart, call_id) as call_rank,
        row_number() over (partition by call_id order by seconds_apart, activity_id)
            as activity_rank
    from candidates
),

-- Each is the other's nearest.
number_pairs as (
    select
        activity_id,
        call_id,
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
