-- Longer than most: one decision with six outcomes, in the order of KPIS.md 1.
with touches as not materialized (
    select * from {{ ref('int_touches_unioned') }}
),

leads as (
    select * from {{ ref('int_leads_resolved') }}
),

steps as (
    select * from {{ ref('int_leads_climbed') }}
),

deals as (
    select * from {{ ref('int_deals_resolved') }}
),

owner_periods as (
    select * from {{ ref('int_owner_periods') }}
    where object_type = 'lead'
),

contact_points as (
    select * from {{ ref('int_contact_points') }}
),

phone_numbers as (
    select * from {{ ref('stg_telephony__phone_numbers') }}
),

-- The activity's own lead, else its deal's: nothing to choose there.
named as not materialized (
    select
        touches.touch_key,
        touches.started_at,
        touches.own_exclusion_reason,
        touches.rep_id,
        touches.contact_id,
        coalesce(touches.named_lead_id, deals.lead_id) as lead_id,
        case
            when touches.named_lead_id is not null then 'explicit_lead'
            when deals.lead_id is not null then 'via_deal'
        end as lead_match_rule,
        touches.phone,
        touches.e164,
        touches.email
    from touches
    left join deals on touches.deal_id = deals.deal_id
),

unnamed as (
    select * from named
    where lead_id is null
),

written_numbers as (
    select
        unnamed.touch_key,
        unnamed.started_at,
        unnamed.rep_id,
        phone_numbers.e164,
        phone_numbers.position
    from unnamed
    inner join phone_numbers on unnamed.phone = phone_numbers.written
),

-- The call's own number where the CRM's can't be read.
touch_numbers as (
    select touch_key, started_at, rep_id, e164 from written_numbers
    union all
    select touch_key, started_at, rep_id, e164
    from unnamed
    where e164 is not null
        and touch_key not in (select touch_key from written_numbers where position = 0)
),

-- A contact that the activity names goes before its phone, its phone before its email. The touch's
-- start and rep come along: joined later, the engine would cross all touches with all leads. Who
-- has two of a touch's numbers is named twice.
named_contacts as (
    select touch_key, started_at, rep_id, contact_id, 1 as precedence
    from unnamed
    where contact_id is not null
    union all
    select
        touch_numbers.touch_key,
        touch_numbers.started_at,
        touch_numbers.rep_id,
        contact_points.contact_id,
        2 as precedence
    from touch_numbers
    inner join contact_points
        on touch_numbers.e164 = contact_points.point and contact_points.kind = 'phone'
    union all
    select
        unnamed.touch_key,
        unnamed.started_at,
        unnamed.rep_id,
        contact_points.contact_id,
        3 as precedence
    from unnamed
    inner join contact_points
        on unnamed.email = contact_points.point and contact_points.kind = 'email'
),

open_leads as (
    select
        leads.lead_id,
        leads.contact_id,
        leads.owner_rep_id,
        leads.created_at,
        steps.closed_at
    from leads
    inner join steps on leads.lead_id = steps.lead_id
    where leads.exclusion_reason is null
),

candidates as (
    select
        named_contacts.touch_key,
        named_contacts.rep_id,
        named_contacts.started_at,
        named_contacts.precedence,
        named_contacts.contact_id,
        open_leads.lead_id,
        open_leads.owner_rep_id,
        open_leads.created_at
    from named_contacts
    inner join open_leads on named_contacts.contact_id = open_leads.contact_id
    where open_leads.created_at
        <= {{ add_seconds('named_contacts.started_at', 60 * var('lead_clock_tolerance_minutes')) }}
        and (open_leads.closed_at is null or open_leads.closed_at >= named_contacts.started_at)
),

-- Who owned the lead when the touch began.
owned_candidates as (
    select
        candidates.*,
        coalesce(
            coalesce(owner_periods.owner_rep_id, candidates.owner_rep_id) = candidates.rep_id, false
        ) as is_own_lead
    from candidates
    left join owner_periods
        on candidates.lead_id = owner_periods.object_id
        and owner_periods.valid_from <= candidates.started_at
        and owner_periods.valid_until > candidates.started_at
),

ranked as (
    select
        *,
        row_number() over (
            partition by touch_key
            order by precedence, is_own_lead desc, created_at desc, lead_id
        ) as position
    from owned_candidates
),

chosen as (
    select
        touch_key,
        contact_id,
        lead_id,
        case precedence
            when 1 then 'contact'
            when 2 then 'phone'
            else 'email'
        end as lead_match_rule
    from ranked
    where position = 1
),

-- Where no lead was open, the one contact that the touch can have been with.
without_lead as (
    select
        touch_key,
        case when min(contact_id) = max(contact_id) then min(contact_id) end as contact_id,
        cast(null as varchar) as lead_id,
        'no_open_lead' as lead_match_rule
    from (
        select
            *,
            min(precedence) over (partition by touch_key) as first_precedence
        from named_contacts
        where touch_key not in (select touch_key from chosen)
    ) as named_by
    where precedence = first_precedence
    group by touch_key
),

found as (
    select * from chosen
    union all
    select * from without_lead
),

matched as (
    select
        named.touch_key,
        named.own_exclusion_reason,
        coalesce(named.contact_id, found.contact_id) as contact_id,
        coalesce(named.lead_id, found.lead_id) as lead_id,
        coalesce(named.lead_match_rule, found.lead_match_rule, 'no_contact') as lead_match_rule
    from named
    left join found on named.touch_key = found.touch_key
),

with_contact as (
    select
        matched.touch_key,
        matched.own_exclusion_reason,
        coalesce(matched.contact_id, leads.live_contact_id) as contact_id,
        matched.lead_id,
        matched.lead_match_rule
    from matched
    left join leads on matched.lead_id = leads.lead_id
)

select * from with_contact
