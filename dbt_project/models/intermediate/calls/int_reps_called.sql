with reps as (
    select * from {{ ref('stg_crm__reps') }}
),

phone_numbers as (
    select * from {{ ref('stg_telephony__phone_numbers') }}
),

emails as (
    select 'email' as kind, email as point, rep_id, is_active from reps where email is not null
),

extensions as (
    select 'extension' as kind, extension as point, rep_id, is_active
    from reps
    where extension is not null
),

phones as (
    select 'phone' as kind, phone_numbers.e164 as point, reps.rep_id, reps.is_active
    from reps
    inner join phone_numbers on reps.phone = phone_numbers.written
),

points as (
    select * from emails
    union all
    select * from extensions
    union all
    select * from phones
),

-- An extension that was passed on is its present owner's.
ranked as (
    select
        *,
        row_number() over (partition by kind, point order by is_active desc, rep_id) as position
    from points
),

present as (
    select
        kind,
        point,
        rep_id
    from ranked
    where position = 1
)

select * from present
