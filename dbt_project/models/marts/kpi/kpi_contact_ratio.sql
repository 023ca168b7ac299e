-- Longer than most: three facts, counted alike.
with touches as (
    select * from {{ ref('fct_touches') }}
    where not is_excluded and lead_id is not null
),

leads as (
    select * from {{ ref('fct_leads') }}
    where not is_excluded
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
        {{ local_date('started_at') }} as day,
        rep_id,
        lead_source,
        count(*) filter (where channel = 'call') as outreach_calls,
        count(*) filter (where channel = 'email') as outreach_emails,
        0 as prospects,
        0 as new_contracts
    from touches
    where direction = 'outbound'
        and not is_automated
        and is_new_customer
        and channel in ('call', 'email')
    group by 1, 2, 3
),

interested as (
    select
        {{ local_date('prospect_at') }} as day,
        first_owner_rep_id as rep_id,
        lead_source,
        0 as outreach_calls,
        0 as outreach_emails,
        count(*) as prospects,
        0 as new_contracts
    from leads
    where prospect_at is not null
    group by 1, 2, 3
),

contracted as (
    select
        {{ local_date('closed_at') }} as day,
        closing_rep_id as rep_id,
        lead_source,
        0 as outreach_calls,
        0 as outreach_emails,
        0 as prospects,
        count(*) as new_contracts
    from deals
    where is_new_contract
    group by 1, 2, 3
),

together as (
    select * from outreach
    union all
    select * from interested
    union all
    select * from contracted
),

daily as (
    select
        together.*,
        reps.team
    from together
    left join reps on together.rep_id = reps.rep_id
),

scoped as (
    {{ in_periods_and_scopes(
        'daily', ['outreach_calls', 'outreach_emails', 'prospects', 'new_contracts']
    ) }}
),

counted as (
    select
        period_grain,
        period_start,
        scope,
        scope_value,
        cast(sum(outreach_calls) as bigint) as outreach_calls,
        cast(sum(outreach_emails) as bigint) as outreach_emails,
        cast(sum(outreach_calls + outreach_emails) as bigint) as outreach_touches,
        cast(sum(prospects) as bigint) as prospects,
        cast(sum(new_contracts) as bigint) as new_contracts
    from scoped
    group by period_grain, period_start, scope, scope_value
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
