"""What the checks of a stage said, and the table that keeps it."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from typing import Literal

import duckdb

Severity = Literal["error", "warning"]

STAGE_WIDE = "(stage)"
"""The `table` of a result that is of no single table."""


@dataclass(frozen=True)
class Result:
    """What one expectation said of one table; no field holds a value of the data."""

    run_id: str
    stage: str
    table: str
    expectation: str
    """Readable and stable: `rows_are_conserved`, `expect_column_values_to_not_be_null(lead_id)`."""
    severity: Severity
    """An `error` stops the night, a `warning` is reported."""
    observed: str
    passed: bool
    broke: bool
    """The check could not be computed: nobody knows what the data are like."""
    failing_rows: int | None
    message: str
    """Which table, which rule, how many rows, where to look."""


@dataclass(frozen=True)
class StageReport:
    stage: str
    results: tuple[Result, ...]

    @property
    def passed(self) -> bool:
        """Nothing stands in the way of the next stage; there may be warnings."""
        return not self.failed and not self.broken

    @property
    def failed(self) -> tuple[Result, ...]:
        """Rules of severity `error` that the data break."""
        return tuple(r for r in self.results if _is_bad(r) and r.severity == "error")

    @property
    def warnings(self) -> tuple[Result, ...]:
        return tuple(r for r in self.results if _is_bad(r) and r.severity == "warning")

    @property
    def broken(self) -> tuple[Result, ...]:
        """Checks that could not be computed, whatever their severity."""
        return tuple(r for r in self.results if r.broke)


def _is_bad(result: Result) -> bool:
    return not result.passed and not result.broke


_CREATE = """
create schema if not exists quality;
create table if not exists quality.results (
    run_id varchar, stage varchar, table_name varchar, expectation varchar, severity varchar,
    observed varchar, passed boolean, broke boolean, failing_rows bigint, message varchar,
    checked_at timestamp
);
"""


_TOLD = "stage, table_name, expectation, severity, observed, passed, broke, failing_rows, message"


def read_results(connection: duckdb.DuckDBPyConnection, run_id: str) -> list[Result]:
    """What was found in a run that has been saved."""
    rows = connection.execute(
        f"select run_id, {_TOLD} from quality.results where run_id = ?", [run_id]
    ).fetchall()
    return [Result(*row) for row in rows]


def repeat_results(
    connection: duckdb.DuckDBPyConnection, of_run: str, run_id: str, *, without: Sequence[str]
) -> None:
    """What was found then is found now, but for the stages that are looked at anew."""
    connection.execute(_CREATE)
    connection.execute(
        f"insert into quality.results select $run_id, {_TOLD}, checked_at from quality.results "
        "where run_id = $of_run and stage not in (select unnest($without))",
        {"run_id": run_id, "of_run": of_run, "without": list(without)},
    )


def save_results(connection: duckdb.DuckDBPyConnection, results: Sequence[Result]) -> None:
    """Append to `quality.results`, made where it is not there yet."""
    connection.execute(_CREATE)
    if not results:
        return
    # A column a parameter: one row an insert takes a second for a night's results.
    columns = [list(values) for values in zip(*map(astuple, results), strict=True)]
    chosen = ", ".join(f"unnest(${number})" for number in range(1, len(fields(Result)) + 1))
    connection.execute(
        f"insert into quality.results select {chosen}, make_timestamp(epoch_us(now()))", columns
    )
