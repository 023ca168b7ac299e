with quotas as (
    select * from {{ source('raw', 'crm_quotas') }}
),

cleaned as (
    select
        rep_id,
        cast(date_trunc('month', month) as date) as month,
        amount,
        upper(currency) as currency
    from quotas
)

select * from cleaned
