{# Longer than most: how every KPI mart goes by period and scope stands together. #}
{# Figures that add up: one row a period and scope.

`relation` has day, rep_id and lead_source; `figures` says how each is made of its rows: count(…),
total(…) of whole numbers, sum(…), which keeps its type, min(…) or max(…). They are made once a part of a week, for a rep and
for a source, and put together from there, a team's and the company's from the reps': no row is
repeated for each period and scope. `keys` are what else to go by. #}
{% macro add_up_in_periods_and_scopes(relation, figures, keys=[], by_source=true) %}
    {%- set made = [] -%}
    {%- set added_up = [] -%}
    {%- for name, how in figures.items() -%}
        {%- set again = (how[:4] if how[:4] in ('min(', 'max(') else 'sum(') ~ name ~ ')' -%}
        {%- set is_whole = how.startswith('count(') or how.startswith('total(') -%}
        {%- set again = 'cast(' ~ again ~ ' as bigint)' if is_whole else again -%}
        {%- do made.append(how | replace('total(', 'sum(') ~ ' as ' ~ name) -%}
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

    of_parts as (
        select
            {{ part_of_week('day') }} as part,
            is_of_rep,
            scope_value,
            {{ (keys + made) | join(',\n            ') }}
        from told
        group by {{ ([1, 2, 3] + keys) | join(', ') }}
    ),

    parts as (
        select distinct
            {{ part_of_week('day') }} as part,
            period_grain,
            period_start
        from {{ ref('dim_periods') }}
    ),

    of_periods as (
        select
            parts.period_grain,
            parts.period_start,
            case when of_parts.is_of_rep then 'rep' else 'lead_source' end as scope,
            of_parts.scope_value,
            {{ (keys + added_up) | join(',\n            ') }}
        from of_parts
        inner join parts on of_parts.part = parts.part
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

{# How many different leads a period and scope: of rows with rep_id, team, lead_source and how many
leads come first in a period among a company's, a team's or a rep's. `names` of the figures say
which leads. #}
{% macro count_leads_in_periods_and_scopes(relation, names) %}
    {%- set grains = ['week', 'month', 'quarter'] -%}
    {%- set values = {
        'company': "'all'", 'team': 'team', 'rep': 'rep_id', 'lead_source': 'lead_source'
    } -%}
    {%- set shown = names.keys() | first -%}
    {% for grain in grains -%}
    {% for scope, value in values.items() -%}
    {%- set first = '_in_' ~ grain ~ '_of_' ~ ('company' if scope == 'lead_source' else scope) -%}
    select
        '{{ grain }}' as period_grain,
        cast(date_trunc('{{ grain }}', part) as date) as period_start,
        '{{ scope }}' as scope,
        {{ value }} as scope_value,
        {% for name, what in names.items() -%}
        cast(sum({{ what ~ first }}) as bigint) as {{ name }}{{ ',' if not loop.last }}
        {% endfor -%}
    from {{ relation }}
    group by 1, 2, 3, 4
    having sum({{ names[shown] ~ first }}) > 0
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
