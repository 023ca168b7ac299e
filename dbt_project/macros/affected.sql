{# On a normal night only what new, changed and newly seen rows touch is computed (see
orchestration/affected/): staging and intermediate hold the affected records, and the tables of
marts.core that are `incremental` give these rows up and take them in anew. With the var scope =
all, everything is computed, and an incremental table is made anew (--full-refresh).

A record's rows are computed from records that it is linked with, and from nothing else but seeds,
reps and vars: a model that breaks this must not stand between staging and marts.core. #}

{% macro is_affected(kind, id) -%}
    {%- if var('scope') == 'all' -%}
        true
    {%- else -%}
        {{ id }} in (select id from {{ source('raw', 'affected') }} where kind = {{ kind }})
    {%- endif -%}
{%- endmacro %}

{# The strategy of these tables: `config.meta.affected` of a model is the SQL condition of the rows
that are computed anew. #}
{% macro get_incremental_affected_sql(arguments) -%}
    {%- set columns = get_quoted_csv(arguments['dest_columns'] | map(attribute='name')) -%}
    delete from {{ arguments['target_relation'] }} where {{ model.config.meta['affected'] }};
    insert into {{ arguments['target_relation'] }} ({{ columns }})
    select {{ columns }} from {{ arguments['temp_relation'] }}
{%- endmacro %}

{# Counts that add up need no second look at all rows: on a normal night those that the night put
in count once, and those that it took out once less (`sign`). With scope = all every row counts. #}
{% macro changes_of(fact, was, columns) %}
    select
        {{ (columns + ['1 as sign']) | join(',\n        ') }}
    from {{ fact }}
    {%- if var('scope') == 'affected' %}
    where {{ affected_rows_of(fact.identifier) }}
    union all
    select
        {{ (columns + ['-1 as sign']) | join(',\n        ') }}
    from {{ was }}
    {%- endif %}
{% endmacro %}

{# The rows of a mart that tonight's night gives up, as they are before it does; the mart is to
depend on the model that keeps them. #}
{% macro rows_to_give_up(fact, columns) %}
    {%- if execute -%}
    {%- set mart = graph.nodes['model.touchline.' ~ fact] -%}
    {%- if var('scope') == 'affected' -%}
    select {{ columns | join(', ') }}
    from {{ api.Relation.create(mart.database, mart.schema, mart.alias) }}
    where {{ affected_rows_of(fact) }}
    {%- else -%}
    select
        {%- for column in columns %}
        cast(null as {{ mart.columns[column].data_type }}) as {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    where false
    {%- endif -%}
    {%- endif -%}
{% endmacro %}

{% macro affected_rows_of(fact) -%}
    {%- if execute -%}
    {{ graph.nodes['model.touchline.' ~ fact].config.meta['affected'] | trim }}
    {%- endif -%}
{%- endmacro %}

{# The strategy of the sums: the night's rows are added to what their cells hold. Only whole numbers
and decimals are, so that the order of nights leaves no trace. #}
{% macro get_incremental_added_sql(arguments) -%}
    {%- set target, changes = arguments['target_relation'], arguments['temp_relation'] -%}
    {%- set cell = model.config.meta['cell'] | join(', ') -%}
    {%- set columns = arguments['dest_columns'] | map(attribute='name') | join(', ') -%}
    insert into {{ changes }} ({{ columns }})
    select {{ columns }} from {{ target }} where ({{ cell }}) in (select {{ cell }} from {{ changes }});
    delete from {{ target }} where ({{ cell }}) in (select {{ cell }} from {{ changes }});
    insert into {{ target }} ({{ columns }})
    select
        {%- for column in arguments['dest_columns'] %}
        {% if column.name in model.config.meta['cell'] -%}
        {{ column.name }}
        {%- else -%}
        cast(sum({{ column.name }}) as {{ column.dtype }}) as {{ column.name }}
        {%- endif -%}
        {{ ',' if not loop.last }}
        {%- endfor %}
    from {{ changes }}
    group by {{ cell }}
{%- endmacro %}
