"""The hand-written SQL is right: on a small company it says what touchline says.

How fast anything is, is no business of a test: `make bench` tells.
"""

from pathlib import Path

import pytest

from orchestration.warehouse import MARTS
from tests.benchmarks.companies import Company
from tests.benchmarks.comparing import KEYS, differences
from tests.benchmarks.hand_written import build, connect
from tests.kpis import warehouse

LEADS = 400


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """A history and one more day: rows that come late, corrected and merged are among them."""
    from tests.benchmarks.companies import extract

    made = Company(LEADS, tmp_path_factory.mktemp("company"))
    extract(LEADS, made.folder, nights=1)
    made.show(made.days)
    return made


def test_the_hand_written_sql_says_what_touchline_says(company: Company, tmp_path: Path) -> None:
    limit = tmp_path / "limit.duckdb"
    by_hand = connect(limit, memory_limit="1GiB")
    for _ in build(by_hand, company.files):
        pass
    by_hand.close()
    with warehouse.open_warehouse() as connection:
        warehouse.build(connection, company.files)
        connection.execute(f"attach '{limit}' as limits (read_only)")
        found = [
            str(difference)
            for difference in differences(connection, MARTS, "limits", KEYS)
            # Evidence quotes the run's moment, which is spelled otherwise without a run.
            if difference.what != "evidence"
        ]
    assert found == []


def test_a_night_of_about_so_many_rows_is_one(company: Company) -> None:
    day = company.days[-1]
    units = company.units_of_about(day, rows=100)
    assert units
    assert set(units) < {path.stem[-5:] for path in (company.folder / "drop" / day).glob("*/*")} | {
        "none"
    }
