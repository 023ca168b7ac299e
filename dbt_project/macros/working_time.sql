{# Seconds that a team had worked up to a moment, and whether it is in its hours.

`moments` holds lead_id, hours_team and moment (UTC). Business time between two moments is the
difference of two of these. #}
{% macro worked_positions(moments) %}
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
    from {{ moments }} as moments
    inner join working_intervals
        on moments.hours_team = working_intervals.team
        and cast(moments.moment as date) = working_intervals.utc_day
    group by moments.lead_id, moments.moment
{% endmacro %}

{# Rows with first_owner_rep_id -> the same with hours_team: a team without hours of its own keeps
the company's (`*`). #}
{% macro with_hours_team(relation) %}
    select
        {{ relation }}.*,
        coalesce(teams_with_hours.team, '*') as hours_team
    from {{ relation }}
    left join reps on {{ relation }}.first_owner_rep_id = reps.rep_id
    left join (select distinct team from working_intervals) as teams_with_hours
        on reps.team = teams_with_hours.team
{% endmacro %}
