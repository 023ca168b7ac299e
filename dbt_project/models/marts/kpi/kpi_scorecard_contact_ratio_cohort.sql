{% set outreach_filter = "not is_excluded and direction = 'outbound' and not is_automated"
    ~ " and is_new_customer" %}
{% set cohort = lead_evidence() %}
{% set prospects = lead_evidence(' and prospect_at is not null') %}
{% set touches = evidence_within(
    'fct_touches', outreach_filter ~ " and channel in ('call', 'email')", 'lead_id', cohort
) %}
{% set calls = evidence_within(
    'fct_touches', outreach_filter ~ " and channel = 'call'", 'lead_id', cohort
) %}
{% set contracts = evidence_within(
    'fct_deals', 'not is_excluded and is_new_contract', 'lead_id', cohort
) %}

with cohorts as (
    select * from {{ ref('kpi_contact_ratio_cohort') }}
),

limited as (
    select
        *,
        case when not is_mature then 'immature cohort' end as caveat,
        outreach_touches / {{ count_high('new_contracts') }} as touches_per_contract_low,
        outreach_touches / nullif({{ count_low('new_contracts') }}, 0) as touches_per_contract_high,
        {{ ratio('1000 * ' ~ count_low('prospects'), 'outreach_calls') }} as prospects_low,
        {{ ratio('1000 * ' ~ count_high('prospects'), 'outreach_calls') }} as prospects_high,
        {{ ratio('1000 * ' ~ count_low('new_contracts'), 'outreach_calls') }} as contracts_low,
        {{ ratio('1000 * ' ~ count_high('new_contracts'), 'outreach_calls') }} as contracts_high
    from cohorts
),

worded as (
    {{ with_evidence('limited', [
        'touches_per_contract', 'prospects_per_1000_calls', 'contracts_per_1000_calls',
    ]) }}
),

measures as (
    {{ scorecard_measure(
        'worded', 'contact_ratio', 'touches_per_contract_cohort', 'touches_per_contract',
        'new_contracts', contracts, 'outreach_touches', touches,
        low='touches_per_contract_low', high='touches_per_contract_high', caveat='caveat'
    ) }}
    union all
    {{ scorecard_measure(
        'worded', 'contact_ratio', 'prospects_per_1000_calls_cohort', 'prospects_per_1000_calls',
        'outreach_calls', calls, 'prospects', prospects,
        low='prospects_low', high='prospects_high', caveat='caveat'
    ) }}
    union all
    {{ scorecard_measure(
        'worded', 'contact_ratio', 'contracts_per_1000_calls_cohort', 'contracts_per_1000_calls',
        'outreach_calls', calls, 'new_contracts', contracts,
        low='contracts_low', high='contracts_high', caveat='caveat'
    ) }}
)

select * from measures
