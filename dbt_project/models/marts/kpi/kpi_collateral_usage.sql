-- Longer than most: what was in force differs by period, and what was never sent by scope.
with events as (
    select
        {{ local_date('occurred_at') }} as day,
        rep_id,
        lead_source,
        lead_id,
        collateral_id,
        event,
        is_after_refusal,
        is_reengaged
    from {{ ref('fct_collateral_events') }}
    where not is_excluded
),

-- Refusals after which nobody sent anything stand beside those after which somebody did.
refusals as (
    select
        {{ local_date('refused_at') }} as day,
        rep_id,
        lead_source,
        'refused' as event,
        false as is_after_refusal,
        is_reengaged
    from {{ ref('fct_refusals') }}
    where not is_excluded and not has_send_after
),

sums as (
    select * from {{ ref('sum_leads_worked') }}
),

collateral as (
    select * from {{ ref('dim_collateral') }}
),

periods as (
    select * from {{ ref('dim_periods') }}
),

reps as (
    select * from {{ ref('dim_reps') }}
),

worked as (
    select
        sums.*,
        coalesce(reps.team, 'unknown') as team
    from sums
    left join reps on sums.rep_id = reps.rep_id
),

leads_counted as (
    {{ count_leads_in_periods_and_scopes(
        'worked', {'leads_worked': 'worked', 'leads_sent': 'sent'}
    ) }}
),

happened as (
    select
        day,
        rep_id,
        lead_source,
        event,
        is_after_refusal,
        is_reengaged
    from events
    union all
    select * from refusals
),

{% set figures = {
    'sends': "count(*) filter (where event = 'sent')",
    'opens': "count(*) filter (where event = 'opened')",
    'sends_after_refusal': "count(*) filter (where event = 'sent' and is_after_refusal)",
    'reengaged': "count(*) filter (where event = 'sent' and is_after_refusal and is_reengaged)",
    'refusals_without_send': "count(*) filter (where event = 'refused')",
    'reengaged_without': "count(*) filter (where event = 'refused' and is_reengaged)",
} -%}
events_counted as (
    {{ add_up_in_periods_and_scopes('happened', figures) }}
),

sent as (
    select * from events
    where event = 'sent'
),

sent_items as (
    {{ add_up_in_periods_and_scopes(
        'sent', {'first_sent_on': 'min(day)'}, keys=['collateral_id']
    ) }}
),

in_force as (
    select
        last_days.period_grain,
        last_days.period_start,
        last_days.last_day,
        collateral.collateral_id
    from (
        select
            period_grain,
            period_start,
            least(max(day), {{ local_date(as_of()) }}) as last_day
        from periods
        group by period_grain, period_start
    ) as last_days
    inner join collateral
        on coalesce(collateral.published_on <= last_days.last_day, true)
        and coalesce(collateral.retired_on > last_days.last_day, true)
),

items_in_force as (
    select
        period_grain,
        period_start,
        count(*) as items_in_force
    from in_force
    group by period_grain, period_start
),

items_used as (
    select
        sent_items.period_grain,
        sent_items.period_start,
        sent_items.scope,
        sent_items.scope_value,
        count(*) as items_used
    from sent_items
    inner join in_force
        on sent_items.period_grain = in_force.period_grain
        and sent_items.period_start = in_force.period_start
        and sent_items.collateral_id = in_force.collateral_id
    group by 1, 2, 3, 4
),

first_sends as (
    select
        scope,
        scope_value,
        collateral_id,
        min(first_sent_on) as first_sent_on
    from sent_items
    group by scope, scope_value, collateral_id
),

items_known as (
    select
        in_force.period_grain,
        in_force.period_start,
        first_sends.scope,
        first_sends.scope_value,
        count(*) as items_known
    from first_sends
    inner join in_force
        on first_sends.collateral_id = in_force.collateral_id
        and first_sends.first_sent_on <= in_force.last_day
    group by 1, 2, 3, 4
),

cells as (
    select period_grain, period_start, scope, scope_value from leads_counted
    union
    select period_grain, period_start, scope, scope_value from events_counted
),

{% set parts = [
    ('leads_counted', ['leads_worked', 'leads_sent']),
    ('items_used', ['items_used']), ('events_counted', figures),
] -%}
measured as (
    select
        cells.period_grain,
        cells.period_start,
        cells.scope,
        cells.scope_value,
        {% for part, columns in parts -%}
        {% for column in columns -%}
        coalesce({{ part }}.{{ column }}, 0) as {{ column }},
        {% endfor -%}
        {% endfor -%}
        coalesce(items_in_force.items_in_force, 0) as items_in_force,
        coalesce(items_in_force.items_in_force, 0) - coalesce(items_known.items_known, 0)
            as items_never_used
    from cells
    left join items_in_force
        on cells.period_grain = items_in_force.period_grain
        and cells.period_start = items_in_force.period_start
    {% for part in ['leads_counted', 'events_counted', 'items_used', 'items_known'] -%}
    left join {{ part }}
        on cells.period_grain = {{ part }}.period_grain
        and cells.period_start = {{ part }}.period_start
        and cells.scope = {{ part }}.scope
        and cells.scope_value = {{ part }}.scope_value
    {% endfor %}
),

labelled as (
    select
        measured.period_grain,
        measured.period_start,
        measured.scope,
        measured.scope_value,
        {{ scope_label('measured') }} as scope_label,
        measured.leads_worked,
        measured.leads_sent,
        measured.items_used,
        measured.items_in_force,
        measured.items_never_used,
        {% for count in figures -%}
        measured.{{ count }},
        {% endfor -%}
        {% for share, numerator, denominator in [
            ('share_leads_sent', 'leads_sent', 'leads_worked'),
            ('share_items_used', 'items_used', 'items_in_force'),
            ('share_reengaged', 'reengaged', 'sends_after_refusal'),
            ('share_reengaged_without', 'reengaged_without', 'refusals_without_send'),
        ] -%}
        {{ ratio('measured.' ~ numerator, 'measured.' ~ denominator) }} as {{ share }},
        {{ wilson_low('measured.' ~ numerator, 'measured.' ~ denominator) }} as {{ share }}_low,
        {{ wilson_high('measured.' ~ numerator, 'measured.' ~ denominator) }} as {{ share }}_high
        {{- ',' if not loop.last }}
        {% endfor %}
    from measured
    {{ join_scope_label('measured') }}
)

select * from labelled
