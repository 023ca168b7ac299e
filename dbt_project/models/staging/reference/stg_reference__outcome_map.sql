with outcome_map as (
    select * from {{ ref('outcome_map') }}
),

cleaned as (
    select
        lower(trim(kind)) as kind,
        regexp_replace(lower(trim(native_outcome)), '[ -]+', '_', 'g') as native_outcome,
        lower(trim(outcome)) as outcome
    from outcome_map
)

select * from cleaned
