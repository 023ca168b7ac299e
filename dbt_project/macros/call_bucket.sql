{# The bucket of time, thirty windows long, that a second of the epoch lies in. #}
{% macro call_bucket(second) -%}
    cast(floor(({{ second }}) / {{ 30 * var('call_match_seconds') }}) as bigint)
{%- endmacro %}
