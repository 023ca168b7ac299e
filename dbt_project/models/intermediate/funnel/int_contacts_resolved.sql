with contacts as (
    select * from {{ ref('stg_crm__contacts') }}
),

merged_records as (
    select * from {{ ref('int_records_merged') }}
    where object_type = 'contact'
),

survivors as (
    select
        contacts.contact_id,
        coalesce(merged_records.survivor_id, contacts.contact_id) as survivor_id,
        contacts.account_id,
        contacts.phones,
        contacts.emails
    from contacts
    left join merged_records on contacts.contact_id = merged_records.object_id
),

resolved as (
    select
        survivors.contact_id,
        survivors.survivor_id,
        surviving.account_id,
        survivors.phones,
        survivors.emails,
        surviving.is_deleted
    from survivors
    inner join contacts as surviving on survivors.survivor_id = surviving.contact_id
)

select * from resolved
