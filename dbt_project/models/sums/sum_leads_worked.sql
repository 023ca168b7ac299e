-- Longer than most: three facts, and the first in each of nine kinds of periods and scopes.
-- A lead counts where it comes first in a period: such rows add up, as other figures do.
with touches as (
    {{ changes_of(ref('fct_touches'), ref('was_touches'), [
        'started_at', 'rep_id', 'lead_id', 'is_automated', 'is_excluded',
    ]) }}
),

events as (
    {{ changes_of(ref('fct_collateral_events'), ref('was_collateral_events'), [
        'event', 'occurred_at', 'rep_id', 'lead_id', 'is_excluded',
    ]) }}
),

leads as (
    {{ changes_of(ref('fct_leads'), ref('was_leads'), ['lead_id', 'lead_source']) }}
),

reps as (
    select * from {{ ref('dim_reps') }}
),

-- A lead that only a machine wrote to was not worked.
worked as (
    select
        lead_id,
        sign,
        rep_id,
        {{ part_of_week(local_date('started_at')) }} as part,
        false as is_sent
    from touches
    where not is_excluded and lead_id is not null and not is_automated
    union all
    select
        lead_id,
        sign,
        rep_id,
        {{ part_of_week(local_date('occurred_at')) }} as part,
        true as is_sent
    from events
    where not is_excluded and lead_id is not null and event = 'sent'
),

sources as (
    select
        lead_source,
        cast(row_number() over (order by lead_source) as smallint) as source_number
    from (select distinct coalesce(lead_source, 'unknown') as lead_source from leads) as known
),

-- Numbers take less room than ids, and are faster to sort. Below zero: as the lead was.
numbered_leads as (
    select
        leads.lead_id,
        leads.sign,
        sources.source_number,
        cast(leads.sign * row_number() over () as integer) as lead_number
    from leads
    inner join sources on coalesce(leads.lead_source, 'unknown') = sources.lead_source
),

once as (
    select
        numbered_leads.lead_number,
        coalesce(worked.rep_id, 'unknown') as rep_id,
        worked.part,
        min(numbered_leads.source_number) as source_number,
        bool_or(worked.is_sent) as is_sent
    from worked
    inner join numbered_leads
        on worked.lead_id = numbered_leads.lead_id
        {%- if var('scope') == 'affected' %}
        and worked.sign = numbered_leads.sign
        {%- endif %}
    group by 1, 2, 3
),

sellers as (
    select
        working.rep_id,
        cast(row_number() over (order by working.rep_id) as smallint) as rep_number,
        cast(dense_rank() over (order by coalesce(reps.team, 'unknown')) as smallint) as team_number
    from (select distinct rep_id from once) as working
    left join reps on working.rep_id = reps.rep_id
),

numbered as (
    select
        once.lead_number,
        sellers.rep_number,
        sellers.team_number,
        once.source_number,
        once.part,
        once.is_sent
    from once
    inner join sellers on once.rep_id = sellers.rep_id
),

{% set grains = ['week', 'month', 'quarter'] -%}
{% set among = {'company': '', 'team': ', team_number', 'rep': ', rep_number'} -%}
{% set kinds = {'worked': 'true', 'sent': 'is_sent'} -%}
parts as (
    select
        part,
        {% for grain in grains -%}
        cast(date_trunc('{{ grain }}', part) as date) as {{ grain }}{{ ',' if not loop.last }}
        {% endfor %}
    from (select distinct part from once) as known
),

{% for kind, condition in kinds.items() -%}
{{ kind }}_in_order as (
    select
        *
        {%- for scope, number in among.items() %},
        lag(part) over (
            partition by lead_number{{ number }} order by part, rep_number
        ) as before_of_{{ scope }}
        {%- endfor %}
    from numbered
    where {{ condition }}
),

{{ kind }}_counted as (
    select
        in_order.part,
        in_order.rep_number,
        in_order.source_number
        {%- for scope in among %}
        {%- for grain in grains %},
        sum(sign(in_order.lead_number)) filter (
            where coalesce(in_order.before_of_{{ scope }} < parts.{{ grain }}, true)
        ) as {{ kind }}_in_{{ grain }}_of_{{ scope }}
        {%- endfor %}
        {%- endfor %}
    from {{ kind }}_in_order as in_order
    inner join parts on in_order.part = parts.part
    group by 1, 2, 3
),

{% endfor -%}
-- Whoever was sent something was worked.
named as (
    select
        worked_counted.part,
        sellers.rep_id,
        sources.lead_source
        {%- for kind in kinds %}
        {%- for scope in among %}
        {%- for grain in grains %}
        {%- set name = kind ~ '_in_' ~ grain ~ '_of_' ~ scope %},
        cast(coalesce({{ kind }}_counted.{{ name }}, 0) as bigint) as {{ name }}
        {%- endfor %}
        {%- endfor %}
        {%- endfor %}
    from worked_counted
    left join sent_counted
        on worked_counted.part = sent_counted.part
        and worked_counted.rep_number = sent_counted.rep_number
        and worked_counted.source_number = sent_counted.source_number
    inner join sellers on worked_counted.rep_number = sellers.rep_number
    inner join sources on worked_counted.source_number = sources.source_number
)

select * from named
