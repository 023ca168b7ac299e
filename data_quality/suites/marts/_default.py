"""Marts: shares are shares, nothing is of the future, no table lost its rows since last time."""

from data_quality.expectations import Expectation
from data_quality.loading import TableContext
from data_quality.rules import (
    EVENT_TIMES,
    build_not_collapsed,
    build_seen_as_of,
    build_shares_in_range,
)

LEAST_SHARE_OF_ROWS = 0.9


def build_expectations(context: TableContext) -> list[Expectation]:
    before = f"other.marts.{context.table}"
    return [
        *build_shares_in_range(context),
        *build_seen_as_of(context, EVENT_TIMES),
        *(
            [build_not_collapsed(context.name, before, LEAST_SHARE_OF_ROWS)]
            if before in context.tables
            else []
        ),
    ]
