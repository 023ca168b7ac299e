-- Longer than most: what was in force differs by period, and what was never sent by scope.
with events as (
    select
        *,
        {{ local_date('occurred_at') }} as day
    from {{ ref('fct_collateral_events') }}
    where not is_excluded
),

refusals as (
    select * from {{ ref('fct_refusals') }}
    where not is_excluded
),

touches as (
    select * from {{ ref('fct_touches') }}
    where not is_excluded and lead_id is not null
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

-- A lead that only a machine wrote to was not worked.
worked as (
    select
        {{ local_date('started_at') }} as day,
        rep_id,
        lead_source,
        lead_id,
        false as is_sent
    from touches
    where not is_automated
    union all
    select
        day,
        rep_id,
        lead_source,
        lead_id,
        true as is_sent
    from events
    where event = 'sent' and lead_id is not null
),

-- Once a period, before it counts in four scopes: the largest table of this model.
worked_in_periods as (
    select
        periods.period_grain,
        periods.period_start,
        worked.rep_id,
        worked.lead_source,
        worked.lead_id,
        bool_or(worked.is_sent) as is_sent
    from worked
    inner join periods on worked.day = periods.day
    group by 1, 2, 3, 4, 5
),

worked_by_reps as (
    select
        worked_in_periods.*,
        reps.team
    from worked_in_periods
    left join reps on worked_in_periods.rep_id = reps.rep_id
),

scoped_leads as (
    {{ in_scopes('worked_by_reps', ['period_grain', 'period_start', 'lead_id', 'is_sent']) }}
),

leads_in_scopes as (
    select
        period_grain,
        period_start,
        scope,
        scope_value,
        lead_id,
        bool_or(is_sent) as is_sent
    from scoped_leads
    group by period_grain, period_start, scope, scope_value, lead_id
),

leads_counted as (
    select
        period_grain,
        period_start,
        scope,
        scope_value,
        count(*) as leads_worked,
        count(*) filter (where is_sent) as leads_sent
    from leads_in_scopes
    group by period_grain, period_start, scope, scope_value
),

-- Refusals after which nobody sent anything stand beside those after which somebody did.
happened as (
    select
        day,
        rep_id,
        lead_source,
        cast(event = 'sent' as integer) as sends,
        cast(event = 'opened' as integer) as opens,
        cast(event = 'sent' and is_after_refusal as integer) as sends_after_refusal,
        cast(event = 'sent' and is_after_refusal and is_reengaged as integer) as reengaged,
        0 as refusals_without_send,
        0 as reengaged_without
    from events
    union all
    select
        {{ local_date('refused_at') }} as day,
        rep_id,
        lead_source,
        0 as sends,
        0 as opens,
        0 as sends_after_refusal,
        0 as reengaged,
        1 as refusals_without_send,
        cast(is_reengaged as integer) as reengaged_without
    from refusals
    where not has_send_after
),

{% set counts = [
    'sends', 'opens', 'sends_after_refusal', 'reengaged', 'refusals_without_send',
    'reengaged_without',
] -%}
daily as (
    select
        happened.day,
        happened.rep_id,
        reps.team,
        happened.lead_source,
        {% for count in counts -%}
        sum({{ count }}) as {{ count }}{{ ',' if not loop.last }}
        {% endfor %}
    from happened
    left join reps on happened.rep_id = reps.rep_id
    group by happened.day, happened.rep_id, reps.team, happened.lead_source
),

scoped as (
    {{ in_periods_and_scopes('daily', counts) }}
),

events_counted as (
    select
        period_grain,
        period_start,
        scope,
        scope_value,
        {% for count in counts -%}
        cast(sum({{ count }}) as bigint) as {{ count }}{{ ',' if not loop.last }}
        {% endfor %}
    from scoped
    group by period_grain, period_start, scope, scope_value
),

sent_items as (
    select distinct
        events.day,
        events.rep_id,
        reps.team,
        events.lead_source,
        events.collateral_id
    from events
    left join reps on events.rep_id = reps.rep_id
    where events.event = 'sent'
),

scoped_items as (
    {{ in_periods_and_scopes('sent_items', ['collateral_id', 'sent_items.day as sent_on']) }}
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
        scoped_items.period_grain,
        scoped_items.period_start,
        scoped_items.scope,
        scoped_items.scope_value,
        count(distinct scoped_items.collateral_id) as items_used
    from scoped_items
    inner join in_force
        on scoped_items.period_grain = in_force.period_grain
        and scoped_items.period_start = in_force.period_start
        and scoped_items.collateral_id = in_force.collateral_id
    group by 1, 2, 3, 4
),

first_sends as (
    select
        scope,
        scope_value,
        collateral_id,
        min(sent_on) as first_sent_on
    from scoped_items
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
    ('leads_counted', ['leads_worked', 'leads_sent']), ('items_used', ['items_used']),
    ('events_counted', counts),
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
        {% for count in counts -%}
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
