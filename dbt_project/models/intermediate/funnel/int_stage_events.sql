-- Longer than most: history and the lack of it become one list.
with stage_changes as (
    select * from {{ ref('stg_crm__stage_changes') }}
),

leads as (
    select * from {{ ref('stg_crm__leads') }}
),

deals as (
    select * from {{ ref('stg_crm__deals') }}
),

stage_map as (
    select * from {{ ref('stg_reference__stage_map') }}
),

present_stages as (
    select 'lead' as object_type, lead_id as object_id, status as native_stage from leads
    union all
    select 'deal' as object_type, deal_id as object_id, stage as native_stage from deals
),

-- Of changes at one moment the one to the present stage is the last.
recorded as (
    select
        stage_changes.object_type,
        stage_changes.object_id,
        stage_changes.changed_at,
        stage_changes.stage as native_stage,
        stage_map.funnel_step,
        stage_map.step_rank,
        case when present_stages.object_id is not null then 1 else 0 end as event_order
    from stage_changes
    left join present_stages
        on stage_changes.object_type = present_stages.object_type
        and stage_changes.object_id = present_stages.object_id
        and stage_changes.stage = present_stages.native_stage
    left join stage_map
        on stage_changes.connector = stage_map.connector
        and stage_changes.object_type = stage_map.object_type
        and stage_changes.stage = stage_map.native_stage
),

with_history as (
    select distinct object_type, object_id from recorded
),

-- Where a source has no history, what it says today is all there is.
present_leads as (
    select
        'lead' as object_type,
        leads.lead_id as object_id,
        coalesce(leads.updated_at, leads.created_at) as changed_at,
        leads.status as native_stage,
        stage_map.funnel_step,
        stage_map.step_rank,
        0 as event_order
    from leads
    left join stage_map
        on leads.connector = stage_map.connector
        and leads.status = stage_map.native_stage
        and stage_map.object_type = 'lead'
    where leads.lead_id not in (select object_id from with_history where object_type = 'lead')
        and coalesce(leads.updated_at, leads.created_at) <= {{ as_of() }}
),

deals_without_history as (
    select
        deals.deal_id,
        -- A deal that says that it closed before it was opened is closed all the same.
        least(
            deals.created_at, coalesce(deals.closed_at, deals.updated_at, deals.created_at)
        ) as created_at,
        coalesce(deals.closed_at, deals.updated_at, deals.created_at) as closed_at,
        deals.stage,
        stage_map.funnel_step,
        stage_map.step_rank
    from deals
    left join stage_map
        on deals.connector = stage_map.connector
        and deals.stage = stage_map.native_stage
        and stage_map.object_type = 'deal'
    where deals.deal_id not in (select object_id from with_history where object_type = 'deal')
),

opened_deals as (
    select
        'deal' as object_type,
        deal_id as object_id,
        created_at as changed_at,
        case when funnel_step in ('won', 'lost') then 'opened' else stage end as native_stage,
        'opportunity' as funnel_step,
        2 as step_rank,
        0 as event_order
    from deals_without_history
),

closed_deals as (
    select
        'deal' as object_type,
        deal_id as object_id,
        closed_at as changed_at,
        stage as native_stage,
        funnel_step,
        step_rank,
        1 as event_order
    from deals_without_history
    where funnel_step in ('won', 'lost')
        and closed_at <= {{ as_of() }}
),

events as (
    select * from recorded
    union all
    select * from present_leads
    union all
    select * from opened_deals
    union all
    select * from closed_deals
),

-- One sort of an object's events for all that their order says.
compared as (
    select
        *,
        row_number() over in_order as event_number,
        lag(funnel_step ignore nulls) over in_order as step_before,
        lag(step_rank ignore nulls) over in_order as rank_before
    from events
    window in_order as (
        partition by object_type, object_id order by changed_at, event_order, native_stage
    )
)

select
    object_type,
    object_id,
    changed_at,
    native_stage,
    funnel_step,
    step_rank,
    event_number,
    step_before,
    coalesce(step_rank < rank_before, false) as is_step_back
from compared
