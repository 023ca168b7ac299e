"""The runner: bad data and checks that broke are two things; nothing personal, nothing locked."""

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from data_quality.__main__ import main
from data_quality.runner import StageReport, run_stage, save_results
from tests.data_quality.hand_made import PERSONAL, add, opened, run_sql

SUITE = """
from data_quality.expectations import build_counted, build_no_rows, build_not_null, build_share

def build_expectations(context):
    return [{}]
"""
GOOD = 'build_not_null("full_name")'


@pytest.fixture
def people(tmp_path: Path) -> Path:
    path = tmp_path / "people.duckdb"
    run_sql(path, "create schema raw", "create table raw.people (full_name varchar, email varchar)")
    with opened(path) as connection:
        for _ in range(3):
            add(connection, "raw.people", full_name=PERSONAL[0], email=PERSONAL[1])
    return path


def check(database: Path, suites: Path, code: str, table: str = "people") -> StageReport:
    (suites / "raw").mkdir(parents=True, exist_ok=True)
    # Loaded suites are kept by their path, so each test has a folder of its own.
    (suites / "raw" / f"{table}.py").write_text(SUITE.format(code))
    return run_stage(database, "raw", run_id="run 1", suites=suites)


def test_a_check_that_passes(people: Path, tmp_path: Path) -> None:
    report = check(people, tmp_path, GOOD)
    (result,) = report.results
    assert report.passed
    assert (result.run_id, result.stage, result.table) == ("run 1", "raw", "people")
    assert (result.passed, result.broke, result.failing_rows) == (True, False, 0)
    assert result.expectation == "expect_column_values_to_not_be_null(full_name)"


def test_a_warning_does_not_stop(people: Path, tmp_path: Path) -> None:
    report = check(
        people, tmp_path, 'build_share("few", "raw.people", "true", says="", tolerated=0)'
    )
    assert report.passed
    assert [result.severity for result in report.warnings] == ["warning"]
    assert report.warnings[0].failing_rows == 3


@pytest.mark.parametrize(
    ("code", "expectation", "said"),
    [
        (
            'build_not_null("nope")',
            "expect_column_values_to_not_be_null(nope)",
            'Binder Error: Referenced column "nope" not found',
        ),
        (
            'build_no_rows("rule", "select 1 from raw.people where nope", "")',
            "rule",
            'Binder Error: Referenced column "nope" not found',
        ),
        (
            'build_no_rows("rule", "select 1 from raw.nowhere", "")',
            "rule",
            "Catalog Error: Table with name nowhere does not exist",
        ),
        (
            (
                'build_no_rows("rule", "select cast(full_name as integer) as n from raw.people '
                'where n > 1", "", severity="warning")'
            ),
            "rule",
            "ConversionException",
        ),
    ],
    ids=["missing column", "missing column in SQL", "missing table", "a value that can't be cast"],
)
def test_a_check_that_broke_is_told_from_bad_data(
    people: Path, tmp_path: Path, code: str, expectation: str, said: str
) -> None:
    report = check(people, tmp_path, f"{code}, {GOOD}")
    (broken,) = report.broken
    assert not report.passed
    assert not report.failed
    assert not report.warnings
    assert broken.expectation == expectation
    assert said in broken.message
    assert broken.failing_rows is None
    # What stands beside it is still looked at.
    assert [result.passed for result in report.results] == [False, True]


def test_a_suite_that_cannot_be_built_broke(people: Path, tmp_path: Path) -> None:
    report = check(people, tmp_path, "1 / 0")
    (broken,) = report.broken
    assert (broken.table, broken.expectation) == ("people", "suite_is_built")
    assert "people.py: ZeroDivisionError" in broken.message


def test_a_suite_of_no_table_broke(people: Path, tmp_path: Path) -> None:
    report = check(people, tmp_path, GOOD, table="leads")
    (broken,) = report.broken
    assert (broken.table, broken.expectation) == ("leads", "table_exists")
    assert "leads.py" in broken.message


def test_only_the_tables_that_are_asked_for(people: Path, tmp_path: Path) -> None:
    check(people, tmp_path, GOOD, table="leads")
    report = run_stage(people, "raw", run_id="", tables=["people"], suites=tmp_path)
    assert report.passed
    report = run_stage(people, "raw", run_id="", tables=["deals"], suites=tmp_path)
    assert [result.table for result in report.broken] == ["deals"]


def test_braces_colons_and_percents_reach_the_database(people: Path, tmp_path: Path) -> None:
    sql = (
        "select 1 from raw.people where regexp_matches('12:30 50% :name', "
        "'^[0-9]{{2}}:[0-9]{{2}} [0-9]{{1,3}}% (:name)$')"
    )
    report = check(people, tmp_path, f'build_no_rows("rule", {sql.format()!r}, "")')
    assert report.failed[0].failing_rows == 3


def test_no_result_holds_a_value(people: Path, tmp_path: Path) -> None:
    report = check(
        people,
        tmp_path,
        'build_no_rows("a", "select * from raw.people", ""),'
        'build_no_rows("b", "select 1 from raw.people where cast(email as date) > now()", ""),'
        'build_no_rows("c", "select error(full_name) as e from raw.people where e is null", ""),'
        'build_not_null("full_name")',
    )
    assert len(report.broken) == 2
    for result in report.results:
        assert not any(value in str(result) for value in PERSONAL)


def test_no_lock_stays(people: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.duckdb"
    run_sql(other, "create table t as select 1 as x")
    for code in (GOOD, 'build_not_null("nope")'):
        suites = tmp_path / str(len(code))
        check(people, suites, code)
        run_stage(people, "raw", run_id="", suites=suites, compare_with=other)
        run_sql(people, "create or replace table t as select 1 as x")
        run_sql(other, "create or replace table t as select 1 as x")


def test_what_cannot_be_opened_is_raised_and_leaves_no_lock(people: Path, tmp_path: Path) -> None:
    with pytest.raises(duckdb.IOException):
        run_stage(tmp_path / "nowhere.duckdb", "raw", run_id="")
    with opened(people), pytest.raises(duckdb.Error):
        run_stage(people, "raw", run_id="")
    run_sql(people, "create table t as select 1 as x")


def test_a_strange_path_and_a_file_that_nobody_may_write(people: Path, tmp_path: Path) -> None:
    path = tmp_path / "a b%20c?d#é" / "it's.duckdb"
    path.parent.mkdir()
    people.rename(path)
    path.chmod(0o444)
    suites = tmp_path / "suites"
    assert check(path, suites, GOOD).passed
    assert run_stage(path, "raw", run_id="", suites=suites, compare_with=path).passed


def test_results_are_appended(people: Path, tmp_path: Path) -> None:
    report = check(people, tmp_path, f'{GOOD}, build_not_null("nope")')
    with opened(people) as connection:
        save_results(connection, report.results)
        save_results(connection, [])
        save_results(connection, report.results[:1])
        saved = connection.execute(
            "select run_id, stage, table_name, expectation, severity, passed, broke, failing_rows, "
            "checked_at is not null from quality.results"
        ).fetchall()
    assert len(saved) == 3
    name = "expect_column_values_to_not_be_null(full_name)"
    assert saved[0] == ("run 1", "raw", "people", name, "error", True, False, 0, True)
    assert saved[1][5:8] == (False, True, None)


def test_the_command_line(raw: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(raw), "raw"]) == 0
    assert "0 failed, 0 broke" in capsys.readouterr().out
    run_sql(raw, "update raw.crm_deals set stage = null")
    assert main([str(raw)]) == 1
    printed = capsys.readouterr().out
    assert "FAILED  raw.crm_deals breaks expect_column_values_to_not_be_null(stage)" in printed
    assert "2 of 2 rows" in printed
    assert not any(value in printed for value in PERSONAL)
    run_sql(raw, "update raw.crm_deals set stage = 'won'", "drop table quality.loads")
    assert main([str(raw), "raw"]) == 2
    assert main([str(tmp_path / "nowhere.duckdb")]) == 2


def test_importing_the_runner_is_cheap_and_pulls_in_no_orchestrator() -> None:
    code = (
        "import sys, data_quality.runner, data_quality.loading, data_quality.results\n"
        "assert not {'great_expectations', 'dagster', 'orchestration'} & set(sys.modules)\n"
        "from data_quality.session import import_great_expectations\n"
        "import_great_expectations()\n"
        "assert not {'dagster', 'orchestration'} & set(sys.modules)\n"
        "import inspect\n"
        "inspect.stack()\n"
        "assert not {'scipy.stats._stats_py', 'altair.vegalite'} & set(sys.modules)\n"
        "from scipy.stats.contingency import relative_risk\n"
        "import scipy.stats, altair\n"
        "assert round(scipy.stats.norm.cdf(0), 3) == 0.5 and altair.Chart\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
