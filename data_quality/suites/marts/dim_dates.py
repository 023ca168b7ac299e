from data_quality.expectations import Expectation, build_counted
from data_quality.loading import TableContext
from data_quality.rules import AS_OF


def build_expectations(context: TableContext) -> list[Expectation]:
    return [
        build_counted(
            "days_have_no_gaps",
            f"""
            select
                cast(
                    abs(days - span) + case when last_day < cast(as_of as date) then 1 else 0 end
                    as bigint
                ) as failing,
                days || ' days to ' || last_day || ', as of ' || cast(as_of as date) as observed
            from (
                select
                    count(*) as days,
                    max(day) - min(day) + 1 as span,
                    max(day) as last_day,
                    {AS_OF} as as_of
                from {context.name}
            ) as calendar
            """,
            says="every day is there, to that of as_of",
            look=f"select min(day), max(day), count(*) from {context.name}",
        )
    ]
