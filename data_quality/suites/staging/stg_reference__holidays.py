from data_quality.expectations import Expectation, build_conditions
from data_quality.loading import TableContext
from data_quality.rules import build_same_rows


def build_expectations(context: TableContext) -> list[Expectation]:
    return [
        build_same_rows(context, "seeds.holidays"),
        build_conditions(
            "holidays_can_be_read",
            context.name,
            {"no day": "day is null", "whose": "team is null and country is null"},
            says="a day, and whose it is: a team's or a country's",
        ),
    ]
