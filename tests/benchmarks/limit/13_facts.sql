-- The facts as analysts read them: ids as the CRM writes them, words for codes.

create table marts.fct_touches as
select
    case when touch < 1000000000000 then {id A touch} else {call id of touch} || '#call' end
        as touch_id,
    case source when 1 then 'crm' when 2 then 'both' else 'telephony' end as source,
    case channel when 1 then 'call' when 2 then 'email' when 3 then 'meeting' else 'message' end
        as channel,
    case direction when 1 then 'outbound' when 2 then 'inbound' when 3 then 'internal' end
        as direction,
    moment_of(started) as started_at,
    moment_of(ended) as ended_at,
    cast(talk as decimal(18, 3)) as talk_seconds,
    is_completed,
    is_automated,
    exclusion is not null as is_excluded,
    exclusion as exclusion_reason,
    {rep id of rep} as rep_id,
    {id P contact} as contact_id,
    {customer id of customer} as customer_id,
    {id L lead} as lead_id,
    {id D deal} as deal_id,
    case rule when 1 then 'explicit_lead' when 2 then 'via_deal' when 3 then 'contact'
        when 4 then 'phone' when 5 then 'email' when 6 then 'no_contact' else 'no_open_lead' end
        as lead_match_rule,
    is_new_customer,
    attempt_number,
    contact_number,
    gap / 3600.0 as hours_since_previous_touch,
    case when touch < 1000000000000 then {id A touch} end as crm_activity_id,
    {call id of call} as telephony_call_id
from work.touches;

create table marts.fct_leads as
select
    {id L lead} as lead_id,
    {customer id of customer} as customer_id,
    {id P contact} as contact_id,
    {id C account} as account_id,
    origins.lead_source,
    {rep id of first_owner} as first_owner_rep_id,
    {rep id of owner} as owner_rep_id,
    is_inquiry,
    moment_of(created) as created_at,
    moment_of(clock_started) as clock_started_at,
    moment_of(first_attempt) as first_attempt_at,
    moment_of(first_contact) as first_contact_at,
    response_status,
    response_seconds,
    business_response_seconds,
    waiting_seconds,
    moment_of(prospect) as prospect_at,
    moment_of(opportunity) as opportunity_at,
    moment_of(won) as won_at,
    moment_of(lost) as lost_at,
    moment_of(closed) as closed_at,
    funnel_step,
    attempts,
    completed_contacts,
    contacts_to_win,
    is_burst,
    is_gave_up_early,
    moment_of(last_touch) as last_touch_at,
    exclusion is not null as is_excluded,
    exclusion as exclusion_reason
from work.lead_facts as facts
left join work.origins as origins on facts.origin = origins.origin;

create table marts.fct_deals as
select
    {id D deal} as deal_id,
    {id L lead} as lead_id,
    {customer id of customer} as customer_id,
    {rep id of owner} as owner_rep_id,
    {rep id of closer} as closing_rep_id,
    origins.lead_source,
    pipeline,
    stage,
    funnel_step,
    amount,
    currency,
    reporting_amount,
    moment_of(created) as created_at,
    moment_of(closed) as closed_at,
    funnel_step = 'won' as is_won,
    funnel_step = 'lost' as is_lost,
    is_new_contract,
    case when closed >= created then (closed - created) / 86400.0 end as cycle_days,
    exclusion is not null as is_excluded,
    exclusion as exclusion_reason
from work.deal_facts as facts
left join work.origins as origins on facts.origin = origins.origin;

create table marts.fct_collateral_events as
select
    {id E event} as event_id,
    'files:B' || lpad(cast(item as varchar), 4, '0') as collateral_id,
    happening as event,
    moment_of(occurred) as occurred_at,
    {rep id of rep} as rep_id,
    {id L lead} as lead_id,
    {id D deal} as deal_id,
    is_after_refusal
from work.events_matched;

create table marts.dim_reps as
select {rep id of rep} as rep_id, full_name, team_name as team, is_active from work.reps;

create table marts.dim_collateral as
select
    'files:B' || lpad(cast(item as varchar), 4, '0') as collateral_id,
    title,
    kind,
    published_on,
    retired_on
from work.collateral;
