-- Longer than most: what was in force differs by period, and what was never sent by scope.
with events as (
    select * from {{ ref('fct_collateral_events') }}
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
    select distinct
        {{ local_date('started_at') }} as day,
        rep_id,
        lead_source,
        'worked' as happening,
        lead_id,
        cast(null as varchar) as collateral_id,
        false as is_after_refusal,
        false as is_reengaged
    from touches
    where not is_automated
),

used as (
    select
        {{ local_date('occurred_at') }} as day,
        rep_id,
        lead_source,
        event as happening,
        lead_id,
        collateral_id,
        is_after_refusal,
        is_reengaged
    from events
),

-- Those after which nobody sent anything, to set beside those after which somebody did.
refused as (
    select
        {{ local_date('refused_at') }} as day,
        rep_id,
        lead_source,
        'refused' as happening,
        lead_id,
        cast(null as varchar) as collateral_id,
        false as is_after_refusal,
        is_reengaged
    from refusals
    where not has_send_after
),

together as (
    select * from worked
    union all
    select * from used
    union all
    select * from refused
),

happened as (
    select
        together.*,
        reps.team
    from together
    left join reps on together.rep_id = reps.rep_id
),

scoped as (
    {{ in_periods_and_scopes(
        'happened',
        [
            'happened.day', 'happening', 'lead_id', 'collateral_id', 'is_after_refusal',
            'is_reengaged',
        ]
    ) }}
),

counted as (
    select
        period_grain,
        period_start,
        scope,
        scope_value,
        count(distinct lead_id) filter (where happening in ('worked', 'sent')) as leads_worked,
        count(distinct lead_id) filter (where happening = 'sent') as leads_sent,
        count(*) filter (where happening = 'sent') as sends,
        count(*) filter (where happening = 'opened') as opens,
        count(*) filter (where happening = 'sent' and is_after_refusal) as sends_after_refusal,
        count(*) filter (where happening = 'sent' and is_after_refusal and is_reengaged)
            as reengaged,
        count(*) filter (where happening = 'refused') as refusals_without_send,
        count(*) filter (where happening = 'refused' and is_reengaged) as reengaged_without
    from scoped
    group by period_grain, period_start, scope, scope_value
),

last_days as (
    select
        period_grain,
        period_start,
        least(max(day), {{ local_date(as_of()) }}) as last_day
    from periods
    group by period_grain, period_start
),

in_force as (
    select
        last_days.period_grain,
        last_days.period_start,
        last_days.last_day,
        collateral.collateral_id
    from last_days
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

first_sends as (
    select
        scope,
        scope_value,
        collateral_id,
        min(day) as first_sent_on
    from scoped
    where happening = 'sent'
    group by scope, scope_value, collateral_id
),

items_known as (
    select
        counted.period_grain,
        counted.period_start,
        counted.scope,
        counted.scope_value,
        count(*) as items_known
    from counted
    inner join in_force
        on counted.period_grain = in_force.period_grain
        and counted.period_start = in_force.period_start
    inner join first_sends
        on counted.scope = first_sends.scope
        and counted.scope_value = first_sends.scope_value
        and in_force.collateral_id = first_sends.collateral_id
        and in_force.last_day >= first_sends.first_sent_on
    group by counted.period_grain, counted.period_start, counted.scope, counted.scope_value
),

items_used as (
    select
        scoped.period_grain,
        scoped.period_start,
        scoped.scope,
        scoped.scope_value,
        count(distinct scoped.collateral_id) as items_used
    from scoped
    inner join in_force
        on scoped.period_grain = in_force.period_grain
        and scoped.period_start = in_force.period_start
        and scoped.collateral_id = in_force.collateral_id
    where scoped.happening = 'sent'
    group by scoped.period_grain, scoped.period_start, scoped.scope, scoped.scope_value
),

measured as (
    select
        counted.*,
        coalesce(items_used.items_used, 0) as items_used,
        coalesce(items_in_force.items_in_force, 0) as items_in_force,
        coalesce(items_in_force.items_in_force, 0) - coalesce(items_known.items_known, 0)
            as items_never_used
    from counted
    left join items_in_force
        on counted.period_grain = items_in_force.period_grain
        and counted.period_start = items_in_force.period_start
    left join items_known
        on counted.period_grain = items_known.period_grain
        and counted.period_start = items_known.period_start
        and counted.scope = items_known.scope
        and counted.scope_value = items_known.scope_value
    left join items_used
        on counted.period_grain = items_used.period_grain
        and counted.period_start = items_used.period_start
        and counted.scope = items_used.scope
        and counted.scope_value = items_used.scope_value
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
        measured.sends,
        measured.opens,
        measured.sends_after_refusal,
        measured.reengaged,
        measured.refusals_without_send,
        measured.reengaged_without,
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
