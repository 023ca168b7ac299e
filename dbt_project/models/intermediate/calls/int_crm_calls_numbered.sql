with activities as not materialized (
    select * from {{ ref('stg_crm__activities') }}
    where kind = 'call' and not is_deleted
),

contacts as (
    select * from {{ ref('int_contacts_resolved') }}
),

phone_numbers as (
    select * from {{ ref('stg_telephony__phone_numbers') }}
),

contact_points as (
    select * from {{ ref('int_contact_points') }}
    where kind = 'phone'
),

own_numbers as (
    select
        activities.activity_key,
        phone_numbers.e164
    from activities
    inner join phone_numbers on activities.phone = phone_numbers.written
),

contact_numbers as (
    select
        activities.activity_key,
        contact_points.point as e164
    from activities
    inner join contacts on activities.contact_id = contacts.contact_id
    inner join contact_points on contacts.survivor_id = contact_points.contact_id
    where activities.activity_key not in (select activity_key from own_numbers)
),

numbers as (
    select * from own_numbers
    union
    select * from contact_numbers
)

select * from numbers
