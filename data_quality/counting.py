"""How many rows fail one of GX's own expectations, by our own SQL: GX would hand over values."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any


def build_name(kind: str, arguments: Mapping[str, Any]) -> str:
    """`expect_column_values_to_be_between(talk_seconds)`."""
    names = ("column", "column_A", "column_B", "column_list")
    told = [str(arguments[name]) for name in names if arguments.get(name) is not None]
    return f"{kind}({', '.join(told)})" if told else kind


def build_failing_condition(kind: str, arguments: Mapping[str, Any]) -> str | None:
    """The condition of a row that fails; None for an expectation that is not known here."""
    build = _CONDITIONS.get(kind)
    return build(arguments) if build else None


def _between(arguments: Mapping[str, Any]) -> str:
    column = arguments["column"]
    bounds = [
        f"{column} {operator} {_literal(arguments[bound])}"
        for bound, operator in (("min_value", "<"), ("max_value", ">"))
        if arguments.get(bound) is not None
    ]
    return " or ".join(bounds)


def _in_set(arguments: Mapping[str, Any]) -> str:
    values = ", ".join(_literal(value) for value in arguments["value_set"])
    return f"{arguments['column']} not in ({values})"


_CONDITIONS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "expect_column_values_to_not_be_null": lambda arguments: f"{arguments['column']} is null",
    "expect_column_values_to_be_between": _between,
    "expect_column_values_to_be_in_set": _in_set,
}


def _literal(value: Any) -> str:
    if isinstance(value, datetime):
        return f"timestamp '{value:%Y-%m-%d %H:%M:%S}'"
    if isinstance(value, date | str):
        return "'" + str(value).replace("'", "''") + "'"
    return str(value)
