"""Expectations of a table in one query: each keeps its verdict, and only what it scans is read."""

from pathlib import Path

import duckdb
import pytest

from data_quality.bundling import FEW, bundle
from data_quality.expectations import (
    Expectation,
    build_conditions,
    build_counted,
    build_in_range,
    build_no_rows,
    build_not_null,
    build_share,
)
from data_quality.loading import TableContext
from data_quality.runner import run_stage
from tests.data_quality.hand_made import opened, run_sql


def context(part: str | None = None) -> TableContext:
    return TableContext("raw", "raw", "leads", {"id": "INTEGER"}, frozenset(), part=part)


@pytest.fixture
def leads() -> duckdb.DuckDBPyConnection:
    """1 to 100; every tenth has no source, and nobody owns 7."""
    connection = duckdb.connect()
    connection.execute("create schema raw")
    connection.execute(
        "create table raw.leads as select range as id, "
        "case when id % 10 > 0 then 'web' end as source, case when id <> 7 then 'r' end as owner "
        "from range(1, 101)"
    )
    return connection


def look(
    connection: duckdb.DuckDBPyConnection, *asked: Expectation, part: str | None = None
) -> list[tuple[int, str]]:
    """(failing, observed) of each."""
    sql = bundle(context(part), list(enumerate(asked)))
    rows = connection.execute(f"select * from ({sql}) order by place").fetchall()
    return [(failing, observed) for _, failing, observed in rows]


def test_each_is_judged_by_itself(leads: duckdb.DuckDBPyConnection) -> None:
    assert look(
        leads,
        build_not_null("source"),
        build_in_range("id", 3, 98),
        build_conditions(
            "odd",
            "raw.leads",
            {"it's 5": "id = 5", "over 90": "id > 90", "5 or 6": "id in (5, 6)"},
            says="",
        ),
        build_conditions("one", "raw.leads", {"over 200": "id > 200"}, says=""),
        build_share("few", "raw.leads", "owner is null", says="", tolerated=0.01),
        build_share("many", "raw.leads", "owner is null", among="id < 10", says="", tolerated=0.1),
        build_share("unknown", "raw.leads", "source <> 'web'", says="", tolerated=0),
        build_no_rows("no_rows", "select 1 from raw.leads where id > 99", ""),
        build_counted("counted", "select 3 as failing, 'three' as observed", says=""),
    ) == [
        (10, "10 of 100 rows (10.0 %)"),
        (4, "4 of 100 rows (4.0 %)"),
        (12, "it's 5 1, over 90 10, 5 or 6 2"),
        (0, "0 rows"),
        (0, "1 of 100 rows (1.0 %)"),
        (1, "1 of 9 rows (11.11 %)"),
        (0, "0 of 100 rows (0.0 %)"),
        (1, "1 rows"),
        (3, "three"),
    ]


def test_a_table_is_read_once(leads: duckdb.DuckDBPyConnection) -> None:
    asked = [build_not_null("source"), build_not_null("owner"), build_in_range("id", 1, None)]
    sql = bundle(context(), list(enumerate(asked)))
    ((_, plan),) = leads.execute(f"explain {sql}").fetchall()
    assert plan.count("raw.leads") + plan.count("SEQ_SCAN") in (1, 2), plan


def test_of_a_part_only_that_is_read(leads: duckdb.DuckDBPyConnection) -> None:
    part = "(select * from raw.leads where id between 5 and 14)"
    assert look(
        leads,
        build_not_null("source"),
        build_share("owned", "raw.leads", "owner is null", says="", tolerated=0),
        build_share("elsewhere", "(select 1 as x)", "x = 1", says="", tolerated=0),
        part=part,
    ) == [(1, "1 of 10 rows (10.0 %)"), (1, "1 of 10 rows (10.0 %)"), (1, "1 of 1 rows (100.0 %)")]


@pytest.mark.parametrize(("bad", "failing"), [(FEW - 1, 0), (FEW, FEW)])
def test_few_rows_of_a_part_say_nothing_of_a_share(
    leads: duckdb.DuckDBPyConnection, bad: int, failing: int
) -> None:
    share = build_share("s", "raw.leads", f"id <= {bad}", says="", tolerated=0.1)
    (found,) = look(leads, share, part="(select * from raw.leads where id <= 25)")
    assert found[0] == failing
    assert (
        look(leads, build_share("s", "raw.leads", "id <= 11", says="", tolerated=0.1))[0][0] == 11
    )


def test_a_stage_looks_at_parts_where_they_are_given(tmp_path: Path) -> None:
    path, suites = tmp_path / "build.duckdb", tmp_path / "suites"
    run_sql(path, "create schema raw", "create table raw.leads (id integer, source varchar)")
    with opened(path) as connection:
        connection.execute("insert into raw.leads values (1, null), (2, 'web'), (3, null)")
    (suites / "raw").mkdir(parents=True)
    (suites / "raw" / "leads.py").write_text(
        "from data_quality.expectations import build_not_null\n"
        "def build_expectations(context):\n    return [build_not_null('source')]\n"
    )

    def failing(**parts: str) -> int | None:
        report = run_stage(path, "raw", run_id="r", suites=suites, parts=parts)
        (result,) = report.results
        return result.failing_rows

    assert failing() == 2
    assert failing(leads="(select * from raw.leads where id = 3)") == 1
    assert failing(leads="(select * from raw.leads where id = 2)") == 0
    assert failing(others="(select 1)") == 2
