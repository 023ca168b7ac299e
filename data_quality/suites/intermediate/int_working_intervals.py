from data_quality.expectations import Expectation, build_conditions
from data_quality.loading import TableContext


def build_expectations(context: TableContext) -> list[Expectation]:
    return [
        build_conditions(
            "hours_are_hours",
            context.name,
            {
                "ends before it begins": "closes_at <= opens_at",
                "longer than a day": "closes_at > opens_at + interval 25 hour",
                "time worked before is negative": "seconds_before < 0",
            },
            says="working hours end after they begin, on the same day",
        )
    ]
