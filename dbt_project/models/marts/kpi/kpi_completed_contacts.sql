-- Longer than most: leads, the gaps between their touches, and what giving up early costs.
with leads as (
    select
        lead_id,
        {{ local_date('created_at') }} as day,
        first_owner_rep_id as rep_id,
        lead_source,
        attempts,
        completed_contacts,
        contacts_to_win,
        won_at is not null as is_won,
        is_burst,
        is_gave_up_early
    from {{ ref('fct_leads') }}
    where not is_excluded
),

touches as (
    select
        lead_id,
        hours_since_previous_touch
    from {{ ref('fct_touches') }}
    where not is_excluded and hours_since_previous_touch is not null
),

deals as (
    select * from {{ ref('fct_deals') }}
    where not is_excluded and is_won
),

-- For a lead that was won, contacts after the win helped nothing.
reached as (
    select
        coalesce(contacts_to_win, completed_contacts) as contacts,
        count(*) as leads,
        count(*) filter (where is_won) as wins
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
        leads.*,
        case when leads.is_gave_up_early then chances.chance_later end as chance_later
    from leads
    left join chances on leads.completed_contacts = chances.contacts
),

added_up as (
    {{ add_up_in_periods_and_scopes(
        'cohorts',
        {
            'leads': 'count(*)',
            'attempts': 'sum(attempts)',
            'completed_contacts': 'sum(completed_contacts)',
            'wins': 'count(*) filter (where is_won)',
            'wins_at_contact_0': 'count(*) filter (where contacts_to_win = 0)',
            'wins_at_contact_1': 'count(*) filter (where contacts_to_win = 1)',
            'wins_at_contact_2': 'count(*) filter (where contacts_to_win = 2)',
            'wins_at_contact_3': 'count(*) filter (where contacts_to_win = 3)',
            'wins_at_contact_4': 'count(*) filter (where contacts_to_win = 4)',
            'wins_at_contact_5_plus': 'count(*) filter (where contacts_to_win >= 5)',
            'gave_up_early': 'count(*) filter (where is_gave_up_early)',
            'gave_up_early_wins': 'sum(chance_later)',
            'burst_leads': 'count(*) filter (where is_burst)',
        }
    ) }}
),

whose as (
    {{ number_whose('leads') }}
),

placed_leads as (
    {{ place_in_periods_and_scopes('leads', 'whose', ['lead_id']) }}
),

placed_gaps as (
    select
        placed_leads.*,
        touches.hours_since_previous_touch
    from placed_leads
    inner join touches on placed_leads.lead_id = touches.lead_id
),

gaps as (
    {{ medians_in_periods_and_scopes(
        'placed_gaps', 'whose', 'hours_since_previous_touch', 'median_gap_hours'
    ) }}
),

counted as (
    select
        added_up.* exclude (attempts, completed_contacts, gave_up_early_wins),
        cast(added_up.attempts as bigint) as attempts,
        cast(added_up.completed_contacts as bigint) as completed_contacts,
        cast(coalesce(added_up.gave_up_early_wins, 0) as decimal(18, 6)) as gave_up_early_wins,
        gaps.median_gap_hours
    from added_up
    left join gaps
        on added_up.period_grain = gaps.period_grain
        and added_up.period_start = gaps.period_start
        and added_up.scope = gaps.scope
        and added_up.scope_value = gaps.scope_value
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
        counted.median_gap_hours
    from counted
    cross join worth
    {{ join_scope_label('counted') }}
)

select * from labelled
