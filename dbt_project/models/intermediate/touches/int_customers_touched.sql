with unioned as not materialized (
    select * from {{ ref('int_touches_unioned') }}
),

matched as (
    select * from {{ ref('int_touches_matched_to_leads') }}
    where lead_id is null
),

contacts as (
    select * from {{ ref('int_contacts_resolved') }}
    where contact_id = survivor_id
),

deals as (
    select * from {{ ref('int_deals_resolved') }}
),

with_customer as (
    select
        matched.touch_key,
        coalesce(contacts.account_id, matched.contact_id, deals.customer_id) as customer_id,
        case
            when contacts.account_id is not null then 'account'
            when matched.contact_id is not null then 'contact'
            else deals.customer_kind
        end as customer_kind
    from matched
    inner join unioned on matched.touch_key = unioned.touch_key
    left join contacts on matched.contact_id = contacts.contact_id
    left join deals on unioned.deal_id = deals.deal_id
),

known as (
    select * from with_customer
    where customer_id is not null
)

select * from known
