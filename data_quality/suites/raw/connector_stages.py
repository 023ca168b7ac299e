from data_quality.expectations import Expectation, build_not_null
from data_quality.loading import TableContext


def build_expectations(_context: TableContext) -> list[Expectation]:
    return [
        *(build_not_null(column) for column in ("connector", "object_type", "native_stage")),
    ]
