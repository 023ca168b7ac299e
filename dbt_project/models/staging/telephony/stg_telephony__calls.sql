with calls as (
    select
        {{ row_key() }} as leg_key,
        *
    from {{ source('raw', 'telephony_calls') }}
),

seen as (
    select
        leg_key,
        call_id as leg_id,
        coalesce(linked_id, call_id) as call_id,
        _connector as connector,
        direction,
        from_number,
        to_number,
        extension,
        lower(rep_email) as rep_email,
        started_at,
        answered_at,
        ended_at,
        talk_seconds,
        disposition,
        queue
    from calls
    where started_at <= {{ as_of() }}
        and {{ is_affected("'call'", 'coalesce(linked_id, call_id)') }}
)

select * from seen
