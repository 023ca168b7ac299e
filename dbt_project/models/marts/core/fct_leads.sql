-- Longer than most: many columns; and on a normal night those that only waited wait on.
-- What only a normal night reads: depends_on: {{ ref('stg_crm__reps') }}
-- depends_on: {{ ref('int_working_intervals') }}
-- Sums are to know what it gave up: depends_on: {{ ref('was_leads') }}
with leads as (
    select * from {{ ref('int_leads_resolved') }}
),

steps as (
    select * from {{ ref('int_leads_climbed') }}
),

waited as (
    select * from {{ ref('int_leads_waited') }}
),

touched as (
    select * from {{ ref('int_leads_touched') }}
),

described as (
    select
        leads.lead_id,
        leads.survivor_id as surviving_lead_id,
        leads.customer_id,
        leads.customer_kind,
        leads.contact_id,
        leads.account_id,
        leads.lead_source,
        leads.first_owner_rep_id,
        leads.owner_rep_id,
        leads.is_inquiry,
        leads.inquiry_channel,
        leads.created_at,
        leads.assigned_at,
        waited.clock_started_at,
        waited.first_attempt_at,
        waited.first_contact_at,
        waited.response_status,
        case when waited.response_status = 'responded' then waited.waiting_seconds end
            as response_seconds,
        -- Outside hours nobody worked: the answer is labelled, not passed off as 0 minutes.
        case
            when waited.response_status = 'responded'
                and not (
                    waited.is_answered_outside_hours and waited.business_waiting_seconds = 0
                )
                then waited.business_waiting_seconds
        end as business_response_seconds,
        waited.is_answered_outside_hours,
        case
            when waited.response_status in ('pending', 'never') then waited.waiting_seconds
        end as waiting_seconds,
        case
            when waited.response_status in ('pending', 'never')
                then waited.business_waiting_seconds
        end as business_waiting_seconds,
        steps.prospect_at,
        steps.opportunity_at,
        steps.won_at,
        steps.lost_at,
        steps.closed_at,
        steps.funnel_step,
        steps.is_prospect_skipped,
        steps.is_opportunity_skipped,
        steps.steps_back,
        coalesce(touched.attempts, 0) as attempts,
        coalesce(touched.completed_contacts, 0) as completed_contacts,
        coalesce(touched.automated_touches, 0) as automated_touches,
        case when steps.won_at is not null then coalesce(touched.contacts_to_win, 0) end
            as contacts_to_win,
        coalesce(touched.is_burst, false) as is_burst,
        touched.last_touch_at,
        leads.exclusion_reason is not null as is_excluded,
        leads.exclusion_reason
    from leads
    inner join steps on leads.lead_id = steps.lead_id
    inner join waited on leads.lead_id = waited.lead_id
    left join touched on leads.lead_id = touched.lead_id
),

judged as (
    select
        *,
        coalesce(touched_long_ago, false) as is_given_up,
        coalesce(touched_long_ago, false)
        and completed_contacts < {{ var('persistence_contacts') }} as is_gave_up_early
    from (
        select
            *,
            case
                when lost_at is not null then true
                when won_at is not null then false
                else {{ seconds_between('coalesce(last_touch_at, created_at)', as_of()) }}
                    >= 86400 * {{ var('abandoned_after_days') }}
            end as touched_long_ago
        from described
    ) as aged
),

{% if var('scope') == 'affected' -%}
reps as (
    select * from {{ ref('stg_crm__reps') }}
),

working_intervals as (
    select * from {{ ref('int_working_intervals') }}
),

-- Nothing has happened to them but another day.
still_pending as (
    select
        *,
        greatest({{ as_of() }}, clock_started_at) as waited_until
    from {{ this }}
    where response_status = 'pending' and not {{ is_affected("'lead'", 'lead_id') }}
),

timed as (
    {{ with_hours_team('still_pending') }}
),

moments as (
    select lead_id, hours_team, clock_started_at as moment from timed
    union
    select lead_id, hours_team, waited_until as moment from timed
),

positions as (
    {{ worked_positions('moments') }}
),

aged as (
    select
        timed.* replace (
            {{ seconds_between('timed.clock_started_at', 'timed.waited_until') }}
                as waiting_seconds,
            cast(ends.worked_seconds - starts.worked_seconds as decimal(18, 6))
                as business_waiting_seconds
        )
    from timed
    left join positions as starts
        on timed.lead_id = starts.lead_id and timed.clock_started_at = starts.moment
    left join positions as ends
        on timed.lead_id = ends.lead_id and timed.waited_until = ends.moment
),

{% endif -%}
{% set columns = [
    'lead_id', 'surviving_lead_id', 'customer_id', 'customer_kind', 'contact_id', 'account_id',
    'lead_source', 'first_owner_rep_id', 'owner_rep_id', 'is_inquiry', 'inquiry_channel',
    'created_at', 'assigned_at', 'clock_started_at', 'first_attempt_at', 'first_contact_at',
    'response_status', 'response_seconds', 'business_response_seconds',
    'is_answered_outside_hours', 'waiting_seconds', 'business_waiting_seconds', 'prospect_at',
    'opportunity_at', 'won_at', 'lost_at', 'closed_at', 'funnel_step', 'is_prospect_skipped',
    'is_opportunity_skipped', 'steps_back', 'attempts', 'completed_contacts',
    'automated_touches', 'contacts_to_win', 'is_burst', 'is_given_up', 'is_gave_up_early',
    'last_touch_at', 'is_excluded', 'exclusion_reason',
] -%}
together as (
    select {{ columns | join(',\n        ') }}
    from judged
    {%- if var('scope') == 'affected' %}
    union all
    select {{ columns | join(',\n        ') }}
    from aged
    {%- endif %}
)

select * from together
