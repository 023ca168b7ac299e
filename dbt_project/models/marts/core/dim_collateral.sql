with collateral as (
    select * from {{ ref('stg_crm__collateral') }}
),

described as (
    select
        collateral_id,
        title,
        kind,
        topic,
        published_on,
        retired_on,
        coalesce(published_on <= {{ local_date(as_of()) }}, true)
        and coalesce(retired_on > {{ local_date(as_of()) }}, true) as is_in_force
    from collateral
)

select * from described
