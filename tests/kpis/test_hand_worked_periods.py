"""KPIS.md 0: as of a moment of the past, and periods of a company that is not in UTC."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from tests.kpis.warehouse import open_warehouse
from tests.kpis.worlds import (
    Company,
    Marts,
    Row,
    at,
    call,
    contact,
    course,
    deal,
    lead,
    leg,
    moment,
    number,
)

ROWS: list[Row | tuple[Row, ...]] = [
    contact("C1", phones=number(1)),
    lead("L1", contact_id="C1", status="converted", lead_source="past", is_inquiry="true"),
    *course("lead", "L1", ("new", "3 08:00"), ("qualified", "10 08:00")),
    call("A1", "12 09:00:00", contact_id="C1", rep_id="R1"),
    leg("T1", "14 09:00:00", talk=60, outside=number(1), extension="101"),
    deal(
        "D1",
        "13 08:00",
        lead_id="L1",
        stage="won",
        closed_at=at("20 08:00"),
        amount="5",
        currency="USD",
    ),
    lead("L2", "21 08:00", contact_id="C1", lead_source="past"),
    contact("C3", created_at=at("21 08:00"), phones=number(3)),
    call("A3", "4 09:00:00", phone=number(3)),
]


@pytest.fixture(scope="module", params=["11 12:00", "13 12:00", "20 08:00", "31 12:00"])
def past(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Marts]]:
    company = Company(as_of=request.param)
    company.given(*ROWS)
    with open_warehouse() as connection:
        yield request.param, company.build(connection, tmp_path_factory.mktemp("past"))


_SEEN = {
    # as of: touches of L1, its step, its response, leads, won in March, whom A3's number names
    "11 12:00": (0, "prospect", "pending", 1, None, "no_contact"),
    "13 12:00": (1, "opportunity", "responded", 1, None, "no_contact"),
    "20 08:00": (2, "won", "responded", 1, 1, "no_contact"),
    "31 12:00": (2, "won", "responded", 2, 1, "no_open_lead"),
}


def test_what_came_later_is_not_seen(past: tuple[str, Marts]) -> None:
    """The drop folder is the same; a deal won on the 20th at 8 is won then, and open before."""
    as_of, marts = past
    row = marts.lead("L1")
    (leads,) = marts.select("select count(*) as leads from marts.fct_leads")
    won = marts.kpi("kpi_closed_deals", "past").get("won")
    found = (
        len(marts.touches("L1")),
        row["funnel_step"],
        row["response_status"],
        leads["leads"],
        won,
    )
    assert (*found, marts.touch("A3")["lead_match_rule"]) == _SEEN[as_of]
    if as_of == "11 12:00":
        assert row["waiting_seconds"] == (8 * 24 + 4) * 3600


NEW_YORK = Company(as_of="Jun 30 12:00", variables={"business_timezone": "America/New_York"})
NEW_YORK.given(
    *(lead(f"N{n}", "1 06:00", lead_source=f"zone{n}") for n in range(1, 6)),
    # New York is 5 hours behind UTC until 9 March 2025, 7:00 UTC, and 4 hours from then on.
    call("Z1", "9 04:59:59", lead_id="N1"),
    call("Z2", "10 03:59:59", lead_id="N2"),
    call("Z3", "10 04:00:00", lead_id="N3"),
    call("Z4", "Apr 1 03:59:59", lead_id="N4"),
    call("Z5", "Apr 1 04:00:00", lead_id="N5"),
)


@pytest.fixture(scope="module")
def new_york(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Marts]:
    with open_warehouse() as connection:
        yield NEW_YORK.build(connection, tmp_path_factory.mktemp("zone"))


@pytest.mark.parametrize(
    ("source", "week", "month", "quarter"),
    [
        # Saturday 8 March, 23:59:59 in New York.
        ("zone1", date(2025, 3, 3), date(2025, 3, 1), date(2025, 1, 1)),
        # Sunday 9 March, 23:59:59, though in UTC it is Monday.
        ("zone2", date(2025, 3, 3), date(2025, 3, 1), date(2025, 1, 1)),
        # Monday 10 March, 0:00.
        ("zone3", date(2025, 3, 10), date(2025, 3, 1), date(2025, 1, 1)),
        # 31 March, 23:59:59, though in UTC it is April and the second quarter.
        ("zone4", date(2025, 3, 31), date(2025, 3, 1), date(2025, 1, 1)),
        ("zone5", date(2025, 3, 31), date(2025, 4, 1), date(2025, 4, 1)),
    ],
)
def test_periods_are_those_of_the_companys_own_clock(
    new_york: Marts, source: str, week: date, month: date, quarter: date
) -> None:
    rows = new_york.select(
        "select period_grain, period_start from marts.kpi_contact_ratio "
        f"where scope = 'lead_source' and scope_value = '{source}' and outreach_calls = 1"
    )
    found = {row["period_grain"]: row["period_start"] for row in rows}
    assert found == {"week": week, "month": month, "quarter": quarter}
    assert week.isoweekday() == 1


def test_working_hours_without_a_zone_are_the_companys(tmp_path: Path) -> None:
    # From 9 to 17 in New York, which is 13 to 21 UTC in March's second half: asked at 12,
    # answered at 14, one working hour.
    told = {"team": "*", "opens": "09:00", "closes": "17:00", "time_zone": "", "country": ""}
    hours = [{**told, "weekday": str(day)} for day in range(1, 6)]
    company = Company(
        as_of="Jun 30 12:00", variables=NEW_YORK.variables, seeds={"working_hours": hours}
    )
    company.given(
        lead("L1", "17 12:00", is_inquiry="true"), call("A1", "17 14:00:00", lead_id="L1")
    )
    with open_warehouse() as connection:
        row = company.build(connection, tmp_path).lead("L1")
    assert (row["response_seconds"], row["business_response_seconds"]) == (7200, 3600)
    assert row["clock_started_at"] == moment("17 12:00")
