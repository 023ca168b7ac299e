with touches as (
    {{ changes_of(ref('fct_touches'), ref('was_touches'), [
        'lead_id', 'channel', 'direction', 'is_automated', 'is_excluded', 'is_new_customer',
    ]) }}
),

leads as (
    {{ changes_of(ref('fct_leads'), ref('was_leads'), [
        'lead_id', 'lead_source', 'first_owner_rep_id', 'created_at', 'is_excluded',
    ]) }}
),

outreach as (
    select
        lead_id,
        channel,
        sign
    from touches
    where not is_excluded
        and direction = 'outbound'
        and not is_automated
        and is_new_customer
        and channel in ('call', 'email')
),

-- Whoever touched the lead: the cohort is its first owner's.
counted as (
    select
        {{ part_of_week(local_date('leads.created_at')) }} as part,
        coalesce(leads.first_owner_rep_id, 'unknown') as rep_id,
        coalesce(leads.lead_source, 'unknown') as lead_source,
        {% for channel in ['call', 'email'] -%}
        cast(coalesce(sum(outreach.sign) filter (where outreach.channel = '{{ channel }}'), 0) as bigint)
            as outreach_{{ channel }}s{{ ',' if not loop.last }}
        {% endfor -%}
    from outreach
    inner join leads
        on outreach.lead_id = leads.lead_id
        {%- if var('scope') == 'affected' %}
        and outreach.sign = leads.sign
        {%- endif %}
    where not leads.is_excluded
    group by 1, 2, 3
)

select * from counted
