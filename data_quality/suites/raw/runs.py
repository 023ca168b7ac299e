from data_quality.expectations import Expectation, build_counted
from data_quality.loading import TableContext
from data_quality.rules import AS_OF

DAYS_AHEAD = 2


def build_expectations(context: TableContext) -> list[Expectation]:
    return [
        build_counted(
            "as_of_is_no_future",
            f"""
            select
                case
                    when as_of > make_timestamp(epoch_us(now())) + interval {DAYS_AHEAD} day then 1
                    when as_of is null then 1
                    else 0
                end as failing,
                coalesce(strftime(as_of, '%Y-%m-%d %H:%M:%S'), 'no run') as observed
            from (select {AS_OF} as as_of) as latest
            """,
            says="the latest run describes a moment that has been",
            look=f"select * from {context.name}",
        )
    ]
