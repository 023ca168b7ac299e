with leads as (
    select * from {{ ref('int_leads_resolved') }}
),

steps as (
    select * from {{ ref('int_leads_climbed') }}
),

touches as not materialized (
    select * from {{ ref('int_touches_numbered') }}
    where lead_id is not null
        and exclusion_reason is null
),

-- Where the inquiry is a call, the clock starts with the call, not with the record of it.
call_inquiries as (
    select
        leads.lead_id,
        min(touches.started_at) as called_at
    from leads
    inner join touches on leads.lead_id = touches.lead_id
    where leads.is_inquiry
        and leads.inquiry_channel in ({{ "'" ~ var('call_inquiry_channels') | join("', '") ~ "'" }})
        and touches.channel = 'call'
        and touches.direction = 'inbound'
        and not touches.is_automated
        and abs({{ seconds_between(
            'touches.started_at', 'coalesce(leads.inquiry_at, leads.created_at)'
        ) }})
            <= 60 * {{ var('lead_clock_tolerance_minutes') }}
    group by leads.lead_id
),

clocks as (
    select
        leads.lead_id,
        leads.is_inquiry,
        leads.first_owner_rep_id,
        coalesce(call_inquiries.called_at, leads.inquiry_at, leads.created_at) as clock_started_at,
        steps.closed_at
    from leads
    inner join steps on leads.lead_id = steps.lead_id
    left join call_inquiries on leads.lead_id = call_inquiries.lead_id
),

-- A rep may have called minutes before the record was made; an answer of last month is none.
answers as (
    select
        clocks.lead_id,
        min(touches.started_at) as answered_at,
        min(touches.started_at) filter (where touches.direction = 'outbound') as first_attempt_at,
        min(touches.started_at) filter (where touches.is_completed) as first_contact_at
    from clocks
    inner join touches on clocks.lead_id = touches.lead_id
    where not touches.is_automated
        and (touches.direction = 'outbound' or touches.is_completed)
        and (
            not clocks.is_inquiry
            or touches.started_at
            >= {{ add_seconds(
                'clocks.clock_started_at', -60 * var('lead_clock_tolerance_minutes')
            ) }}
        )
    group by clocks.lead_id
),

answered as (
    select
        clocks.lead_id,
        clocks.is_inquiry,
        clocks.first_owner_rep_id,
        clocks.clock_started_at,
        clocks.closed_at,
        answers.answered_at,
        answers.first_attempt_at,
        answers.first_contact_at,
        case
            when not clocks.is_inquiry then 'not_an_inquiry'
            when answers.answered_at is not null then 'responded'
            when clocks.closed_at is not null then 'never'
            else 'pending'
        end as response_status,
        greatest(
            coalesce(answers.answered_at, clocks.closed_at, {{ as_of() }}),
            clocks.clock_started_at
        ) as waited_until
    from clocks
    left join answers on clocks.lead_id = answers.lead_id
)

select * from answered
