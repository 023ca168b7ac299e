with contacts as (
    select * from {{ ref('kpi_completed_contacts') }}
),

cohorts as (
    select * from {{ ref('kpi_contact_ratio_cohort') }}
),

-- Whoever came last month may be won, or given up, next month.
judged as (
    select
        contacts.*,
        {{ ratio('contacts.gave_up_early', 'contacts.leads') }} as share_gave_up_early,
        {{ ratio('contacts.burst_leads', 'contacts.leads') }} as share_burst,
        case when not coalesce(cohorts.is_mature, false) then 'immature cohort' end as caveat
    from contacts
    left join cohorts
        on contacts.period_grain = cohorts.period_grain
        and contacts.period_start = cohorts.period_start
        and contacts.scope = cohorts.scope
        and contacts.scope_value = cohorts.scope_value
),

worded as (
    {{ with_evidence('judged', [
        'share_gave_up_early', 'contacts_per_lead', 'share_wins_first_contact',
        'share_wins_second_contact', 'share_wins_third_contact', 'share_wins_fourth_contact',
        'share_wins_fifth_plus', 'share_burst', 'median_gap_hours', 'gave_up_early_worth',
    ]) }}
),

measures as (
    {{ scorecard_measure(
        'worded', 'completed_contacts', 'share_gave_up_early', 'share_gave_up_early',
        'leads', lead_evidence(), 'gave_up_early', lead_evidence(' and is_gave_up_early'),
        low=wilson_low('gave_up_early', 'leads'), high=wilson_high('gave_up_early', 'leads'),
        caveat='caveat'
    ) }}
    union all
    {{ scorecard_measure(
        'worded', 'completed_contacts', 'contacts_per_lead', 'contacts_per_lead',
        'leads', lead_evidence(), 'completed_contacts', lead_evidence(),
        summed='completed_contacts', caveat='caveat'
    ) }}
    union all
    {% for share, contact, reached in [
        ('first_contact', '1', '= 1'), ('second_contact', '2', '= 2'),
        ('third_contact', '3', '= 3'), ('fourth_contact', '4', '= 4'),
        ('fifth_plus', '5_plus', '>= 5'),
    ] -%}
    {{ scorecard_measure(
        'worded', 'completed_contacts', 'share_wins_' ~ share, 'share_wins_' ~ share,
        'wins', lead_evidence(' and won_at is not null'),
        'wins_at_contact_' ~ contact, lead_evidence(' and contacts_to_win ' ~ reached),
        low='share_wins_' ~ share ~ '_low', high='share_wins_' ~ share ~ '_high', caveat='caveat'
    ) }}
    union all
    {% endfor -%}
    {{ scorecard_measure(
        'worded', 'completed_contacts', 'share_burst', 'share_burst',
        'leads', lead_evidence(), 'burst_leads', lead_evidence(' and is_burst'),
        low=wilson_low('burst_leads', 'leads'), high=wilson_high('burst_leads', 'leads')
    ) }}
    union all
    {{ scorecard_measure(
        'worded', 'completed_contacts', 'median_gap_hours', 'median_gap_hours', 'leads',
        lead_evidence()
    ) }}
    union all
    {{ scorecard_measure(
        'worded', 'completed_contacts', 'gave_up_early_worth', 'gave_up_early_worth',
        'gave_up_early', lead_evidence(' and is_gave_up_early'), caveat='caveat'
    ) }}
)

select * from measures
