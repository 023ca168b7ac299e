with collateral_events as (
    select * from {{ source('raw', 'crm_collateral_events') }}
),

seen as (
    select
        event_id,
        collateral_id,
        event,
        occurred_at,
        rep_id,
        contact_id,
        lead_id,
        deal_id,
        activity_id
    from collateral_events
    where occurred_at <= {{ as_of() }}
        and {{ is_affected("'event'", 'event_id') }}
)

select * from seen
