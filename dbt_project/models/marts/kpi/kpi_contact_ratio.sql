with outreach as (
    select
        part as day,
        rep_id,
        lead_source,
        outreach_calls,
        outreach_emails,
        0 as prospects,
        0 as new_contracts
    from {{ ref('sum_touches') }}
    where outreach_calls + outreach_emails > 0
),

interested as (
    select
        {{ local_date('prospect_at') }} as day,
        first_owner_rep_id as rep_id,
        lead_source,
        0 as outreach_calls,
        0 as outreach_emails,
        1 as prospects,
        0 as new_contracts
    from {{ ref('fct_leads') }}
    where not is_excluded and prospect_at is not null
),

contracted as (
    select
        {{ local_date('closed_at') }} as day,
        closing_rep_id as rep_id,
        lead_source,
        0 as outreach_calls,
        0 as outreach_emails,
        0 as prospects,
        1 as new_contracts
    from {{ ref('fct_deals') }}
    where not is_excluded and is_new_contract
),

together as (
    select * from outreach
    union all
    select * from interested
    union all
    select * from contracted
),

counted as (
    {{ add_up_in_periods_and_scopes(
        'together',
        {
            'outreach_calls': 'total(outreach_calls)',
            'outreach_emails': 'total(outreach_emails)',
            'outreach_touches': 'total(outreach_calls + outreach_emails)',
            'prospects': 'total(prospects)',
            'new_contracts': 'total(new_contracts)',
        }
    ) }}
),

labelled as (
    select
        counted.period_grain,
        counted.period_start,
        counted.scope,
        counted.scope_value,
        {{ scope_label('counted') }} as scope_label,
        counted.outreach_calls,
        counted.outreach_emails,
        counted.outreach_touches,
        counted.prospects,
        counted.new_contracts,
        {{ ratio('counted.outreach_touches', 'counted.new_contracts') }} as touches_per_contract,
        {{ ratio('1000 * counted.prospects', 'counted.outreach_calls') }}
            as prospects_per_1000_calls,
        {{ ratio('1000 * counted.new_contracts', 'counted.outreach_calls') }}
            as contracts_per_1000_calls
    from counted
    {{ join_scope_label('counted') }}
)

select * from labelled
