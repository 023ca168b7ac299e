-- Longer than most: every column of the scorecard is made here once.
with measures as (
    select * from {{ ref('kpi_scorecard_contact_ratio') }}
    union all
    select * from {{ ref('kpi_scorecard_speed_to_lead') }}
    union all
    select * from {{ ref('kpi_scorecard_contact_ratio_cohort') }}
    union all
    select * from {{ ref('kpi_scorecard_completed_contacts') }}
    union all
    select * from {{ ref('kpi_scorecard_collateral_usage') }}
    union all
    select * from {{ ref('kpi_scorecard_closed_deals') }}
),

definitions as (
    select * from {{ ref('kpi_definitions') }}
),

benchmarks as (
    select * from {{ ref('kpi_benchmarks') }}
),

-- A period in which much outreach found no lead undercounts everybody's.
badly_matched as (
    select
        period_grain,
        period_start
    from {{ ref('kpi_touch_matching') }}
    where scope = 'company'
        and share_touches_matched < 1 - {{ var('scorecard_max_unmatched_share') }}
),

described as (
    select
        measures.*,
        definitions.title_en as title,
        case
            when definitions.unit = 'money' then '{{ var("reporting_currency") }}'
            else definitions.unit
        end as unit,
        definitions.better_is,
        -- What the figure's certainty hangs on; a plain count is what it is.
        case
            when definitions.kind in ('share', 'ratio', 'mean', 'quantile')
                then measures.denominator
            when definitions.kind = 'rate' then measures.numerator
            when definitions.kind = 'comparison'
                then least(measures.numerator, measures.denominator)
        end as sample,
        definitions.stands_on_touches and badly_matched.period_start is not null
            as is_badly_matched,
        benchmarks.value as benchmark,
        benchmarks.source as benchmark_source,
        benchmarks.grade as benchmark_grade
    from measures
    inner join definitions
        on measures.kpi = definitions.kpi and measures.measure = definitions.measure
    left join benchmarks
        on measures.kpi = benchmarks.kpi and measures.measure = benchmarks.measure
    left join badly_matched
        on measures.period_grain = badly_matched.period_grain
        and measures.period_start = badly_matched.period_start
),

reasoned as (
    select
        *,
        nullif(
            concat_ws(
                '; ',
                case when sample < {{ var('scorecard_min_denominator') }} then 'small sample' end,
                case
                    when {{ period_end('period_grain', 'period_start') }}
                        > {{ local_date(as_of()) }}
                        then 'period not over'
                end,
                caveat,
                case when is_badly_matched then 'touches unmatched' end
            ),
            ''
        ) as unreliable_because
    from described
),

compared as (
    select
        period_grain,
        period_start,
        scope,
        scope_value,
        scope_label,
        kpi,
        measure,
        title,
        value,
        unit,
        better_is,
        numerator,
        denominator,
        low,
        high,
        benchmark,
        benchmark_source,
        benchmark_grade,
        -- Only a figure that stands, with an interval, can agree or contradict.
        case
            when unreliable_because is null then benchmark between low and high
        end as agrees_with_benchmark,
        case
            when benchmark is null then null
            when unreliable_because is not null or low is null or high is null
                then 'can not tell yet'
            when benchmark between low and high then 'own data agree'
            when benchmark > high then 'own data are lower'
            else 'own data are higher'
        end as benchmark_verdict,
        previous_value,
        unreliable_because is null as is_reliable,
        unreliable_because,
        evidence,
        evidence_numerator,
        evidence_summed
    from reasoned
)

select * from compared
