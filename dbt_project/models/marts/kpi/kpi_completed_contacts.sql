-- Longer than most: leads, the gaps between their touches, and what giving up early costs.
with leads as (
    select * from {{ ref('fct_leads') }}
    where not is_excluded
),

touches as (
    select * from {{ ref('fct_touches') }}
    where not is_excluded and lead_id is not null
),

deals as (
    select * from {{ ref('fct_deals') }}
    where not is_excluded and is_won
),

reps as (
    select * from {{ ref('dim_reps') }}
),

-- For a lead that was won, contacts after the win helped nothing.
reached as (
    select
        coalesce(contacts_to_win, completed_contacts) as contacts,
        count(*) as leads,
        count(*) filter (where won_at is not null) as wins
    from leads
    group by 1
),

-- Of the whole company: a rep's own chances would be those of a handful of leads.
chances as (
    select
        contacts,
        cast(
            {{ ratio(
                '(sum(wins) over (order by contacts desc) - wins)',
                'sum(leads) over (order by contacts desc)'
            ) }} as decimal(18, 12)
        ) as chance_later
    from reached
),

worth as (
    select {{ ratio('sum(reporting_amount)', 'count(reporting_amount)') }} as average_deal
    from deals
),

cohorts as (
    select
        leads.lead_id,
        {{ local_date('leads.created_at') }} as day,
        leads.first_owner_rep_id as rep_id,
        reps.team,
        leads.lead_source,
        leads.attempts,
        leads.completed_contacts,
        leads.won_at is not null as is_won,
        leads.contacts_to_win,
        leads.is_burst,
        leads.is_gave_up_early,
        case when leads.is_gave_up_early then chances.chance_later end as chance_later
    from leads
    left join reps on leads.first_owner_rep_id = reps.rep_id
    left join chances on leads.completed_contacts = chances.contacts
),

scoped as (
    {{ in_periods_and_scopes(
        'cohorts',
        [
            'attempts', 'completed_contacts', 'is_won', 'contacts_to_win', 'is_burst',
            'is_gave_up_early', 'chance_later',
        ]
    ) }}
),

counted as (
    select
        period_grain,
        period_start,
        scope,
        scope_value,
        count(*) as leads,
        cast(sum(attempts) as bigint) as attempts,
        cast(sum(completed_contacts) as bigint) as completed_contacts,
        count(*) filter (where is_won) as wins,
        {% for contact in range(5) -%}
        count(*) filter (where contacts_to_win = {{ contact }}) as wins_at_contact_{{ contact }},
        {% endfor -%}
        count(*) filter (where contacts_to_win >= 5) as wins_at_contact_5_plus,
        count(*) filter (where is_gave_up_early) as gave_up_early,
        cast(coalesce(sum(chance_later), 0) as decimal(18, 6)) as gave_up_early_wins,
        count(*) filter (where is_burst) as burst_leads
    from scoped
    group by period_grain, period_start, scope, scope_value
),

gaps as (
    select
        cohorts.day,
        cohorts.rep_id,
        cohorts.team,
        cohorts.lead_source,
        touches.hours_since_previous_touch
    from cohorts
    inner join touches on cohorts.lead_id = touches.lead_id
    where touches.hours_since_previous_touch is not null
),

scoped_gaps as (
    {{ in_periods_and_scopes('gaps', ['hours_since_previous_touch']) }}
),

median_gaps as (
    select
        period_grain,
        period_start,
        scope,
        scope_value,
        {{ percentile('hours_since_previous_touch', 0.5) }} as median_gap_hours
    from scoped_gaps
    group by period_grain, period_start, scope, scope_value
),

labelled as (
    select
        counted.period_grain,
        counted.period_start,
        counted.scope,
        counted.scope_value,
        {{ scope_label('counted') }} as scope_label,
        counted.leads,
        counted.attempts,
        counted.completed_contacts,
        {{ ratio('counted.completed_contacts', 'counted.leads') }} as contacts_per_lead,
        counted.wins,
        {% for contact in ['0', '1', '2', '3', '4', '5_plus'] -%}
        counted.wins_at_contact_{{ contact }},
        {% endfor -%}
        {% for share, contact in [
            ('first_contact', '1'), ('second_contact', '2'), ('third_contact', '3'),
            ('fourth_contact', '4'), ('fifth_plus', '5_plus'),
        ] -%}
        {{ ratio('counted.wins_at_contact_' ~ contact, 'counted.wins') }}
            as share_wins_{{ share }},
        {{ wilson_low('counted.wins_at_contact_' ~ contact, 'counted.wins') }}
            as share_wins_{{ share }}_low,
        {{ wilson_high('counted.wins_at_contact_' ~ contact, 'counted.wins') }}
            as share_wins_{{ share }}_high,
        {% endfor -%}
        counted.gave_up_early,
        counted.gave_up_early_wins,
        cast(counted.gave_up_early_wins * worth.average_deal as decimal(18, 2))
            as gave_up_early_worth,
        counted.burst_leads,
        median_gaps.median_gap_hours
    from counted
    cross join worth
    left join median_gaps
        on counted.period_grain = median_gaps.period_grain
        and counted.period_start = median_gaps.period_start
        and counted.scope = median_gaps.scope
        and counted.scope_value = median_gaps.scope_value
    {{ join_scope_label('counted') }}
)

select * from labelled
