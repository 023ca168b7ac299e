-- A deleted contact's numbers and addresses name nobody.
with contacts as (
    select * from {{ ref('int_contacts_resolved') }}
    where not is_deleted
),

phone_numbers as (
    select * from {{ ref('stg_telephony__phone_numbers') }}
),

written_phones as (
    select
        survivor_id,
        trim(unnest(string_split(phones, ';'))) as written
    from contacts
    where phones is not null
),

written_emails as (
    select
        survivor_id,
        trim(unnest(string_split(emails, ';'))) as email
    from contacts
    where emails is not null
),

-- A merged contact's numbers and addresses lead to the contact that it became part of.
points as (
    select
        written_phones.survivor_id as contact_id,
        'phone' as kind,
        phone_numbers.e164 as point
    from written_phones
    inner join phone_numbers on written_phones.written = phone_numbers.written
    union
    select
        survivor_id as contact_id,
        'email' as kind,
        email as point
    from written_emails
    where email <> ''
)

select * from points
