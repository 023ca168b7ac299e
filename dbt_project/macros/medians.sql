{# Longer than most: each step of a median stands once. #}
{# Whose rows `relation` has (rep_id, lead_source), with numbers, which take less room than names. A
crowd is what a team has of a source. #}
{% macro number_whose(relation) %}
    {%- set team = "coalesce(reps.team, 'unknown')" %}
    select
        whose.rep,
        whose.lead_source,
        {{ team }} as team,
        cast(dense_rank() over (order by whose.rep) as integer) as rep_number,
        cast(dense_rank() over (order by {{ team }}) as integer) as team_number,
        cast(dense_rank() over (order by whose.lead_source) as integer) as source_number,
        cast(dense_rank() over (order by {{ team }}, whose.lead_source) as integer) as crowd_number
    from (
        select distinct
            coalesce(rep_id, 'unknown') as rep,
            coalesce(lead_source, 'unknown') as lead_source
        from {{ relation }}
    ) as whose
    left join {{ ref('dim_reps') }} as reps on whose.rep = reps.rep_id
{% endmacro %}

{# Rows with day, rep_id and lead_source -> the same with their periods and those numbers. #}
{% macro place_in_periods_and_scopes(relation, whose, columns) %}
    select
        {% for grain in ['week', 'month', 'quarter'] -%}
        cast(date_trunc('{{ grain }}', {{ relation }}.day) as date) as {{ grain }},
        {% endfor -%}
        {{ whose }}.rep_number,
        {{ whose }}.team_number,
        {{ whose }}.source_number,
        {{ whose }}.crowd_number,
        {{ columns | join(',\n        ') }}
    from {{ relation }}
    inner join {{ whose }}
        on coalesce({{ relation }}.rep_id, 'unknown') = {{ whose }}.rep
        and coalesce({{ relation }}.lead_source, 'unknown') = {{ whose }}.lead_source
{% endmacro %}

{% macro on_all(left, right, columns) -%}
    {% for column in columns -%}
    {{ left }}.{{ column }} = {{ right }}.{{ column }}{{ ' and ' if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{# The median of `value`, as `name`, of placed rows: one row a period and scope (and `keys`).

A median holds all its values in memory: four scopes of three grains would hold everything twelve
times. A rep's are taken a grain at a time. The others' are found in two steps: by counts, which add
up, in which bucket the median lies; then, of that bucket's values alone, which of them it is. Any
buckets do that keep the order of the values, as these do: square roots are rounded correctly. #}
{% macro medians_in_periods_and_scopes(placed, whose, value, name, keys=[]) %}
    {%- set grains = ['week', 'month', 'quarter'] -%}
    {%- set place = ['week', 'month', 'crowd_number'] -%}
    {%- set cell = ['period_grain', 'period_start', 'scope', 'scope_value'] -%}
    with told as (
        select
            {{ (grains + ['rep_number', 'crowd_number'] + keys) | join(', ') }},
            cast({{ value }} as double) as measured,
            cast(
                floor(64 * sign({{ value }}) * sqrt(sqrt(abs({{ value }})))) as integer
            ) as bucket
        from {{ placed }}
        where {{ value }} is not null
    ),

    held as (
        select
            {{ (place + keys) | join(', ') }},
            min(quarter) as quarter,
            bucket,
            count(*) as values_held
        from told
        group by {{ (place + keys + ['bucket']) | join(', ') }}
    ),

    places as (
        select distinct
            {% for column in place %}held.{{ column }}, {% endfor %}
            held.quarter,
            {{ whose }}.team,
            {{ whose }}.lead_source
        from (select distinct {{ place | join(', ') }}, quarter from held) as held
        inner join {{ whose }} on held.crowd_number = {{ whose }}.crowd_number
    ),

    cells as (
        select
            *,
            dense_rank() over (order by {{ cell | join(', ') }}) as cell
        from (
            {% for grain in grains -%}
            {% for scope in ['company', 'team', 'lead_source'] -%}
            select
                '{{ grain }}' as period_grain,
                {{ grain }} as period_start,
                '{{ scope }}' as scope,
                {{ "'all'" if scope == 'company' else scope }} as scope_value,
                {{ place | join(', ') }}
            from places
            {{ 'union all' if not (loop.last and grain == 'quarter') }}
            {% endfor -%}
            {% endfor -%}
        ) as unnumbered
    ),

    held_in_cells as (
        select
            {{ (['cells.cell'] + keys + ['held.bucket']) | join(', ') }},
            sum(held.values_held) as values_held
        from held
        inner join cells on {{ on_all('held', 'cells', place) }}
        group by {{ (['cells.cell'] + keys + ['held.bucket']) | join(', ') }}
    ),

    counted as (
        select
            *,
            sum(values_held) over (
                partition by {{ (['cell'] + keys) | join(', ') }} order by bucket
            ) as up_to,
            sum(values_held) over (partition by {{ (['cell'] + keys) | join(', ') }}) as in_all
        from held_in_cells
    ),

    -- One bucket a cell, or two where the two values in the middle lie in two.
    wanted as (
        select
            {% for column in place + keys + ['bucket'] %}held.{{ column }}, {% endfor %}
            counted.cell,
            counted.up_to - counted.values_held as before,
            counted.in_all
        from held
        inner join cells on {{ on_all('held', 'cells', place) }}
        inner join counted
            on cells.cell = counted.cell and {{ on_all('held', 'counted', keys + ['bucket']) }}
        where 2 * counted.up_to >= counted.in_all
            and 2 * (counted.up_to - counted.values_held) <= counted.in_all
    ),

    ranked as (
        select
            wanted.cell,
            {% for key in keys %}wanted.{{ key }}, {% endfor -%}
            told.measured,
            wanted.in_all,
            wanted.before + row_number() over (
                partition by
                    {% for key in keys %}wanted.{{ key }}, {% endfor %}wanted.cell, wanted.bucket
                order by told.measured
            ) as place
        from told
        inner join wanted on {{ on_all('told', 'wanted', place + keys + ['bucket']) }}
    ),

    found as (
        select
            {{ (['cell'] + keys) | join(', ') }},
            {{ percentile('measured', 0.5) }} as {{ name }}
        from ranked
        where 2 * place between in_all and in_all + 2
        group by {{ (['cell'] + keys) | join(', ') }}
    ),

    {% for grain in grains -%}
    of_reps_by_{{ grain }} as (
        select
            '{{ grain }}' as period_grain,
            {{ grain }} as period_start,
            rep_number,
            {% for key in keys %}{{ key }}, {% endfor -%}
            {{ percentile('measured', 0.5) }} as {{ name }}
        from told
        {% if not loop.first -%}
        cross join (select count(*) as grains_done from of_reps_by_{{ loop.previtem }}) as first
        {% endif -%}
        group by {{ ([grain, 'rep_number'] + keys) | join(', ') }}
    ),

    {% endfor -%}
    of_reps as (
        {% for grain in grains -%}
        select * from of_reps_by_{{ grain }}
        {{ 'union all' if not loop.last }}
        {% endfor %}
    )

    select
        {% for column in cell %}cells.{{ column }}, {% endfor -%}
        {% for column in keys + [name] %}found.{{ column }}{{ ', ' if not loop.last }}{% endfor %}
    from found
    inner join (select distinct cell, {{ cell | join(', ') }} from cells) as cells
        on found.cell = cells.cell
    union all
    select
        of_reps.period_grain,
        of_reps.period_start,
        'rep' as scope,
        reps.rep as scope_value,
        {% for column in keys + [name] %}of_reps.{{ column }}{{ ', ' if not loop.last }}{% endfor %}
    from of_reps
    inner join (select distinct rep_number, rep from {{ whose }}) as reps
        on of_reps.rep_number = reps.rep_number
{% endmacro %}
