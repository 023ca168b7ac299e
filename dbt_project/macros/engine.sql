{# All that differs between engines stands here; the rest is SQL that DuckDB and Spark both take. #}

{% macro as_of() -%}
    cast('{{ var("as_of") }}' as timestamp)
{%- endmacro %}

{# UTC timestamp -> the local one, without a zone. #}
{% macro in_zone(moment, zone) -%}
    timezone({{ zone }}, timezone('UTC', {{ moment }}))
{%- endmacro %}

{# A local timestamp -> UTC; a time that a change of the clock skips is shifted forward. #}
{% macro from_zone(moment, zone) -%}
    timezone('UTC', timezone({{ zone }}, {{ moment }}))
{%- endmacro %}

{# A calendar's work for each row, a quarter of a second a million: UTC needs none, and the way to
a time with a zone is no calendar's. #}
{% macro local_date(moment) -%}
    {%- if var('business_timezone') == 'UTC' -%}
    cast({{ moment }} as date)
    {%- else -%}
    cast(
        timezone('{{ var("business_timezone") }}', make_timestamptz(epoch_us({{ moment }}))) as date
    )
    {%- endif -%}
{%- endmacro %}

{# Exact to the microsecond: date_diff counts boundaries, doubles add up differently each time. #}
{% macro seconds_between(earlier, later) -%}
    cast((epoch_us({{ later }}) - epoch_us({{ earlier }})) / 1000000.0 as decimal(18, 6))
{%- endmacro %}

{% macro add_seconds(moment, seconds) -%}
    {{ moment }} + to_microseconds(1000000 * cast({{ seconds }} as bigint))
{%- endmacro %}

{% macro epoch_seconds(moment) -%}
    epoch_us({{ moment }}) / 1000000
{%- endmacro %}

{# Continuous (interpolated) percentile of a share between 0 and 1. #}
{% macro percentile(value, share) -%}
    quantile_cont(cast({{ value }} as double), {{ share }})
{%- endmacro %}

{# A number of its own for each row of a raw table, the same for a whole night and no longer: in
joins and windows it stands for an id, which costs several times as much. It holds since the night
settles raw before (warehouse.settle_rows) and writes nothing to it after. #}
{% macro row_key() -%}
    rowid
{%- endmacro %}
