with accounts as (
    select * from {{ source('raw', 'crm_accounts') }}
),

seen as (
    select
        account_id,
        name as account_name,
        industry,
        country,
        created_at,
        coalesce(is_deleted, false) as is_deleted
    from accounts
    where (created_at is null or created_at <= {{ as_of() }})
        and {{ is_affected("'account'", 'account_id') }}
)

select * from seen
