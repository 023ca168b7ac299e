"""Seeds are an analyst's to edit: what they say is checked where staging reads it."""

from data_quality.expectations import Expectation, build_conditions
from data_quality.loading import TableContext


def build_expectations(context: TableContext) -> list[Expectation]:
    empty = " and ".join(f'"{column}" is null' for column in context.columns)
    return [
        build_conditions(
            "no_line_is_empty",
            context.name,
            {"empty lines": empty},
            says="a line says something",
        )
    ]
