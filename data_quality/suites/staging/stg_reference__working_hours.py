from data_quality.expectations import Expectation, build_conditions
from data_quality.loading import TableContext
from data_quality.rules import build_same_rows


def build_expectations(context: TableContext) -> list[Expectation]:
    return [
        build_same_rows(context, "seeds.working_hours"),
        build_conditions(
            "hours_can_be_read",
            context.name,
            {
                "weekday": "weekday is null or weekday not between 1 and 7",
                "opens": "opens is null",
                "closes": "closes is null or closes <= opens",
                "time_zone": "time_zone not in (select name from pg_timezone_names())",
            },
            says="a weekday, a time of opening, a later one of closing and a known time zone",
        ),
    ]
