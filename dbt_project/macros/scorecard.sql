{# Longer than most: what all measures of the scorecard share stands together. #}
{# First day after a period. #}
{% macro period_end(grain, start) -%}
    cast(
        case {{ grain }}
            when 'week' then {{ start }} + interval 7 day
            when 'month' then {{ start }} + interval 1 month
            else {{ start }} + interval 3 month
        end as date
    )
{%- endmacro %}

{# A KPI mart's rows with what the evidence of its measures ends with, made once for all of them:
when and whose, by each column that says whose a fact is. And with `values` of the period before.

A scope_value is the CRM's text: quotes in it are doubled. What nobody knows counts as `unknown`. #}
{% macro with_evidence(relation, values) %}
    select
        *,
        {% for rep in ['rep_id', 'first_owner_rep_id', 'closing_rep_id'] -%}
        in_period
        || coalesce(' and coalesce({{ rep }}, ''unknown'')' || by_rep, '')
        || coalesce(' and coalesce(lead_source, ''unknown'')' || by_source, '')
            as by_{{ rep }},
        {% endfor -%}
        {% for value in values -%}
        case when start_before = start_expected then {{ value }}_before end as previous_{{ value }}
        {{- ',' if not loop.last }}
        {% endfor %}
    from (
        select
            *,
            ' between date ''' || cast(period_start as varchar) || ''' and date '''
            || cast({{ period_end('period_grain', 'period_start') }} - 1 as varchar) || ''''
                as in_period,
            case
                when scope = 'rep' then ' = ' || {{ quoted('scope_value') }}
                when scope = 'team' and scope_value = 'unknown'
                    then ' not in (select rep_id from marts.dim_reps where team <> ''unknown'')'
                when scope = 'team'
                    then
                        ' in (select rep_id from marts.dim_reps where team = '
                        || {{ quoted('scope_value') }} || ')'
            end as by_rep,
            case when scope = 'lead_source' then ' = ' || {{ quoted('scope_value') }} end
                as by_source,
            cast(date_trunc(period_grain, period_start - 1) as date) as start_expected,
            {% for value in values -%}
            lag({{ value }}) over in_time as {{ value }}_before,
            {% endfor -%}
            lag(period_start) over in_time as start_before
        from {{ relation }}
        window in_time as (
            partition by period_grain, scope, scope_value order by period_start
        )
    ) as worded
{% endmacro %}

{% macro quoted(text) -%}
    '''' || replace({{ text }}, '''', '''''') || ''''
{%- endmacro %}

{# SQL that makes the text `fact where …`: the rows of a fact behind a figure of a period and scope.

`moment` is the fact's time that falls in the period, `rep` the rep that it is counted for. #}
{% macro evidence_of(fact, filter, moment, rep) -%}
    {%- set zone = "'" ~ var('business_timezone') ~ "'" -%}
    {%- set day = 'cast(' ~ in_zone(moment, zone) ~ ' as date)' -%}
    '{{ (fact ~ ' where ' ~ filter ~ ' and ' ~ day) | replace("'", "''") }}' || by_{{ rep }}
{%- endmacro %}

{# The same for rows that hang on other rows by `key`: `within` is the SQL of their evidence. #}
{% macro evidence_within(fact, filter, key, within) -%}
    '{{ fact }} where {{ filter | replace("'", "''") }} and {{ key }} in (select {{ key }} from marts.'
    || {{ within }} || ')'
{%- endmacro %}

{# Whose and when, of the facts that several measures stand on. #}
{% macro lead_evidence(filter='') -%}
    {{ evidence_of('fct_leads', 'not is_excluded' ~ filter, 'created_at', 'first_owner_rep_id') }}
{%- endmacro %}

{% macro inquiry_evidence(filter='') -%}
    {{ evidence_of(
        'fct_leads', 'not is_excluded and is_inquiry' ~ filter,
        'clock_started_at', 'first_owner_rep_id'
    ) }}
{%- endmacro %}

{% macro deal_evidence(filter) -%}
    {{ evidence_of('fct_deals', 'not is_excluded and ' ~ filter, 'closed_at', 'closing_rep_id') }}
{%- endmacro %}

{% macro event_evidence(filter) -%}
    {{ evidence_of(
        'fct_collateral_events', 'not is_excluded and ' ~ filter, 'occurred_at', 'rep_id'
    ) }}
{%- endmacro %}

{# One measure of a KPI mart, in the scorecard's shape; `value` is one of those of with_evidence().

`summed`: what to add up over the rows of evidence_numerator, where the numerator is not their
number. `caveat`: why the figure is not to be relied on, as far as only its own mart knows. #}
{% macro scorecard_measure(
    relation, kpi, measure, value, denominator, evidence,
    numerator='null', evidence_numerator='null', summed='', low='null', high='null', caveat='null'
) %}
    select
        period_grain,
        period_start,
        scope,
        scope_value,
        scope_label,
        '{{ kpi }}' as kpi,
        '{{ measure }}' as measure,
        cast({{ value }} as double) as value,
        cast(previous_{{ value }} as double) as previous_value,
        cast({{ numerator }} as double) as numerator,
        cast({{ denominator }} as double) as denominator,
        cast({{ low }} as double) as low,
        cast({{ high }} as double) as high,
        cast({{ caveat }} as varchar) as caveat,
        {{ evidence }} as evidence,
        cast({{ evidence_numerator }} as varchar) as evidence_numerator,
        {% if summed %}'{{ summed }}'{% else %}cast(null as varchar){% endif %} as evidence_summed
    from {{ relation }}
{% endmacro %}

{# The limits of a count of independent events (Byar's approximation of the exact Poisson limits:
N. E. Breslow and N. E. Day, Statistical Methods in Cancer Research II, 1987, p. 69). #}
{% macro count_low(events) -%}
    case when {{ events }} = 0 then 0.0 else
        {{ events }} * power(
            1 - 1.0 / (9 * {{ events }}) - {{ var('z_95') }} / (3 * sqrt({{ events }})), 3
        )
    end
{%- endmacro %}

{% macro count_high(events) -%}
    (
        ({{ events }} + 1) * power(
            1 - 1.0 / (9 * ({{ events }} + 1)) + {{ var('z_95') }} / (3 * sqrt({{ events }} + 1)), 3
        )
    )
{%- endmacro %}
