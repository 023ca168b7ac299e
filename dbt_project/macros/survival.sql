{# Kaplan-Meier estimator (Kaplan and Meier, JASA 53, 1958).

`relation` holds one row a subject: `columns` (what to estimate by), `duration`, `has_event`.
Gives one row per columns and duration at which somebody had the event: at_risk (still waiting just
before, those censored at that very moment among them), events, and the share that is still waiting
after it. Rounded to 12 digits, so that a share of exactly one half is one half. #}
{% macro survival_curve(relation, columns, duration, has_event) %}
    select
        {{ columns | join(", ") }},
        {{ duration }} as duration,
        at_risk,
        events,
        round(
            case
                when min(at_risk - events) over (
                    partition by {{ columns | join(", ") }} order by {{ duration }}
                ) = 0 then 0
                else exp(
                    sum(ln(greatest(at_risk - events, 1) / cast(at_risk as double))) over (
                        partition by {{ columns | join(", ") }} order by {{ duration }}
                    )
                )
            end,
            12
        ) as still_waiting
    from (
        select
            {{ columns | join(", ") }},
            {{ duration }},
            events,
            sum(subjects) over (
                partition by {{ columns | join(", ") }}
                order by {{ duration }} desc
                rows between unbounded preceding and current row
            ) as at_risk
        from (
            select
                {{ columns | join(", ") }},
                {{ duration }},
                count(*) as subjects,
                count(*) filter (where {{ has_event }}) as events
            from {{ relation }}
            group by {{ columns | join(", ") }}, {{ duration }}
        ) as at_durations
    ) as risk_sets
    where events > 0
{% endmacro %}
