with leads as (
    select * from {{ ref('int_leads_resolved') }}
),

stage_events as not materialized (
    select * from {{ ref('int_stage_events') }}
    where object_type = 'lead'
),

deals as (
    select * from {{ ref('int_deals_resolved') }}
    where own_exclusion_reason is null and lead_id is not null
),

last_other_events as (
    select
        object_id as lead_id,
        max(event_number) filter (where funnel_step is distinct from 'lost') as last_not_lost
    from stage_events
    group by object_id
),

own_steps as (
    select
        stage_events.object_id as lead_id,
        min(stage_events.changed_at) filter (where stage_events.step_rank >= 1) as prospect_at,
        min(stage_events.changed_at) filter (where stage_events.step_rank = 1) as seen_prospect_at,
        min(stage_events.changed_at) filter (where stage_events.step_rank >= 2) as opportunity_at,
        min(stage_events.changed_at) filter (where stage_events.step_rank = 2)
            as seen_opportunity_at,
        -- Disqualified now: since the last time that it was not, and for the first time.
        min(stage_events.changed_at) filter (
            where stage_events.event_number > coalesce(last_other_events.last_not_lost, 0)
        ) as disqualified_since,
        min(stage_events.changed_at) filter (where stage_events.funnel_step = 'lost')
            as first_disqualified_at,
        count(*) filter (where stage_events.is_step_back) as steps_back
    from stage_events
    inner join last_other_events on stage_events.object_id = last_other_events.lead_id
    group by stage_events.object_id
),

deal_steps as (
    select
        lead_id,
        count(*) as deals,
        count(*) filter (where funnel_step = 'won') as won_deals,
        count(*) filter (where funnel_step = 'lost') as lost_deals,
        min(prospect_at) as prospect_at,
        min(opportunity_at) as opportunity_at,
        min(seen_opportunity_at) as seen_opportunity_at,
        min(closed_at) filter (where funnel_step = 'won') as won_at,
        max(closed_at) filter (where funnel_step = 'lost') as last_lost_at,
        sum(steps_back) as steps_back
    from deals
    group by lead_id
),

-- A step that was skipped gets the time of the next one reached.
climbed as (
    select
        leads.lead_id,
        least(
            own_steps.prospect_at, deal_steps.prospect_at, own_steps.opportunity_at,
            deal_steps.opportunity_at, deal_steps.won_at
        ) as prospect_at,
        least(own_steps.opportunity_at, deal_steps.opportunity_at, deal_steps.won_at)
            as opportunity_at,
        deal_steps.won_at,
        case
            when deal_steps.deals = deal_steps.lost_deals then deal_steps.last_lost_at
            when deal_steps.deals is null and own_steps.disqualified_since is not null
                then own_steps.first_disqualified_at
        end as lost_at,
        -- A lead that was taken up again was open until its last closing.
        case
            when deal_steps.deals = deal_steps.lost_deals then deal_steps.last_lost_at
            when deal_steps.deals is null then own_steps.disqualified_since
        end as lost_since,
        least(own_steps.seen_prospect_at, deal_steps.prospect_at) as seen_prospect_at,
        least(own_steps.seen_opportunity_at, deal_steps.seen_opportunity_at)
            as seen_opportunity_at,
        cast(coalesce(own_steps.steps_back, 0) + coalesce(deal_steps.steps_back, 0) as bigint)
            as steps_back
    from leads
    left join own_steps on leads.lead_id = own_steps.lead_id
    left join deal_steps on leads.lead_id = deal_steps.lead_id
),

placed as (
    select
        lead_id,
        prospect_at,
        opportunity_at,
        won_at,
        lost_at,
        coalesce(won_at, lost_since) as closed_at,
        case
            when won_at is not null then 'won'
            when lost_at is not null then 'lost'
            when opportunity_at is not null then 'opportunity'
            when prospect_at is not null then 'prospect'
            else 'lead'
        end as funnel_step,
        prospect_at is not null
            and (seen_prospect_at is null or seen_prospect_at > prospect_at) as is_prospect_skipped,
        opportunity_at is not null
            and (seen_opportunity_at is null or seen_opportunity_at > opportunity_at)
            as is_opportunity_skipped,
        steps_back
    from climbed
)

select * from placed
