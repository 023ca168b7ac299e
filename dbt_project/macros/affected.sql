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
