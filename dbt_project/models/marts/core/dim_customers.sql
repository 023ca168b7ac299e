with leads as (
    select * from {{ ref('int_leads_resolved') }}
),

deals as (
    select * from {{ ref('int_deals_resolved') }}
),

customers_touched as (
    select * from {{ ref('int_customers_touched') }}
),

accounts as (
    select * from {{ ref('stg_crm__accounts') }}
),

contacts as (
    select * from {{ ref('stg_crm__contacts') }}
),

-- A touch of a lead has the lead's customer.
named as (
    select customer_id, customer_kind from leads
    union
    select customer_id, customer_kind from deals where customer_id is not null
    union
    select customer_id, customer_kind from customers_touched
),

-- A condition on the left side of a left join would compare every row with every row.
keyed as (
    select
        *,
        case when customer_kind = 'account' then customer_id end as account_id,
        case when customer_kind = 'contact' then customer_id end as contact_id
    from named
),

wins as (
    select
        customer_id,
        customer_kind,
        min(closed_at) as first_won_at,
        count(*) as contracts
    from deals
    where funnel_step = 'won' and exclusion_reason is null
    group by customer_id, customer_kind
),

described as (
    select
        keyed.customer_id,
        keyed.customer_kind,
        case
            when {{ var('publish_personal_data') | lower }}
                then coalesce(accounts.account_name, contacts.full_name)
        end as customer_name,
        accounts.industry,
        accounts.country,
        wins.first_won_at,
        coalesce(wins.contracts, 0) as contracts
    from keyed
    left join accounts on keyed.account_id = accounts.account_id
    left join contacts on keyed.contact_id = contacts.contact_id
    left join wins
        on keyed.customer_id = wins.customer_id and keyed.customer_kind = wins.customer_kind
)

select * from described
