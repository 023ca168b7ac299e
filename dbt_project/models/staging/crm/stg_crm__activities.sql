with activities as (
    select
        {{ row_key() }} as activity_key,
        *
    from {{ source('raw', 'crm_activities') }}
),

seen as (
    select
        activity_key,
        activity_id,
        kind,
        direction,
        started_at,
        ended_at,
        duration_seconds,
        regexp_replace(lower(outcome), '[ -]+', '_', 'g') as outcome,
        rep_id,
        contact_id,
        lead_id,
        deal_id,
        phone,
        lower(email) as email,
        thread_id,
        coalesce(is_automated, false) as is_automated,
        telephony_call_id,
        _connector as connector,
        coalesce(is_deleted, false) as is_deleted
    from activities
    where started_at <= {{ as_of() }}
        and {{ is_affected("'activity'", 'activity_id') }}
)

select * from seen
