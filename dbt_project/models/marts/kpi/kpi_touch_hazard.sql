with leads as (
    select * from {{ ref('fct_leads') }}
    where not is_excluded
),

reps as (
    select * from {{ ref('dim_reps') }}
),

-- For a lead that was won, contacts after the win are no further tries.
ended as (
    select
        leads.first_owner_rep_id as rep_id,
        reps.team,
        leads.lead_source,
        coalesce(leads.contacts_to_win, leads.completed_contacts) as contacts,
        leads.won_at is not null as is_won,
        leads.is_given_up
    from leads
    left join reps on leads.first_owner_rep_id = reps.rep_id
),

scoped as (
    {{ in_scopes('ended', ['contacts', 'is_won', 'is_given_up']) }}
),

counted as (
    select
        scope,
        scope_value,
        contacts,
        count(*) as leads,
        count(*) filter (where is_won) as won,
        count(*) filter (where is_given_up) as given_up
    from scoped
    group by scope, scope_value, contacts
),

-- Every number up to the highest, those at which no lead ended among them.
numbers as (
    select
        scope,
        scope_value,
        unnest(generate_series(1, highest)) as contact_number
    from (
        select
            scope,
            scope_value,
            max(contacts) as highest
        from counted
        group by scope, scope_value
    ) as spans
),

numbered as (
    select
        numbers.scope,
        numbers.scope_value,
        numbers.contact_number,
        coalesce(counted.leads, 0) as leads,
        coalesce(counted.won, 0) as won_at,
        coalesce(counted.given_up, 0) as gave_up_after
    from numbers
    left join counted
        on numbers.scope = counted.scope
        and numbers.scope_value = counted.scope_value
        and numbers.contact_number = counted.contacts
),

summed as (
    select
        *,
        cast(sum(leads) over at_or_beyond as bigint) as reached,
        cast(sum(won_at) over at_or_beyond as bigint) - won_at as won_later
    from numbered
    window at_or_beyond as (partition by scope, scope_value order by contact_number desc)
),

labelled as (
    select
        summed.scope,
        summed.scope_value,
        {{ scope_label('summed') }} as scope_label,
        summed.contact_number,
        summed.reached,
        summed.won_at,
        summed.reached - summed.leads as went_on,
        summed.gave_up_after,
        summed.leads - summed.won_at - summed.gave_up_after as still_open,
        summed.won_later,
        {{ ratio('summed.won_at', 'summed.reached') }} as chance_at,
        {{ wilson_low('summed.won_at', 'summed.reached') }} as chance_at_low,
        {{ wilson_high('summed.won_at', 'summed.reached') }} as chance_at_high,
        {{ ratio('summed.won_later', 'summed.reached') }} as chance_later,
        {{ wilson_low('summed.won_later', 'summed.reached') }} as chance_later_low,
        {{ wilson_high('summed.won_later', 'summed.reached') }} as chance_later_high
    from summed
    {{ join_scope_label('summed') }}
)

select * from labelled
