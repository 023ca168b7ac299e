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
    select
        lead_id,
        channel
    from {{ ref('fct_touches') }}
    where not is_excluded
        and direction = 'outbound'
        and not is_automated
        and is_new_customer
        and channel in ('call', 'email')
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
        case when prospect_at is null then 'lead' else 'prospect' end as what,
        created_at
    from leads
    union all
    select
        leads.day,
        leads.rep_id,
        leads.lead_source,
        outreach.channel as what,
        cast(null as timestamp) as created_at
    from outreach
    inner join leads on outreach.lead_id = leads.lead_id
    union all
    select
        leads.day,
        leads.rep_id,
        leads.lead_source,
        'contract' as what,
        cast(null as timestamp) as created_at
    from contracts
    inner join leads on contracts.lead_id = leads.lead_id
),

counted as (
    {{ add_up_in_periods_and_scopes(
        'together',
        {
            'leads': 'count(created_at)',
            'youngest_created_at': 'max(created_at)',
            'outreach_calls': "count(*) filter (where what = 'call')",
            'outreach_emails': "count(*) filter (where what = 'email')",
            'outreach_touches': "count(*) filter (where what in ('call', 'email'))",
            'prospects': "count(*) filter (where what = 'prospect')",
            'new_contracts': "count(*) filter (where what = 'contract')",
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
