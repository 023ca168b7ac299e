-- Longer than most: what was found out about a touch in five steps, put beside what it says itself.
-- Sums are to know what it gave up: depends_on: {{ ref('was_touches') }}
with unioned as (
    select * from {{ ref('int_touches_unioned') }}
),

matched as (
    select * from {{ ref('int_touches_matched_to_leads') }}
),

touches as (
    select * from {{ ref('int_touches_numbered') }}
),

customers_touched as (
    select * from {{ ref('int_customers_touched') }}
),

leads as (
    select * from {{ ref('int_leads_resolved') }}
),

deals as (
    select * from {{ ref('int_deals_resolved') }}
),

owner_periods as (
    select * from {{ ref('int_owner_periods') }}
    where object_type = 'lead'
),

first_wins as (
    select
        customer_id,
        customer_kind,
        min(closed_at) as first_won_at
    from deals
    where funnel_step = 'won' and exclusion_reason is null
    group by customer_id, customer_kind
),

described as (
    select
        unioned.touch_id,
        unioned.source,
        unioned.channel,
        unioned.direction,
        unioned.started_at,
        touches.ended_at,
        cast(unioned.talk_seconds as decimal(18, 3)) as talk_seconds,
        touches.is_completed,
        touches.is_automated,
        unioned.is_answered,
        touches.exclusion_reason is not null as is_excluded,
        touches.exclusion_reason,
        unioned.rep_id,
        coalesce(owner_periods.owner_rep_id, leads.owner_rep_id) as owner_then_rep_id,
        leads.owner_rep_id as owner_now_rep_id,
        matched.contact_id,
        coalesce(leads.customer_id, customers_touched.customer_id) as customer_id,
        coalesce(leads.customer_kind, customers_touched.customer_kind) as customer_kind,
        touches.lead_id,
        leads.lead_source,
        unioned.deal_id,
        matched.lead_match_rule,
        touches.attempt_number,
        touches.contact_number,
        touches.hours_since_previous_touch,
        touches.messages,
        case when unioned.source <> 'telephony' then unioned.touch_id end as crm_activity_id,
        unioned.telephony_call_id
    from touches
    inner join unioned on touches.touch_key = unioned.touch_key
    inner join matched on touches.touch_key = matched.touch_key
    left join customers_touched on touches.touch_key = customers_touched.touch_key
    left join leads on touches.lead_id = leads.lead_id
    left join owner_periods
        on touches.lead_id = owner_periods.object_id
        and owner_periods.valid_from <= unioned.started_at
        and owner_periods.valid_until > unioned.started_at
),

with_customer as (
    select
        described.*,
        case
            when described.customer_id is not null
                then first_wins.first_won_at is null
                    or first_wins.first_won_at >= described.started_at
        end as is_new_customer
    from described
    left join first_wins
        on described.customer_id = first_wins.customer_id
        and described.customer_kind = first_wins.customer_kind
)

select * from with_customer
