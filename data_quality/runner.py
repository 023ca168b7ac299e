"""Runs the suites of a stage against a DuckDB file, and tells bad data from checks that broke."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from data_quality.bundling import bundle
from data_quality.expectations import Expectation, Scanned
from data_quality.loading import SUITES, SuiteError, TableContext, build_suite, suite_tables
from data_quality.results import STAGE_WIDE, Result, Severity, StageReport, save_results
from data_quality.session import (
    MARTS,
    Counts,
    Session,
    marts_beside,
    open_for_reading,
    open_session,
)

__all__ = ["Result", "StageReport", "run_stage", "save_results"]

SCHEMAS: Mapping[str, tuple[str, ...]] = {"published": ("marts", "reference")}
"""Stages whose tables are in schemas of another name."""
OTHER = "other"
"""The name under which the file that is compared with is attached."""

# These name tables and columns only; others quote values ("Could not convert string 'Ann' …").
_TELLABLE = re.compile(r"(?:Binder|Catalog|Parser) Error: [^\n]*")
_KIND = re.compile(r"\(_?duckdb\.(?:duckdb\.)?(\w+)\)")


@dataclass(frozen=True)
class _Run:
    session: "Session"
    stage: str
    run_id: str

    def result(
        self,
        table: str,
        expectation: str,
        message: str,
        *,
        severity: Severity = "error",
        observed: str = "",
        passed: bool = False,
        broke: bool = False,
        failing_rows: int | None = None,
    ) -> Result:
        return Result(
            self.run_id,
            self.stage,
            table,
            expectation,
            severity,
            observed,
            passed,
            broke,
            failing_rows,
            message,
        )


def run_stage(
    database: Path,
    schema: str,
    *,
    run_id: str,
    tables: Sequence[str] | None = None,
    compare_with: Path | None = None,
    allow_personal_data: bool = False,
    parts: Mapping[str, str] | None = None,
    suites: Path = SUITES,
) -> StageReport:
    """Validate every table of a stage (or `tables`), and leave no lock on the file.

    `parts`: table -> SQL of its rows (a table, a select in brackets) that alone are looked at one
    by one, since the others have been before. What is counted is counted over all.

    `compare_with` is the release in force (marts) or the marts file (published); without it, the
    one at its place under TOUCHLINE_HOME, where there is one. Raises what DuckDB raises where
    `database` can't be opened.
    """
    marts = marts_beside(database) if schema == "marts" else None
    with open_session(database, marts) as session:
        run = _Run(session, schema, run_id)
        results = _attach(run, compare_with or _find_other(database, schema))
        found = _read_tables(run, parts or {}, allow_personal_data=allow_personal_data)
        wanted = list(tables) if tables is not None else _expected_tables(schema, found, suites)
        results += [_refuse_missing(run, table, suites) for table in wanted if table not in found]
        results += _check_tables(run, [found[t] for t in wanted if t in found], suites)
    return StageReport(schema, tuple(results))


def _find_other(database: Path, stage: str) -> Path | None:
    """Where ARCHITECTURE.md ("Where it lives") says that the release and the marts file are."""
    path = {
        "marts": database.parent / "current" / "touchline.duckdb",
        "published": database.parent.parent.parent / "marts" / "touchline.duckdb",
    }.get(stage)
    return path if path is not None and path.exists() else None


def _attach(run: _Run, other: Path | None) -> list[Result]:
    """A release in force that can't be read must not keep the next one from replacing it."""
    if other is None:
        return []
    quoted = str(other).replace("'", "''")
    try:
        open_for_reading(other).close()
        run.session.query(f"attach '{quoted}' as {OTHER} (read_only)")
    except duckdb.Error as error:
        name = "what_it_is_compared_with_can_be_read"
        message = (
            f"{run.stage}: {other} can't be read, so nothing was compared with it: {_tell(error)}"
        )
        return [run.result(STAGE_WIDE, name, message, severity="warning", observed="not read")]
    return []


def _read_tables(
    run: _Run, parts: Mapping[str, str], *, allow_personal_data: bool
) -> dict[str, TableContext]:
    """Every table and view of the stage, with its columns."""
    rows = run.session.query(
        f"select database_name <> '{OTHER}', schema_name, table_name, column_name, data_type "
        "from duckdb_columns() where not internal "
        f"and database_name in (current_database(), '{MARTS}', '{OTHER}') "
        "order by table_name, column_index"
    )
    names = frozenset(
        f"{schema}.{table}" if is_own else f"{OTHER}.{schema}.{table}"
        for is_own, schema, table, _, _ in rows
    )
    schemas = SCHEMAS.get(run.stage, (run.stage,))
    columns: dict[tuple[str, str], dict[str, str]] = {}
    for is_own, schema, table, column, kind in rows:
        if is_own and schema in schemas:
            columns.setdefault((schema, table), {})[column] = kind
    return {
        table: TableContext(
            run.stage,
            schema,
            table,
            described,
            names,
            run.run_id,
            allow_personal_data,
            parts.get(table),
        )
        for (schema, table), described in columns.items()
    }


def _expected_tables(stage: str, found: Mapping[str, TableContext], suites: Path) -> list[str]:
    return sorted({*found, *suite_tables(stage, suites)})


def _refuse_missing(run: _Run, table: str, suites: Path) -> Result:
    own = suites / run.stage / f"{table}.py"
    where = f"; {own.name} is its suite" if own.exists() else ""
    message = f"{run.stage}.{table} is not there, so nothing of it could be checked{where}."
    return run.result(table, "table_exists", message, observed="no such table", broke=True)


def _check_tables(run: _Run, tables: Sequence[TableContext], suites: Path) -> list[Result]:
    """Every table by one query; where that breaks, each of its expectations by one of its own."""
    results: list[Result] = []
    asked: dict[str, tuple[TableContext, list[Expectation]]] = {}
    for context in tables:
        try:
            asked[context.table] = context, build_suite(context, suites)
        except SuiteError as error:
            message = f"{context.name}: its suite can't be built: {error}"
            results.append(run.result(context.table, "suite_is_built", message, broke=True))
    bundles = {
        table: bundle(context, list(enumerate(expectations)))
        for table, (context, expectations) in asked.items()
        if expectations
    }
    counts = run.session.count(bundles) if bundles else {}
    for table in bundles:
        context, expectations = asked[table]
        told = counts[table]
        if _find_exception(told.exception_info) is None:
            alone = dict.fromkeys(map(str, range(len(expectations))), told)
        else:
            alone = run.session.count(
                {str(place): bundle(context, [(place, e)]) for place, e in enumerate(expectations)}
            )
        results += [
            _build_result(run, context, expectation, place, alone[str(place)])
            for place, expectation in enumerate(expectations)
        ]
    return results


def _build_result(
    run: _Run, context: TableContext, expectation: Expectation, place: int, counts: Counts
) -> Result:
    name, says, severity = (
        expectation.name,
        expectation.says or expectation.name,
        expectation.severity,
    )
    error = _find_exception(counts.exception_info)
    if error is None and place not in counts.counted:
        error = "it gave no result"
    if error:
        message = f"{context.name}: {name} could not be computed: {error}."
        return run.result(context.table, name, message, severity=severity, broke=True)
    failing, observed = counts.counted[place]
    message = f"{context.name}: {says}."
    if failing:
        look = expectation.look or _look_of(context, expectation)
        message = f"{context.name} breaks {name} ({says}): {observed}. Look: {look}"
    return run.result(
        context.table,
        name,
        message,
        severity=severity,
        observed=observed,
        passed=not failing,
        failing_rows=failing,
    )


def _look_of(context: TableContext, expectation: Expectation) -> str:
    bad = expectation.bad.values() if isinstance(expectation, Scanned) else ()
    return f"select * from {context.name} where {' or '.join(bad)}"


def _find_exception(info: Mapping[str, Any] | None) -> str | None:
    """What went wrong, of GX's two shapes: one for all, or one a metric."""
    if not info:
        return None
    infos = [info] if "raised_exception" in info else list(info.values())
    return next((_tell(i["exception_message"]) for i in infos if i["raised_exception"]), None)


def _tell(error: object) -> str:
    """An error without what it quotes of the data."""
    text = str(error)
    if told := _TELLABLE.search(text):
        return told[0]
    if kind := _KIND.search(text):
        return kind[1]
    return text.split(":", 1)[0][:60] if isinstance(error, str) else type(error).__name__
