-- Longer than most: three facts are brought to the lead before anything is counted.
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
    where not is_excluded
),

reps as (
    select * from {{ ref('dim_reps') }}
),

outreach as (
    select
        lead_id,
        count(*) filter (where channel = 'call') as outreach_calls,
        count(*) filter (where channel = 'email') as outreach_emails
    from touches
    where direction = 'outbound'
        and not is_automated
        and is_new_customer
        and channel in ('call', 'email')
    group by lead_id
),

contracts as (
    select
        lead_id,
        count(*) as new_contracts
    from deals
    where is_new_contract
    group by lead_id
),

-- Whoever touched the lead or closed its deal: the cohort is its first owner's.
cohorts as (
    select
        {{ local_date('leads.created_at') }} as day,
        leads.first_owner_rep_id as rep_id,
        reps.team,
        leads.lead_source,
        count(*) as leads,
        max(leads.created_at) as youngest_created_at,
        sum(coalesce(outreach.outreach_calls, 0)) as outreach_calls,
        sum(coalesce(outreach.outreach_emails, 0)) as outreach_emails,
        count(*) filter (where leads.prospect_at is not null) as prospects,
        sum(coalesce(contracts.new_contracts, 0)) as new_contracts
    from leads
    left join reps on leads.first_owner_rep_id = reps.rep_id
    left join outreach on leads.lead_id = outreach.lead_id
    left join contracts on leads.lead_id = contracts.lead_id
    group by 1, 2, 3, 4
),

scoped as (
    {{ in_periods_and_scopes(
        'cohorts',
        [
            'leads', 'youngest_created_at', 'outreach_calls', 'outreach_emails', 'prospects',
            'new_contracts',
        ]
    ) }}
),

counted as (
    select
        period_grain,
        period_start,
        scope,
        scope_value,
        cast(sum(leads) as bigint) as leads,
        max(youngest_created_at) as youngest_created_at,
        cast(sum(outreach_calls) as bigint) as outreach_calls,
        cast(sum(outreach_emails) as bigint) as outreach_emails,
        cast(sum(outreach_calls + outreach_emails) as bigint) as outreach_touches,
        cast(sum(prospects) as bigint) as prospects,
        cast(sum(new_contracts) as bigint) as new_contracts
    from scoped
    group by period_grain, period_start, scope, scope_value
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
