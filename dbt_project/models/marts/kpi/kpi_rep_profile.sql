with leads as (
    select * from {{ ref('fct_leads') }}
    where not is_excluded
),

deals as (
    select * from {{ ref('fct_deals') }}
    where not is_excluded and (is_won or is_lost)
),

reps as (
    select * from {{ ref('dim_reps') }}
),

opened as (
    select
        first_owner_rep_id as rep_id,
        'opener' as side,
        coalesce(lead_source, 'unknown') as lead_source,
        prospect_at is not null as is_converted
    from leads
    where {{ seconds_between('created_at', as_of()) }} < 86400 * {{ var('profile_days') }}
),

closed as (
    select
        closing_rep_id as rep_id,
        'closer' as side,
        coalesce(lead_source, 'unknown') as lead_source,
        is_won as is_converted
    from deals
    where {{ seconds_between('closed_at', as_of()) }} < 86400 * {{ var('profile_days') }}
),

together as (
    select * from opened
    union all
    select * from closed
),

teamed as (
    select
        together.*,
        coalesce(reps.team, 'unknown') as team
    from together
    left join reps on together.rep_id = reps.rep_id
),

-- What the team, the rep in it, made of a source.
source_rates as (
    select
        side,
        team,
        lead_source,
        cast({{ ratio('count(*) filter (where is_converted)', 'count(*)') }} as decimal(18, 12))
            as source_rate
    from teamed
    group by side, team, lead_source
),

counted as (
    select
        teamed.rep_id,
        teamed.side,
        count(*) as entered,
        count(*) filter (where teamed.is_converted) as converted,
        cast(sum(source_rates.source_rate) as decimal(28, 12)) as expected_converted
    from teamed
    inner join source_rates
        on teamed.side = source_rates.side
        and teamed.team = source_rates.team
        and teamed.lead_source = source_rates.lead_source
    where teamed.rep_id is not null
    group by teamed.rep_id, teamed.side
),

rated as (
    select
        *,
        {{ ratio('converted', 'entered') }} as observed_rate,
        {{ wilson_low('converted', 'entered') }} as observed_low,
        {{ wilson_high('converted', 'entered') }} as observed_high,
        {{ ratio('expected_converted', 'entered') }} as expected_rate,
        {{ ratio('converted', 'expected_converted') }} as index
    from counted
),

judged as (
    select
        rated.rep_id,
        reps.full_name as rep_name,
        reps.team,
        rated.side,
        rated.entered,
        rated.converted,
        rated.expected_converted,
        rated.observed_rate,
        rated.observed_low,
        rated.observed_high,
        rated.expected_rate,
        rated.index,
        -- As expected is a finding too: the whole interval has to lie near the expected rate.
        case
            when rated.observed_low > rated.expected_rate then 'strong'
            when rated.observed_high < rated.expected_rate then 'weak'
            when rated.observed_low >= rated.expected_rate * (1 - {{ var('profile_equivalence') }})
                and rated.observed_high
                <= rated.expected_rate * (1 + {{ var('profile_equivalence') }}) then 'as expected'
            else 'not enough data'
        end as verdict
    from rated
    left join reps on rated.rep_id = reps.rep_id
)

select * from judged
