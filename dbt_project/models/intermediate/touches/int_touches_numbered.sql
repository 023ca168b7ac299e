-- Longer than most: whose touch it is, whether he is new, and its place in the order.
with unioned as not materialized (
    select * from {{ ref('int_touches_unioned') }}
),

matched as not materialized (
    select * from {{ ref('int_touches_matched_to_leads') }}
),

sessioned as not materialized (
    select * from {{ ref('int_touches_sessioned') }}
),

leads as (
    select * from {{ ref('int_leads_resolved') }}
),

contacts as (
    select * from {{ ref('int_contacts_resolved') }}
    where contact_id = survivor_id
),

deals as (
    select * from {{ ref('int_deals_resolved') }}
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

-- A touch of a lead that counts nowhere counts nowhere.
flagged as not materialized (
    select
        sessioned.touch_key,
        unioned.touch_id,
        unioned.channel,
        unioned.direction,
        unioned.started_at,
        sessioned.ended_at,
        sessioned.is_completed,
        sessioned.is_automated,
        coalesce(unioned.own_exclusion_reason, 'lead_' || leads.exclusion_reason)
            as exclusion_reason,
        matched.contact_id,
        matched.lead_id,
        matched.lead_match_rule,
        unioned.deal_id,
        leads.customer_id as lead_customer_id,
        leads.customer_kind as lead_customer_kind,
        leads.lead_source,
        sessioned.messages
    from sessioned
    inner join unioned on sessioned.touch_key = unioned.touch_key
    inner join matched on sessioned.touch_key = matched.touch_key
    left join leads on matched.lead_id = leads.lead_id
),

with_customer as (
    select
        flagged.*,
        coalesce(
            flagged.lead_customer_id,
            contacts.account_id,
            flagged.contact_id,
            deals.customer_id
        ) as customer_id,
        case
            when flagged.lead_customer_id is not null then flagged.lead_customer_kind
            when contacts.account_id is not null then 'account'
            when flagged.contact_id is not null then 'contact'
            else deals.customer_kind
        end as customer_kind
    from flagged
    left join contacts on flagged.contact_id = contacts.contact_id
    left join deals on flagged.deal_id = deals.deal_id
),

-- One sort of a lead's touches for all that is counted in their order.
in_order as (
    select
        touch_key,
        case when not is_automated and (direction = 'outbound' or is_completed) then
            count(*) filter (where not is_automated and (direction = 'outbound' or is_completed))
                over until_then
        end as attempt_number,
        case when is_completed then count(*) filter (where is_completed) over until_then end
            as contact_number,
        lag(started_at) over lead_in_order as previous_started_at
    from flagged
    where lead_id is not null and exclusion_reason is null
    window
        lead_in_order as (partition by lead_id order by started_at, touch_id),
        until_then as (
            partition by lead_id order by started_at, touch_id
            rows between unbounded preceding and current row
        )
),

numbered as (
    select
        with_customer.touch_key,
        with_customer.channel,
        with_customer.direction,
        with_customer.started_at,
        with_customer.ended_at,
        with_customer.is_completed,
        with_customer.is_automated,
        with_customer.exclusion_reason,
        with_customer.contact_id,
        with_customer.customer_id,
        with_customer.customer_kind,
        with_customer.lead_id,
        with_customer.lead_source,
        with_customer.lead_match_rule,
        with_customer.deal_id,
        case
            when with_customer.customer_id is not null
                then first_wins.first_won_at is null
                    or first_wins.first_won_at >= with_customer.started_at
        end as is_new_customer,
        in_order.attempt_number,
        in_order.contact_number,
        {{ seconds_between('in_order.previous_started_at', 'with_customer.started_at') }} / 3600.0
            as hours_since_previous_touch,
        with_customer.messages
    from with_customer
    left join first_wins
        on with_customer.customer_id = first_wins.customer_id
        and with_customer.customer_kind = first_wins.customer_kind
    left join in_order on with_customer.touch_key = in_order.touch_key
)

select * from numbered
