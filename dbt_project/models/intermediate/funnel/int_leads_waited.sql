with answered as (
    select * from {{ ref('int_leads_answered') }}
),

reps as (
    select * from {{ ref('stg_crm__reps') }}
),

working_intervals as (
    select * from {{ ref('int_working_intervals') }}
),

teams_with_hours as (
    select distinct team from working_intervals
),

-- A team without hours of its own keeps the company's (`*`).
timed as (
    select
        answered.*,
        coalesce(teams_with_hours.team, '*') as hours_team
    from answered
    left join reps on answered.first_owner_rep_id = reps.rep_id
    left join teams_with_hours on reps.team = teams_with_hours.team
),

moments as (
    select lead_id, hours_team, clock_started_at as moment from timed where is_inquiry
    union
    select lead_id, hours_team, waited_until as moment from timed where is_inquiry
    union
    select lead_id, hours_team, answered_at as moment from timed where is_inquiry
),

-- Seconds that the team had worked up to a moment.
positions as (
    select
        moments.lead_id,
        moments.moment,
        max(working_intervals.seconds_before) + coalesce(
            sum(
                case
                    when moments.moment > working_intervals.opens_at
                        then {{ seconds_between(
                            'working_intervals.opens_at',
                            'least(moments.moment, working_intervals.closes_at)'
                        ) }}
                end
            ),
            0
        ) as worked_seconds,
        coalesce(
            bool_or(
                moments.moment >= working_intervals.opens_at
                and moments.moment < working_intervals.closes_at
            ),
            false
        ) as is_in_hours
    from moments
    inner join working_intervals
        on moments.hours_team = working_intervals.team
        and cast(moments.moment as date) = working_intervals.utc_day
    group by moments.lead_id, moments.moment
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
