with refusals as (
    select * from {{ ref('int_refusals') }}
),

sends as (
    select * from {{ ref('int_collateral_events_matched') }}
    where event = 'sent'
),

contacts_completed as (
    select * from {{ ref('int_touches_numbered') }}
    where contact_number is not null
),

answered_with_send as (
    select distinct refusals.refusal_id
    from refusals
    inner join sends
        on refusals.lead_id = sends.lead_id
        and sends.occurred_at > refusals.refused_at
    where {{ seconds_between('refusals.refused_at', 'sends.occurred_at') }}
        <= 86400 * {{ var('reengagement_days') }}
),

reengaged as (
    select distinct refusals.refusal_id
    from refusals
    inner join contacts_completed
        on refusals.lead_id = contacts_completed.lead_id
        and contacts_completed.started_at > refusals.refused_at
    where {{ seconds_between('refusals.refused_at', 'contacts_completed.started_at') }}
        <= 86400 * {{ var('reengagement_days') }}
),

described as (
    select
        refusals.refusal_id,
        refusals.object_type,
        refusals.lead_id,
        refusals.deal_id,
        refusals.rep_id,
        refusals.lead_source,
        refusals.refused_at,
        answered_with_send.refusal_id is not null as has_send_after,
        reengaged.refusal_id is not null as is_reengaged,
        refusals.exclusion_reason is not null as is_excluded,
        refusals.exclusion_reason
    from refusals
    left join answered_with_send on refusals.refusal_id = answered_with_send.refusal_id
    left join reengaged on refusals.refusal_id = reengaged.refusal_id
)

select * from described
