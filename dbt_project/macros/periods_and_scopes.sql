{# Longer than most: how every KPI mart goes by period and scope stands together. #}
{# Figures that add up: one row a period and scope.

`relation` has day, rep_id and lead_source; `figures` says how each is made of its rows: count(…),
sum(…), which keeps its type, min(…) or max(…). They are made once a day, for a rep and for a
source, and put together from there, a team's and the company's from the reps': no row is repeated
for each period and scope. `keys` are what else to go by. #}
{% macro add_up_in_periods_and_scopes(relation, figures, keys=[], by_source=true) %}
    {%- set made = [] -%}
    {%- set added_up = [] -%}
    {%- for name, how in figures.items() -%}
        {%- set again = (how[:4] if how[:4] in ('min(', 'max(') else 'sum(') ~ name ~ ')' -%}
        {%- set again = 'cast(' ~ again ~ ' as bigint)' if how.startswith('count(') else again -%}
        {%- do made.append(how ~ ' as ' ~ name) -%}
        {%- do added_up.append(again ~ ' as ' ~ name) -%}
    {%- endfor -%}
    {%- set groups = range(1, 5 + keys | length) | join(', ') %}
    with of_reps_and_sources as (
        select true as is_of_rep
        {%- if by_source %}
        union all
        select false as is_of_rep
        {%- endif %}
    ),

    told as (
        select
            {{ relation }}.*,
            of_reps_and_sources.is_of_rep,
            case
                when of_reps_and_sources.is_of_rep then coalesce({{ relation }}.rep_id, 'unknown')
                else coalesce({{ relation }}.lead_source, 'unknown')
            end as scope_value
        from {{ relation }}
        cross join of_reps_and_sources
    ),

    of_days as (
        select
            day,
            is_of_rep,
            scope_value,
            {{ (keys + made) | join(',\n            ') }}
        from told
        group by {{ (['day', 'is_of_rep', 'scope_value'] + keys) | join(', ') }}
    ),

    of_periods as (
        select
            periods.period_grain,
            periods.period_start,
            case when of_days.is_of_rep then 'rep' else 'lead_source' end as scope,
            of_days.scope_value,
            {{ (keys + added_up) | join(',\n            ') }}
        from of_days
        inner join {{ ref('dim_periods') }} as periods on of_days.day = periods.day
        group by {{ groups }}
    ),

    of_teams as (
        select
            period_grain,
            period_start,
            'team' as scope,
            coalesce(reps.team, 'unknown') as scope_value,
            {{ (keys + added_up) | join(',\n            ') }}
        from of_periods
        left join {{ ref('dim_reps') }} as reps on of_periods.scope_value = reps.rep_id
        where of_periods.scope = 'rep'
        group by {{ groups }}
    ),

    of_the_company as (
        select
            period_grain,
            period_start,
            'company' as scope,
            'all' as scope_value,
            {{ (keys + added_up) | join(',\n            ') }}
        from of_teams
        group by {{ groups }}
    )

    select * from of_periods
    union all
    select * from of_teams
    union all
    select * from of_the_company
{% endmacro %}

{# The first day of what a week has of a month: all its days lie in one week, month and quarter. #}
{% macro part_of_week(day) -%}
    {{ day }} - cast(least(isodow({{ day }}), dayofmonth({{ day }})) - 1 as integer)
{%- endmacro %}

{# How many different leads, as `name`, a period and scope.

`relation` has lead_number, source_number, rep_number, team_number and part (of a week), each once.
A lead counts where it comes first in a period: such rows can be added up, as other figures. #}
{% macro count_leads_in_periods_and_scopes(relation, sellers, sources, name) %}
    {%- set grains = ['week', 'month', 'quarter'] -%}
    {%- set among = {'company': '', 'team': ', team_number', 'rep': ', rep_number'} -%}
    with preceded as (
        select
            *
            {%- for scope, number in among.items() %},
            lag(part) over (
                partition by lead_number{{ number }} order by part
            ) as before_of_{{ scope }}
            {%- endfor %}
        from {{ relation }}
    ),

    parts as (
        select
            part,
            {% for grain in grains -%}
            cast(date_trunc('{{ grain }}', part) as date) as {{ grain }}{{ ',' if not loop.last }}
            {% endfor %}
        from (select distinct part from {{ relation }}) as known
    ),

    counted as (
        select
            preceded.part,
            preceded.rep_number,
            preceded.source_number
            {%- for scope in among %}
            {%- for grain in grains %},
            count(*) filter (
                where coalesce(preceded.before_of_{{ scope }} < parts.{{ grain }}, true)
            ) as {{ grain }}_of_{{ scope }}
            {%- endfor %}
            {%- endfor %}
        from preceded
        inner join parts on preceded.part = parts.part
        group by 1, 2, 3
    ),

    named as (
        select
            counted.*,
            {% for grain in grains -%}
            parts.{{ grain }},
            {% endfor -%}
            {{ sellers }}.rep,
            {{ sellers }}.team,
            {{ sources }}.lead_source
        from counted
        inner join parts on counted.part = parts.part
        inner join {{ sellers }} on counted.rep_number = {{ sellers }}.rep_number
        inner join {{ sources }} on counted.source_number = {{ sources }}.source_number
    )

    {% for grain in grains -%}
    {% for scope in ['company', 'team', 'rep', 'lead_source'] -%}
    select
        '{{ grain }}' as period_grain,
        {{ grain }} as period_start,
        '{{ scope }}' as scope,
        {{ "'all'" if scope == 'company' else scope }} as scope_value,
        cast(sum({{ grain }}_of_{{ scope if scope in among else 'company' }}) as bigint)
            as {{ name }}
    from named
    group by 1, 2, 3, 4
    {{ 'union all' if not (loop.last and grain == 'quarter') }}
    {% endfor -%}
    {% endfor %}
{% endmacro %}

{# Rows with rep_id, team and lead_source -> one row a scope that they count in. #}
{% macro in_scopes(relation, columns) %}
    select
        {{ scope_columns() }},
        {{ columns | join(",\n        ") }}
    from {{ relation }}
    cross join ({{ scopes() }}) as scopes
{% endmacro %}

{% macro scopes() -%}
    select 'company' as scope
    union all
    select 'team' as scope
    union all
    select 'rep' as scope
    union all
    select 'lead_source' as scope
{%- endmacro %}

{% macro scope_columns() -%}
    scopes.scope,
        case scopes.scope
            when 'company' then 'all'
            when 'team' then coalesce(team, 'unknown')
            when 'rep' then coalesce(rep_id, 'unknown')
            else coalesce(lead_source, 'unknown')
        end as scope_value
{%- endmacro %}

{# How people call a scope_value; needs dim_reps joined as reps on scope_value = rep_id. #}
{% macro scope_label(relation) -%}
    case
        when {{ relation }}.scope = 'company' then 'Whole company'
        when {{ relation }}.scope = 'rep' then coalesce(reps.full_name, {{ relation }}.scope_value)
        else {{ relation }}.scope_value
    end
{%- endmacro %}

{% macro join_scope_label(relation) -%}
    left join {{ ref('dim_reps') }} as reps on {{ relation }}.scope_value = reps.rep_id
{%- endmacro %}
