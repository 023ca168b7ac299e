{% set sent_late = "event = 'sent' and is_after_refusal" %}
{% set refusals = 'not is_excluded and not has_send_after' %}
{% set touches = evidence_of(
    'fct_touches', 'not is_excluded and not is_automated', 'started_at', 'rep_id'
) %}
{% set leads_sent -%}
    'lead_id in (select lead_id from marts.' || {{ event_evidence("event = 'sent'") }} || ')'
{%- endset %}
{% set items_in_force -%}
    'dim_collateral where coalesce(published_on <= date ''' || last_day
    || ''', true) and coalesce(retired_on > date ''' || last_day || ''', true)'
{%- endset %}

with collateral_usage as (
    select
        *,
        cast(
            least(
                {{ period_end('period_grain', 'period_start') }} - 1, {{ local_date(as_of()) }}
            ) as varchar
        ) as last_day
    from {{ ref('kpi_collateral_usage') }}
),

worded as (
    {{ with_evidence('collateral_usage', [
        'share_leads_sent', 'share_items_used', 'share_reengaged', 'share_reengaged_without',
        'sends', 'opens',
    ]) }}
),

measures as (
    {{ scorecard_measure(
        'worded', 'collateral_usage', 'share_leads_sent', 'share_leads_sent',
        'leads_worked',
        "'fct_leads where lead_id in (select lead_id from marts.' || " ~ touches
            ~ " || ') or ' || " ~ leads_sent,
        'leads_sent', "'fct_leads where ' || " ~ leads_sent,
        low='share_leads_sent_low', high='share_leads_sent_high'
    ) }}
    union all
    {{ scorecard_measure(
        'worded', 'collateral_usage', 'share_items_used', 'share_items_used',
        'items_in_force', items_in_force,
        'items_used',
        items_in_force ~ " || ' and collateral_id in (select collateral_id from marts.' || "
            ~ event_evidence("event = 'sent'") ~ " || ')'",
        low='share_items_used_low', high='share_items_used_high'
    ) }}
    union all
    {{ scorecard_measure(
        'worded', 'collateral_usage', 'share_reengaged', 'share_reengaged',
        'sends_after_refusal', event_evidence(sent_late),
        'reengaged', event_evidence(sent_late ~ ' and is_reengaged'),
        low='share_reengaged_low', high='share_reengaged_high'
    ) }}
    union all
    {{ scorecard_measure(
        'worded', 'collateral_usage', 'share_reengaged_without', 'share_reengaged_without',
        'refusals_without_send', evidence_of('fct_refusals', refusals, 'refused_at', 'rep_id'),
        'reengaged_without',
        evidence_of('fct_refusals', refusals ~ ' and is_reengaged', 'refused_at', 'rep_id'),
        low='share_reengaged_without_low', high='share_reengaged_without_high'
    ) }}
    union all
    {{ scorecard_measure(
        'worded', 'collateral_usage', 'sends', 'sends', 'sends', event_evidence("event = 'sent'")
    ) }}
    union all
    {{ scorecard_measure(
        'worded', 'collateral_usage', 'opens', 'opens', 'opens', event_evidence("event = 'opened'")
    ) }}
)

select * from measures
