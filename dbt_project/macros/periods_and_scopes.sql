{# Rows with day, rep_id, team and lead_source -> one row a period and scope that they count in.

`columns` are carried along. Counts are added up by day before this, so that what is multiplied by
twelve is small. #}
{% macro in_periods_and_scopes(relation, columns) %}
    select
        periods.period_grain,
        periods.period_start,
        {{ scope_columns() }},
        {{ columns | join(",\n        ") }}
    from {{ relation }}
    inner join {{ ref('dim_periods') }} as periods on {{ relation }}.day = periods.day
    cross join ({{ scopes() }}) as scopes
{% endmacro %}

{# The same without periods. #}
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
    left join {{ ref('dim_reps') }} as reps
        on {{ relation }}.scope = 'rep' and {{ relation }}.scope_value = reps.rep_id
{%- endmacro %}
