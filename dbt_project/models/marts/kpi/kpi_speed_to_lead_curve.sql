with inquiries as (
    select
        first_owner_rep_id as rep_id,
        lead_source,
        response_status = 'responded' as is_responded,
        coalesce(response_seconds, waiting_seconds) as seconds_waited
    from {{ ref('fct_leads') }}
    where not is_excluded and is_inquiry
),

whose as (
    {{ number_whose('inquiries') }}
),

placed as (
    select
        whose.rep_number,
        whose.team_number,
        whose.source_number,
        inquiries.is_responded,
        inquiries.seconds_waited
    from inquiries
    inner join whose
        on coalesce(inquiries.rep_id, 'unknown') = whose.rep
        and coalesce(inquiries.lead_source, 'unknown') = whose.lead_source
),

{% set numbers = [
    ('company', "'all'", '0'), ('team', 'team', 'team_number'), ('rep', 'rep', 'rep_number'),
    ('lead_source', 'lead_source', 'source_number'),
] -%}
named as (
    {% for scope, name, number in numbers -%}
    select distinct
        '{{ scope }}' as scope,
        {{ name }} as scope_value,
        {{ number }} as scope_number
    from whose
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

scoped as (
    {% for scope, name, number in numbers -%}
    select
        '{{ scope }}' as scope,
        {{ number }} as scope_number,
        is_responded,
        seconds_waited
    from placed
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

numbered_curve as (
    {{ survival_curve(
        'scoped', ['scope', 'scope_number'], 'seconds_waited', 'is_responded'
    ) }}
),

curve as (
    select
        numbered_curve.*,
        named.scope_value
    from numbered_curve
    inner join named
        on numbered_curve.scope = named.scope
        and numbered_curve.scope_number = named.scope_number
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
