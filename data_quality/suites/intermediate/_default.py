from data_quality.expectations import Expectation
from data_quality.loading import TableContext
from data_quality.rules import EVENT_TIMES, build_seen_as_of


def build_expectations(context: TableContext) -> list[Expectation]:
    return build_seen_as_of(context, EVENT_TIMES)
