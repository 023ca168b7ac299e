"""A release: nobody's phone, e-mail or name in it, every row of the build, every KPI with figures."""

from pathlib import Path

import pytest

from data_quality.runner import StageReport, run_stage
from tests.data_quality.hand_made import PERSONAL, run_sql

RELEASE = (
    "create schema marts",
    "create schema reference",
    "create table marts.dim_reps as select 'c:rep@firm.example' as rep_id, 'Rep' as full_name",
    (
        "create table marts.fct_touches as select 'c:' || range as touch_id, "
        "'c:rep@firm.example' as rep_id, 'call' as channel from range(5)"
    ),
    (
        "create table marts.kpi_closed_deals as select 'month' as period_grain, 'rep' as scope, "
        "'c:rep@firm.example' as scope_value, 'Rep' as scope_label, 3 as won, 0.5 as close_rate"
    ),
    "create table reference.kpi_definitions as select 'contact_ratio' as kpi, 'Calls' as title_en",
)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "marts").mkdir()
    run_sql(tmp_path / "marts" / "touchline.duckdb", *RELEASE)
    (tmp_path / "releases" / "1").mkdir(parents=True)
    run_sql(tmp_path / "releases" / "1" / "touchline.duckdb", *RELEASE)
    return tmp_path


@pytest.fixture
def candidate(home: Path) -> Path:
    return home / "releases" / "1" / "touchline.duckdb"


def check(candidate: Path, *statements: str, allow_personal_data: bool = False) -> StageReport:
    run_sql(candidate, *statements)
    report = run_stage(
        candidate, "published", run_id="tonight", allow_personal_data=allow_personal_data
    )
    assert not any(value in str(report) for value in PERSONAL)
    return report


def failed(report: StageReport) -> list[tuple[str, str, int | None]]:
    assert not report.broken, report.broken
    return [(r.table, r.expectation, r.failing_rows) for r in report.failed]


def test_a_good_release_passes_and_every_table_is_looked_at(candidate: Path) -> None:
    report = check(candidate)
    assert report.passed
    assert not report.warnings
    assert {result.table for result in report.results} == {
        "dim_reps",
        "fct_touches",
        "kpi_closed_deals",
        "kpi_definitions",
    }
    rules = {result.expectation for result in report.results if result.table == "kpi_closed_deals"}
    assert rules == {
        "no_column_is_personal",
        "no_text_is_personal",
        "rows_are_conserved",
        "figures_are_there",
    }


@pytest.mark.parametrize(
    ("statement", "table", "expectation", "rows"),
    [
        (
            f"update marts.fct_touches set channel = '{PERSONAL[1]}' where touch_id = 'c:1'",
            "fct_touches",
            "no_text_is_personal",
            1,
        ),
        (
            f"update marts.fct_touches set touch_id = 'c:{PERSONAL[2]}-' || touch_id",
            "fct_touches",
            "no_text_is_personal",
            5,
        ),
        (
            "alter table marts.fct_touches add column customer_name varchar",
            "fct_touches",
            "no_column_is_personal",
            1,
        ),
        (
            "delete from marts.fct_touches where touch_id = 'c:1'",
            "fct_touches",
            "rows_are_conserved",
            1,
        ),
        (
            "update marts.kpi_closed_deals set won = null, close_rate = null",
            "kpi_closed_deals",
            "figures_are_there",
            1,
        ),
    ],
)
def test_bad_releases(
    candidate: Path, statement: str, table: str, expectation: str, rows: int
) -> None:
    assert failed(check(candidate, statement)) == [(table, expectation, rows)]


def test_the_columns_are_named_and_the_values_are_not(candidate: Path) -> None:
    report = check(
        candidate,
        "alter table marts.fct_touches add column phone varchar",
        f"update marts.fct_touches set phone = '{PERSONAL[2]}', channel = '{PERSONAL[1]}'",
    )
    observed = {result.expectation: result.observed for result in report.failed}
    assert observed == {
        "no_column_is_personal": "phone",
        "no_text_is_personal": "e-mails in channel 5, phones in phone 5",
    }


def test_personal_data_may_be_published_where_somebody_asked(candidate: Path) -> None:
    statements = (
        "alter table marts.kpi_closed_deals add column customer_name varchar",
        f"update marts.kpi_closed_deals set customer_name = '{PERSONAL[1]}'",
    )
    assert check(candidate, *statements, allow_personal_data=True).passed
    assert not check(candidate).passed


def test_figures_are_no_phones(candidate: Path) -> None:
    report = check(
        candidate,
        "update marts.fct_touches set touch_id = '1752483300.123456', channel = 'a+b @ c'",
        "update marts.fct_touches set channel = 'UTC+0300' where rowid = 1",
    )
    assert report.passed


def test_a_kpi_without_rows_is_no_fault(home: Path, candidate: Path) -> None:
    run_sql(home / "marts" / "touchline.duckdb", "delete from marts.kpi_closed_deals")
    assert check(candidate, "delete from marts.kpi_closed_deals").passed


def test_a_table_that_is_asked_for_and_is_not_there_broke(candidate: Path) -> None:
    report = run_stage(candidate, "published", run_id="", tables=["kpi_funnel", "fct_touches"])
    assert [result.table for result in report.broken] == ["kpi_funnel"]


def test_a_marts_file_that_cannot_be_read_is_a_warning(home: Path, candidate: Path) -> None:
    (home / "marts" / "touchline.duckdb").write_bytes(b"no database" * 1000)
    report = check(candidate)
    assert report.passed
    assert [r.expectation for r in report.warnings] == ["what_it_is_compared_with_can_be_read"]
