with outreach as (
    select
        {{ local_date('started_at') }} as day,
        rep_id,
        lead_source,
        channel as what
    from {{ ref('fct_touches') }}
    where not is_excluded
        and lead_id is not null
        and direction = 'outbound'
        and not is_automated
        and is_new_customer
        and channel in ('call', 'email')
),

interested as (
    select
        {{ local_date('prospect_at') }} as day,
        first_owner_rep_id as rep_id,
        lead_source,
        'prospect' as what
    from {{ ref('fct_leads') }}
    where not is_excluded and prospect_at is not null
),

contracted as (
    select
        {{ local_date('closed_at') }} as day,
        closing_rep_id as rep_id,
        lead_source,
        'contract' as what
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
            'outreach_calls': "count(*) filter (where what = 'call')",
            'outreach_emails': "count(*) filter (where what = 'email')",
            'outreach_touches': "count(*) filter (where what in ('call', 'email'))",
            'prospects': "count(*) filter (where what = 'prospect')",
            'new_contracts': "count(*) filter (where what = 'contract')",
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
