with deals as (
    select * from {{ source('raw', 'crm_deals') }}
),

seen as (
    select
        deal_id,
        lead_id,
        contact_id,
        account_id,
        owner_rep_id,
        _connector as connector,
        pipeline,
        lower(stage) as stage,
        amount,
        upper(currency) as currency,
        created_at,
        updated_at,
        closed_at,
        coalesce(is_deleted, false) as is_deleted,
        merged_into_id
    from deals
    where created_at <= {{ as_of() }}
        and {{ is_affected("'deal'", 'deal_id') }}
)

select * from seen
