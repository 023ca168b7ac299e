with contacts as (
    select * from {{ source('raw', 'crm_contacts') }}
),

seen as (
    select
        contact_id,
        account_id,
        full_name,
        lower(emails) as emails,
        phones,
        time_zone,
        created_at,
        coalesce(is_deleted, false) as is_deleted,
        merged_into_id
    from contacts
    where (created_at is null or created_at <= {{ as_of() }})
        and {{ is_affected("'contact'", 'contact_id') }}
)

select * from seen
