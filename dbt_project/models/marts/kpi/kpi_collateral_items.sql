with collateral as (
    select * from {{ ref('dim_collateral') }}
),

events as (
    select * from {{ ref('fct_collateral_events') }}
    where not is_excluded
),

leads as (
    select * from {{ ref('fct_leads') }}
    where not is_excluded
),

used as (
    select
        collateral_id,
        count(*) filter (where event = 'sent') as sends,
        count(distinct rep_id) filter (where event = 'sent') as reps,
        count(distinct lead_id) filter (where event = 'sent') as leads,
        count(*) filter (where event = 'opened') as opens,
        max(occurred_at) filter (where event = 'sent') as last_sent_at
    from events
    group by collateral_id
),

followed as (
    select
        events.collateral_id,
        count(distinct events.lead_id) as wins_after
    from events
    inner join leads on events.lead_id = leads.lead_id
    where events.event = 'sent' and leads.won_at > events.occurred_at
    group by events.collateral_id
),

-- What was published yesterday has not been forgotten yet.
judged as (
    select
        collateral.collateral_id,
        collateral.title,
        collateral.kind,
        coalesce(used.sends, 0) as sends,
        coalesce(used.reps, 0) as reps,
        coalesce(used.leads, 0) as leads,
        coalesce(used.opens, 0) as opens,
        coalesce(followed.wins_after, 0) as wins_after,
        used.last_sent_at,
        collateral.is_in_force,
        collateral.is_in_force
        and coalesce(
            {{ seconds_between('used.last_sent_at', as_of()) }}
            >= 86400 * {{ var('forgotten_after_days') }},
            {{ local_date(as_of()) }} - collateral.published_on
            >= {{ var('forgotten_after_days') }},
            true
        ) as is_forgotten
    from collateral
    left join used on collateral.collateral_id = used.collateral_id
    left join followed on collateral.collateral_id = followed.collateral_id
)

select * from judged
