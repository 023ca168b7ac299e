with leads as (
    select * from {{ ref('fct_leads') }}
    where not is_excluded and is_inquiry
),

reps as (
    select * from {{ ref('dim_reps') }}
),

inquiries as (
    select
        leads.first_owner_rep_id as rep_id,
        reps.team,
        leads.lead_source,
        leads.response_status = 'responded' as is_responded,
        coalesce(leads.response_seconds, leads.waiting_seconds) as seconds_waited
    from leads
    left join reps on leads.first_owner_rep_id = reps.rep_id
),

scoped as (
    {{ in_scopes('inquiries', ['is_responded', 'seconds_waited']) }}
),

curve as (
    {{ survival_curve(
        'scoped', ['scope', 'scope_value'], 'seconds_waited', 'is_responded'
    ) }}
),

labelled as (
    select
        curve.scope,
        curve.scope_value,
        {{ scope_label('curve') }} as scope_label,
        {{ ratio('curve.duration', 3600) }} as hours,
        cast(curve.at_risk as bigint) as at_risk,
        curve.events as responded,
        curve.still_waiting
    from curve
    {{ join_scope_label('curve') }}
)

select * from labelled
