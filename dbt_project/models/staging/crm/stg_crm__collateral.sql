with collateral as (
    select * from {{ source('raw', 'crm_collateral') }}
),

cleaned as (
    select
        collateral_id,
        title,
        kind,
        topic,
        published_on,
        retired_on
    from collateral
)

select * from cleaned
