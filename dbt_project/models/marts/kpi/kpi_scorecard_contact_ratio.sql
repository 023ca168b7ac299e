{% set outreach = evidence_of(
    'fct_touches',
    "not is_excluded and lead_id is not null and direction = 'outbound' and not is_automated"
        ~ " and is_new_customer and channel in ('call', 'email')",
    'started_at', 'rep_id'
) %}
{% set calls = evidence_of(
    'fct_touches',
    "not is_excluded and lead_id is not null and direction = 'outbound' and not is_automated"
        ~ " and is_new_customer and channel = 'call'",
    'started_at', 'rep_id'
) %}
{% set prospects = evidence_of(
    'fct_leads', 'not is_excluded', 'prospect_at', 'first_owner_rep_id'
) %}
{% set contracts = deal_evidence('is_new_contract') %}

with ratios as (
    select * from {{ ref('kpi_contact_ratio') }}
),

matching as (
    select * from {{ ref('kpi_touch_matching') }}
),

-- How sure a ratio is hangs on its rarer side: contracts for the first, then those per 1000 calls.
limited as (
    select
        *,
        outreach_touches / {{ count_high('new_contracts') }} as touches_per_contract_low,
        outreach_touches / nullif({{ count_low('new_contracts') }}, 0) as touches_per_contract_high,
        {{ ratio('1000 * ' ~ count_low('prospects'), 'outreach_calls') }} as prospects_low,
        {{ ratio('1000 * ' ~ count_high('prospects'), 'outreach_calls') }} as prospects_high,
        {{ ratio('1000 * ' ~ count_low('new_contracts'), 'outreach_calls') }} as contracts_low,
        {{ ratio('1000 * ' ~ count_high('new_contracts'), 'outreach_calls') }} as contracts_high
    from ratios
),

worded as (
    {{ with_evidence('limited', [
        'touches_per_contract', 'prospects_per_1000_calls', 'contracts_per_1000_calls',
        'outreach_touches', 'prospects', 'new_contracts',
    ]) }}
),

worded_matching as (
    {{ with_evidence('matching', ['share_touches_matched']) }}
),

measures as (
    {{ scorecard_measure(
        'worded', 'contact_ratio', 'touches_per_contract', 'touches_per_contract',
        'new_contracts', contracts, 'outreach_touches', outreach,
        low='touches_per_contract_low', high='touches_per_contract_high'
    ) }}
    union all
    {{ scorecard_measure(
        'worded', 'contact_ratio', 'prospects_per_1000_calls', 'prospects_per_1000_calls',
        'outreach_calls', calls, 'prospects', prospects,
        low='prospects_low', high='prospects_high'
    ) }}
    union all
    {{ scorecard_measure(
        'worded', 'contact_ratio', 'contracts_per_1000_calls', 'contracts_per_1000_calls',
        'outreach_calls', calls, 'new_contracts', contracts,
        low='contracts_low', high='contracts_high'
    ) }}
    union all
    {{ scorecard_measure(
        'worded', 'contact_ratio', 'outreach_touches', 'outreach_touches',
        'outreach_touches', outreach
    ) }}
    union all
    {{ scorecard_measure(
        'worded', 'contact_ratio', 'prospects', 'prospects', 'prospects', prospects
    ) }}
    union all
    {{ scorecard_measure(
        'worded', 'contact_ratio', 'new_contracts', 'new_contracts', 'new_contracts', contracts
    ) }}
    union all
    {{ scorecard_measure(
        'worded_matching', 'contact_ratio', 'share_touches_matched', 'share_touches_matched',
        'touches',
        evidence_of('fct_touches', 'not is_excluded and not is_automated', 'started_at', 'rep_id'),
        'touches_matched',
        evidence_of(
            'fct_touches', 'not is_excluded and not is_automated and lead_id is not null',
            'started_at', 'rep_id'
        ),
        low='share_touches_matched_low', high='share_touches_matched_high'
    ) }}
)

select * from measures
