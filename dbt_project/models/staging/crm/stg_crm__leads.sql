with leads as (
    select * from {{ source('raw', 'crm_leads') }}
),

seen as (
    select
        lead_id,
        contact_id,
        account_id,
        owner_rep_id,
        _connector as connector,
        lead_source,
        lower(inquiry_channel) as inquiry_channel,
        lower(status) as status,
        coalesce(is_inquiry, inquiry_at <= {{ as_of() }}, false) as is_inquiry,
        -- One that is yet to come has not been asked.
        case when inquiry_at <= {{ as_of() }} then inquiry_at end as inquiry_at,
        created_at,
        updated_at,
        coalesce(is_deleted, false) as is_deleted,
        merged_into_id
    from leads
    where created_at <= {{ as_of() }}
        and {{ is_affected("'lead'", 'lead_id') }}
)

select * from seen
