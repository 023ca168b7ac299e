with connector_stages as (
    select * from {{ source('raw', 'connector_stages') }}
),

company_stages as (
    select * from {{ ref('stage_map') }}
),

together as (
    select
        connector,
        lower(object_type) as object_type,
        lower(trim(native_stage)) as native_stage,
        lower(trim(funnel_step)) as funnel_step,
        coalesce(is_excluded, false) as is_excluded,
        2 as precedence
    from connector_stages
    union all
    select
        connector,
        lower(object_type) as object_type,
        lower(trim(native_stage)) as native_stage,
        lower(trim(funnel_step)) as funnel_step,
        coalesce(is_excluded, false) as is_excluded,
        1 as precedence
    from company_stages
),

-- What a company says of its own stages overrules what the connector brings.
ranked as (
    select
        *,
        row_number() over (
            partition by connector, object_type, native_stage
            order by precedence, funnel_step nulls last
        ) as position
    from together
),

in_force as (
    select
        connector,
        object_type,
        native_stage,
        funnel_step,
        is_excluded,
        case funnel_step
            when 'lead' then 0
            when 'prospect' then 1
            when 'opportunity' then 2
            when 'won' then 3
        end as step_rank
    from ranked
    where position = 1
)

select * from in_force
