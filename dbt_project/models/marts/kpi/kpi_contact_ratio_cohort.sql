-- Three facts are brought to the lead before anything is counted.
with leads as (
    select
        lead_id,
        {{ local_date('created_at') }} as day,
        first_owner_rep_id as rep_id,
        lead_source,
        created_at,
        prospect_at,
        won_at
    from {{ ref('fct_leads') }}
    where not is_excluded
),

outreach as (
    select * from {{ ref('sum_outreach_by_cohort') }}
    where outreach_calls + outreach_emails > 0
),

contracts as (
    select lead_id
    from {{ ref('fct_deals') }}
    where not is_excluded and is_new_contract
),

-- Whoever touched the lead or closed its deal: the cohort is its first owner's.
together as (
    select
        day,
        rep_id,
        lead_source,
        created_at,
        0 as outreach_calls,
        0 as outreach_emails,
        cast(prospect_at is not null as integer) as prospects,
        0 as new_contracts
    from leads
    union all
    select
        part as day,
        rep_id,
        lead_source,
        cast(null as timestamp) as created_at,
        outreach_calls,
        outreach_emails,
        0 as prospects,
        0 as new_contracts
    from outreach
    union all
    select
        leads.day,
        leads.rep_id,
        leads.lead_source,
        cast(null as timestamp) as created_at,
        0 as outreach_calls,
        0 as outreach_emails,
        0 as prospects,
        1 as new_contracts
    from contracts
    inner join leads on contracts.lead_id = leads.lead_id
),

counted as (
    {{ add_up_in_periods_and_scopes(
        'together',
        {
            'leads': 'count(created_at)',
            'youngest_created_at': 'max(created_at)',
            'outreach_calls': 'total(outreach_calls)',
            'outreach_emails': 'total(outreach_emails)',
            'outreach_touches': 'total(outreach_calls + outreach_emails)',
            'prospects': 'total(prospects)',
            'new_contracts': 'total(new_contracts)',
        }
    ) }}
),

-- One row, of nulls where nothing was won: then nobody knows how long it takes.
slowest as (
    select
        {{ percentile(seconds_between('created_at', 'won_at'), var('cohort_mature_share')) }}
            as seconds_to_contract
    from leads
    where {{ seconds_between('won_at', as_of()) }} < 86400 * {{ var('cohort_window_days') }}
),

labelled as (
    select
        counted.period_grain,
        counted.period_start,
        counted.scope,
        counted.scope_value,
        {{ scope_label('counted') }} as scope_label,
        counted.leads,
        counted.outreach_calls,
        counted.outreach_emails,
        counted.outreach_touches,
        counted.prospects,
        counted.new_contracts,
        {{ ratio('counted.outreach_touches', 'counted.new_contracts') }} as touches_per_contract,
        {{ ratio('1000 * counted.prospects', 'counted.outreach_calls') }}
            as prospects_per_1000_calls,
        {{ ratio('1000 * counted.new_contracts', 'counted.outreach_calls') }}
            as contracts_per_1000_calls,
        coalesce(
            {{ seconds_between('counted.youngest_created_at', as_of()) }}
            > slowest.seconds_to_contract,
            false
        ) as is_mature
    from counted
    cross join slowest
    {{ join_scope_label('counted') }}
)

select * from labelled
