with answered as (
    select * from {{ ref('int_leads_answered') }}
),

reps as (
    select * from {{ ref('stg_crm__reps') }}
),

working_intervals as (
    select * from {{ ref('int_working_intervals') }}
),

timed as (
    {{ with_hours_team('answered') }}
),

moments as (
    select lead_id, hours_team, clock_started_at as moment from timed where is_inquiry
    union
    select lead_id, hours_team, waited_until as moment from timed where is_inquiry
    union
    select lead_id, hours_team, answered_at as moment from timed where is_inquiry
),

positions as (
    {{ worked_positions('moments') }}
),

waited as (
    select
        timed.lead_id,
        timed.clock_started_at,
        timed.first_attempt_at,
        timed.first_contact_at,
        timed.response_status,
        timed.waited_until,
        {{ seconds_between('timed.clock_started_at', 'timed.waited_until') }} as waiting_seconds,
        cast(ends.worked_seconds - starts.worked_seconds as decimal(18, 6))
            as business_waiting_seconds,
        not answers.is_in_hours as is_answered_outside_hours
    from timed
    left join positions as starts
        on timed.lead_id = starts.lead_id and timed.clock_started_at = starts.moment
    left join positions as ends
        on timed.lead_id = ends.lead_id and timed.waited_until = ends.moment
    left join positions as answers
        on timed.lead_id = answers.lead_id and timed.answered_at = answers.moment
)

select * from waited
