"""`python -m data_quality DATABASE [STAGE …]`: 0 passed, 1 the data are bad, 2 a check broke."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import duckdb

from data_quality.loading import stages
from data_quality.results import Result, StageReport
from data_quality.runner import SCHEMAS, run_stage
from data_quality.session import marts_beside, open_for_reading

FAILED, BROKE = 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m data_quality", description=__doc__)
    parser.add_argument("database", type=Path)
    parser.add_argument("stage", nargs="*", help="raw, staging …; without any, all that are there")
    parser.add_argument("--run-id", default="by hand")
    parser.add_argument("--compare-with", type=Path, help="the release in force, or the marts file")
    parser.add_argument("--allow-personal-data", action="store_true")
    parser.add_argument("--all", action="store_true", help="print what passed, too")
    told = parser.parse_args(arguments)
    try:
        reports = [
            run_stage(
                told.database,
                stage,
                run_id=told.run_id,
                compare_with=told.compare_with,
                allow_personal_data=told.allow_personal_data,
            )
            for stage in told.stage or _find_stages(told.database)
        ]
    except duckdb.Error as error:
        print(f"{told.database}: {error}", file=sys.stderr)
        return BROKE
    for report in reports:
        _print_report(report, all_results=told.all)
    if any(report.failed for report in reports):
        return FAILED
    # A file without a stage has not passed: nothing was looked at.
    return BROKE if not reports or any(report.broken for report in reports) else 0


def _find_stages(database: Path) -> list[str]:
    """The stages whose schemas are in the file; one with marts and no raw is a release."""
    with open_for_reading(database) as connection:
        rows = connection.execute("select distinct schema_name from duckdb_columns()").fetchall()
    schemas = {name for (name,) in rows} | ({"marts"} if marts_beside(database) else set())
    if "raw" not in schemas and "marts" in schemas:
        return ["published"]
    order = ("raw", "seeds", "staging", "intermediate", "marts")
    known = [*order, *(stage for stage in stages() if stage not in (*order, *SCHEMAS))]
    return [stage for stage in known if stage in schemas]


def _print_report(report: StageReport, *, all_results: bool) -> None:
    bad = (*report.failed, *report.broken, *report.warnings)
    print(
        f"{report.stage}: {len(report.results)} expectations, {len(report.failed)} failed, "
        f"{len(report.broken)} broke, {len(report.warnings)} warnings"
    )
    for result in report.results if all_results else bad:
        told = f"{result.table} {result.expectation}: {result.observed}"
        print(f"  {_mark(result):7} {told if result.passed else result.message}")


def _mark(result: Result) -> str:
    if result.broke:
        return "BROKE"
    if result.passed:
        return "ok"
    return "FAILED" if result.severity == "error" else "warning"


if __name__ == "__main__":
    sys.exit(main())
