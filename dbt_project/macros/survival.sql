{# Kaplan-Meier estimator (Kaplan and Meier, JASA 53, 1958).

`relation` holds one row a subject: `columns` (what to estimate by), `duration`, `has_event`.
Gives one row per columns and duration at which somebody had the event: at_risk (still waiting just
before, those censored at that very moment among them), events, and the share that is still waiting
after it. Rounded to 12 digits, so that a share of exactly one half is one half; added up exactly,
so that no digit hangs on the order of rows. #}
{% macro survival_curve(relation, columns, duration, has_event) %}
    {%- set by = columns | join(', ') %}
    select
        {{ by }},
        {{ duration }} as duration,
        at_risk,
        events,
        round(
            case
                when at_risk = events then 0
                else exp(
                    sum(
                        cast(
                            ln(greatest(at_risk - events, 1) / cast(at_risk as double))
                            as decimal(38, 20)
                        )
                    ) over (partition by {{ by }} order by {{ duration }})
                )
            end,
            12
        ) as still_waiting
    from (
        select
            {{ by }},
            {{ duration }},
            max(place) as at_risk,
            count(*) filter (where {{ has_event }}) as events
        from (
            select
                {{ by }},
                {{ duration }},
                {{ has_event }},
                row_number() over (partition by {{ by }} order by {{ duration }} desc) as place
            from {{ relation }}
        ) as placed
        group by {{ by }}, {{ duration }}
    ) as risk_sets
    where events > 0
{% endmacro %}

{# By when a share of placed rows had the event: one row a period and scope.

`shares` says of each column how many are still waiting then. The curve as above, but a row a
subject: of those who had the event at one moment each goes singly, which leaves as many, and nobody
has to be counted by moment first. #}
{% macro survival_percentiles_in_periods_and_scopes(placed, whose, duration, has_event, shares) %}
    {%- set numbers = {
        'company': '0', 'team': 'team_number', 'rep': 'rep_number', 'lead_source': 'source_number'
    } -%}
    {%- set names = {
        'company': "'all'", 'team': 'team', 'rep': 'rep', 'lead_source': 'lead_source'
    } -%}
    {% for grain in ['week', 'month', 'quarter'] -%}
    {% for scope, number in numbers.items() -%}
    select
        '{{ grain }}' as period_grain,
        period_start,
        '{{ scope }}' as scope,
        scope_value,
        {% for name, share in shares.items() -%}
        min(duration) filter (where still_waiting <= {{ share }}) as {{ name }}
        {{- ',' if not loop.last }}
        {% endfor %}
    from (
        select
            period_start,
            number,
            duration,
            round(
                case
                    when at_risk = 1 then 0
                    else exp(
                        sum(ln(greatest(at_risk - 1, 1) / cast(at_risk as double))) over (
                            partition by period_start, number
                            order by at_risk desc
                            rows between unbounded preceding and current row
                        )
                    )
                end,
                12
            ) as still_waiting
        from (
            select
                {{ grain }} as period_start,
                {{ number }} as number,
                {{ duration }} as duration,
                {{ has_event }} as has_event,
                row_number() over (
                    partition by {{ grain }}, {{ number }}
                    order by {{ duration }} desc, {{ has_event }}
                ) as at_risk
            from {{ placed }}
        ) as ranked
        where has_event
    ) as curve
    inner join (
        select distinct
            {{ number }} as whose_number,
            {{ names[scope] }} as scope_value
        from {{ whose }}
    ) as named on curve.number = named.whose_number
    group by period_start, scope_value
    {{ 'union all' if not (loop.last and grain == 'quarter') }}
    {% endfor -%}
    {% endfor %}
{% endmacro %}
