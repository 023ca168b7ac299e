from data_quality.expectations import Expectation, build_conditions, build_counted
from data_quality.loading import TableContext

ROUNDING = "1e-9 * (1 + abs(value))"
TOLERATED_CHANGE = 0.1
TOLERATED_SHARE = 0.05
"""Late rows and corrections change some figures of periods that are over; few, and not by much."""


def build_expectations(context: TableContext) -> list[Expectation]:
    has_before = {"other.marts.kpi_scorecard", "other.reference.release"} <= context.tables
    return [
        build_conditions(
            "figures_are_figures",
            context.name,
            {
                "share outside of 0 to 1": "unit = 'share' and (value < 0 or value > 1)",
                "part above its whole": "unit = 'share' and numerator > denominator + 1e-9",
                "outside its interval": f"value < low - {ROUNDING} or value > high + {ROUNDING}",
                "not a number": "isnan(value) or isinf(value)",
            },
            says="a figure is one, a share is between 0 and 1, in its interval",
        ),
        _build_measures_there(context),
        *([_build_stable(context)] if has_before else []),
    ]


def _build_measures_there(context: TableContext) -> Expectation:
    """What kpi_definitions names and no row shows is not missing data but a missing line of SQL."""
    missing = (
        "from seeds.kpi_definitions where measure is not null "
        f"and (kpi, measure) not in (select (kpi, measure) from {context.name})"
    )
    return build_counted(
        "measures_are_there",
        f"""
        select
            case when (select count(*) from {context.name}) = 0 then 0 else count(*) end as failing,
            coalesce(string_agg(kpi || ' ' || measure, ', ' order by position), '0 rows')
                as observed
        {missing}
        """,
        says="every measure of seeds/kpi_definitions.csv has a row",
        look=f"select kpi, measure {missing}",
        severity="warning",
    )


def _build_stable(context: TableContext) -> Expectation:
    """Of the company's figures for periods that were over when the release in force was made."""
    compared = f"""
        from {context.name} as tonight
        inner join other.marts.kpi_scorecard as before
            using (kpi, measure, period_grain, period_start, scope, scope_value)
        where tonight.scope = 'company'
            and tonight.period_start + case tonight.period_grain
                when 'week' then interval 7 day
                when 'month' then interval 1 month
                else interval 3 month
            end <= (select as_of from other.reference.release)
    """
    moved = f"abs(tonight.value - before.value) > {TOLERATED_CHANGE} * abs(before.value)"
    return build_counted(
        "closed_periods_are_stable",
        f"""
        select
            case when moved > {TOLERATED_SHARE} * figures then moved else 0 end as failing,
            moved || ' of ' || figures || ' figures moved' as observed
        from (
            select count(*) as figures, count(*) filter (where {moved}) as moved {compared}
        ) as counted
        """,
        says=f"at most {TOLERATED_SHARE:.0%} of the figures of periods that are over differ from "
        f"those of the release in force by more than {TOLERATED_CHANGE:.0%}",
        look=f"select tonight.*, before.value as value_before {compared} and {moved}",
        severity="warning",
    )
