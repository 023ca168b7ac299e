with calls as (
    select * from {{ ref('stg_telephony__calls') }}
),

phone_numbers as (
    select * from {{ ref('stg_telephony__phone_numbers') }}
    where position = 0
),

reps as (
    select * from {{ ref('int_reps_called') }}
),

with_outside as (
    select
        *,
        case direction
            when 'outbound' then to_number
            when 'inbound' then from_number
        end as outside_number
    from calls
),

identified as (
    select
        with_outside.leg_key,
        with_outside.leg_id,
        with_outside.call_id,
        with_outside.connector,
        with_outside.direction = 'internal'
        or outside_extensions.rep_id is not null
        or outside_phones.rep_id is not null as is_internal,
        with_outside.direction,
        phone_numbers.e164,
        coalesce(rep_emails.rep_id, rep_extensions.rep_id) as rep_id,
        with_outside.started_at,
        with_outside.ended_at,
        with_outside.disposition,
        coalesce(
            with_outside.talk_seconds,
            case
                when with_outside.ended_at >= with_outside.answered_at
                    then {{ seconds_between('with_outside.answered_at', 'with_outside.ended_at') }}
            end
        ) as talk_seconds
    from with_outside
    left join phone_numbers on with_outside.outside_number = phone_numbers.written
    left join reps as rep_emails
        on with_outside.rep_email = rep_emails.point and rep_emails.kind = 'email'
    left join reps as rep_extensions
        on with_outside.extension = rep_extensions.point and rep_extensions.kind = 'extension'
    left join reps as outside_extensions
        on with_outside.outside_number = outside_extensions.point
        and outside_extensions.kind = 'extension'
    left join reps as outside_phones
        on phone_numbers.e164 = outside_phones.point and outside_phones.kind = 'phone'
)

select * from identified
