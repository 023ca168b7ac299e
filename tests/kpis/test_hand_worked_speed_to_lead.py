# Longer than most: each case stands with its rows and its reckoning.
"""KPIS.md 3.2: from the question to the answer."""

from math import exp, log, sqrt
from typing import Any

import pytest

from tests.kpis.worlds import (
    Company,
    Marts,
    Row,
    at,
    call,
    contact,
    course,
    email,
    lead,
    leg,
    moment,
    number,
    owners,
    rep,
)

_WEEK = ("1", "2", "3", "4", "5")


def _hours(team: str, opens: str, closes: str, zone: str, country: str) -> list[dict[str, str]]:
    return [
        {
            "team": team,
            "weekday": day,
            "opens": opens,
            "closes": closes,
            "time_zone": zone,
            "country": country,
        }
        for day in _WEEK
    ]


# 3 March 2025 is a Monday. Clocks go forward in New York on Sunday 9 March, in Berlin on the 30th.
COMPANY = Company(
    as_of="Apr 30 12:00",
    seeds={
        "working_hours": [
            *_hours("*", "09:00", "18:00", "UTC", ""),
            *_hours("Berlin", "09:00", "17:00", "Europe/Berlin", "DE"),
            *_hours("New York", "09:00", "17:00", "America/New_York", "US"),
            *_hours("Night", "22:00", "06:00", "UTC", ""),
        ],
        "holidays": [
            {"team": "", "country": "DE", "day": "2025-03-18", "name": "a day off in Germany"},
            {"team": "New York", "country": "", "day": "2025-03-20", "name": "the team's own"},
        ],
    },
)
COMPANY.rows += [rep("B1", "Berlin"), rep("N1", "New York"), rep("NI1", "Night")]


def inquiry(key: str, created: str, **cells: str) -> Row:
    return lead(key, created, **{"is_inquiry": "true", "owner_rep_id": "R1", **cells})


def hours_of(marts: Marts, key: str) -> dict[str, Any]:
    row = marts.lead(key)
    business = row["business_response_seconds"]
    return {
        "elapsed": row["response_seconds"] / 3600,
        "business": float(business) / 3600 if business is not None else None,
        "outside": row["is_answered_outside_hours"],
    }


@COMPANY.given(
    contact("C1", phones=number(1)),
    inquiry("L1", "3 10:05:00", contact_id="C1", inquiry_channel="call"),
    leg("T1", "3 10:00:00", "inbound", 120, outside=number(1), extension="101"),
    contact("C1a", phones=number(2)),
    inquiry("L1a", "3 10:05:00", contact_id="C1a", inquiry_channel="call"),
    leg("T1a", "3 10:00:00", "inbound", outside=number(2), extension="101"),
    leg("T1b", "3 10:20:00", talk=60, outside=number(2), extension="101"),
)
def test_an_inquiry_that_is_a_call(marts: Marts) -> None:
    """The record was made five minutes later, but the clock starts with the call.

    Answered live: after 0 s. Missed: 20 minutes until the call back.
    """
    live, missed = marts.lead("L1"), marts.lead("L1a")
    assert live["clock_started_at"] == moment("3 10:00:00")
    assert (live["response_status"], live["response_seconds"]) == ("responded", 0)
    assert live["first_contact_at"] == moment("3 10:00:00")
    assert live["first_attempt_at"] is None
    assert missed["clock_started_at"] == moment("3 10:00:00")
    assert missed["response_seconds"] == 20 * 60
    assert missed["first_attempt_at"] == missed["first_contact_at"] == moment("3 10:20:00")


@COMPANY.given(
    inquiry("L2", "3 10:00", inquiry_at=at("3 09:30:00")),
    email("E21", "3 09:31:00", lead_id="L2", is_automated="true"),
    call("A22", "3 09:50:00", lead_id="L2"),
    email("E23", "3 12:30:00", "inbound", lead_id="L2"),
)
def test_an_attempt_is_a_response_and_a_machine_is_none(marts: Marts) -> None:
    """Asked at 9:30 (recorded at 10:00), a robot at 9:31, an attempt at 9:50, a contact at 12:30."""
    row = marts.lead("L2")
    assert row["response_seconds"] == 20 * 60
    assert row["first_attempt_at"] == moment("3 09:50:00")
    assert row["first_contact_at"] == moment("3 12:30:00")


@COMPANY.given(
    inquiry("L3", "3 10:00"),
    call("A31", "3 09:30:00", lead_id="L3"),
    inquiry("L3a", "3 10:00"),
    call("A32", "3 09:29:59", lead_id="L3a"),
    call("A33", "3 11:00:00", lead_id="L3a"),
    inquiry("L3b", "3 10:00"),
    call("A34", "3 10:30:00", "inbound", lead_id="L3b", outcome="missed"),
    call("A35", "3 13:00:00", lead_id="L3b"),
)
def test_what_counts_as_a_response(marts: Marts) -> None:
    """Up to 30 minutes before the clock counts, as 0 s and never less; a second more does not.

    The customer's own second try that nobody took is no response.
    """
    assert marts.lead("L3")["response_seconds"] == 0
    assert marts.lead("L3a")["response_seconds"] == 3600
    assert marts.lead("L3b")["response_seconds"] == 3 * 3600


@COMPANY.given(
    inquiry("L4", "3 10:00", owner_rep_id="R3"),
    owners("lead", "L4", ("R1", "3 10:15"), ("R3", "4 10:00")),
    call("A41", "5 10:00:00", lead_id="L4", rep_id="R3"),
)
def test_reassigning_restarts_no_clock(marts: Marts) -> None:
    """Assigned after 15 minutes, passed on after a day, answered after two: by R3, but it is R1's."""
    row = marts.lead("L4")
    assert row["clock_started_at"] == moment("3 10:00")
    assert row["assigned_at"] == moment("3 10:15")
    assert row["response_seconds"] == 2 * 24 * 3600
    assert row["first_owner_rep_id"] == "R1"


@COMPANY.given(
    inquiry("L51", "3 10:00", lead_source="waiting"),
    call("A51", "3 11:00:00", lead_id="L51"),
    inquiry("L52", "3 10:00", lead_source="waiting"),
    call("A52", "3 12:00:00", lead_id="L52"),
    inquiry("L53", "3 10:00", lead_source="waiting", status="disqualified"),
    *course("lead", "L53", ("new", "3 10:00"), ("disqualified", "3 13:00")),
    inquiry("L54", "3 10:00", lead_source="waiting"),
    call("A54", "3 14:00:00", lead_id="L54"),
    inquiry("L55", "4 10:00", lead_source="waiting"),
    lead("L56", "3 10:00", lead_source="waiting"),
)
def test_who_was_never_answered_counts(marts: Marts) -> None:
    """Five inquiries (L56 did not ask), in hours: answered after 1, 2 and 4; L53 was closed.

    unanswered after 3; L55 waits still, 57 days and 2 hours.

    | hours | at risk | answered | still waiting |
    | 1 | 5 | 1 | 4/5 = 0.8 |
    | 2 | 4 | 1 | 0.8 * 3/4 = 0.6 |
    | 4 | 2 | 1 | 0.6 * 1/2 = 0.3 |
    The median is 4 h (the first time that half or less wait); 90 % are never reached. The mean of
    those who were answered is 7/3 h.
    """
    status = [marts.lead(f"L5{n}")["response_status"] for n in range(1, 7)]
    assert status == [*["responded"] * 2, "never", "responded", "pending", "not_an_inquiry"]
    assert marts.lead("L53")["waiting_seconds"] == 3 * 3600
    assert marts.lead("L55")["waiting_seconds"] == (57 * 24 + 2) * 3600
    row = marts.kpi("kpi_speed_to_lead", "waiting")
    counts = [row[name] for name in ("inquiries", "responded", "pending", "never")]
    assert counts == [5, 3, 1, 1]
    assert row["mean_response_hours"] == pytest.approx(7 / 3)
    assert (row["median_response_hours"], row["p90_response_hours"]) == (4, None)
    assert (row["eligible_1h"], row["within_1h"]) == (5, 1)
    assert row["share_within_1h"] == pytest.approx(0.2)
    curve = marts.select(
        "select hours, at_risk, responded, still_waiting from marts.kpi_speed_to_lead_curve "
        "where scope = 'lead_source' and scope_value = 'waiting' order by hours"
    )
    assert [tuple(point.values()) for point in curve] == [
        (1, 5, 1, pytest.approx(0.8)),
        (2, 4, 1, pytest.approx(0.6)),
        (4, 2, 1, pytest.approx(0.3)),
    ]


@COMPANY.given(
    inquiry("L61", "3 10:00", lead_source="late"),
    call("A61", "3 16:00:00", lead_id="L61"),
    inquiry("L62", "3 10:00", lead_source="late"),
    call("A62", "Apr 2 10:00:00", lead_id="L62"),
    inquiry("L63", "3 10:00", lead_source="late"),
    call("A63", "Apr 2 10:00:01", lead_id="L63"),
)
def test_the_mean_is_of_answers_within_thirty_days(marts: Marts) -> None:
    """6 h and exactly 720 h are in it, a second more is not; the median is of all three: 720 h."""
    row = marts.kpi("kpi_speed_to_lead", "late")
    assert row["responded"] == 3
    assert row["mean_response_hours"] == pytest.approx((6 + 720) / 2)
    assert row["median_response_hours"] == 720
    assert row["p90_response_hours"] == pytest.approx(720 + 1 / 3600)


@COMPANY.given(
    inquiry("L71", "3 10:00", lead_source="minutes"),
    call("A71", "3 10:05:00", lead_id="L71"),
    inquiry("L72", "3 10:00", lead_source="minutes"),
    call("A72", "3 10:05:01", lead_id="L72"),
    inquiry("L73", "3 10:00", lead_source="minutes"),
    call("A73", "4 10:00:00", lead_id="L73"),
    inquiry("L74", "Apr 30 11:55", lead_source="minutes"),
    inquiry("L75", "Apr 30 11:56", lead_source="minutes"),
    call("A75", "Apr 30 11:57:00", lead_id="L75"),
)
def test_only_inquiries_that_are_old_enough_are_judged(marts: Marts) -> None:
    """March: 300 s are within 5 minutes, 301 s are not; 24 h are within 24 h.

    April: L74 is 5 minutes old at as_of and was not answered; L75 is 4 and was, which is not
    counted for it either.
    """
    march = marts.kpi("kpi_speed_to_lead", "minutes")
    april = marts.kpi("kpi_speed_to_lead", "minutes", "2025-04-01")
    names = [f"{what}_{limit}" for limit in ("5m", "1h", "24h") for what in ("eligible", "within")]
    assert [march[name] for name in names] == [3, 1, 3, 2, 3, 3]
    assert [april[name] for name in names] == [1, 0, 0, 0, 0, 0]
    assert (april["share_within_5m"], april["share_within_1h"]) == (0, None)
    # Wilson, 1 of 3, z = 1.96: (1/3 + 0.64 ∓ 1.96 * sqrt((2/9 + 0.32) / 3)) / (1 + 1.28).
    assert march["share_within_5m_low"] == pytest.approx(0.0615, abs=0.0005)
    assert march["share_within_5m_high"] == pytest.approx(0.7923, abs=0.0005)


@COMPANY.given(
    inquiry("L81", "7 17:00"),
    call("A81", "10 10:00:00", lead_id="L81"),
    inquiry("L82", "7 17:00"),
    call("A82", "8 11:00:00", lead_id="L82"),
    inquiry("L83", "8 10:00"),
    call("A83", "8 11:00:00", lead_id="L83"),
    inquiry("L84", "3 08:00"),
    call("A84", "17 09:30:00", lead_id="L84"),
    inquiry("L85", "3 17:59:59"),
    call("A85", "3 18:00:00", lead_id="L85"),
)
@pytest.mark.parametrize(
    ("key", "elapsed", "business", "outside"),
    [
        # Friday 17:00 to Monday 10:00: an hour on Friday, one on Monday.
        ("L81", 65, 2, False),
        # Answered on Saturday: the hour on Friday was worked; labelled.
        ("L82", 18, 1, True),
        # Asked and answered on Saturday: no business time at all, and not 0 minutes.
        ("L83", 1, None, True),
        # Two weeks, ten days of nine hours, and half an hour: no cap.
        ("L84", 14 * 24 + 1.5, 90.5, False),
        # At closing time nobody works any more.
        ("L85", 1 / 3600, 1 / 3600, True),
    ],
)
def test_business_time(
    marts: Marts, key: str, elapsed: float, business: float | None, outside: bool
) -> None:
    found = hours_of(marts, key)
    assert float(found["elapsed"]) == pytest.approx(elapsed)
    assert (found["business"], found["outside"]) == (
        pytest.approx(business) if business is not None else None,
        outside,
    )


@COMPANY.given(
    inquiry("L91", "17 15:00", owner_rep_id="B1"),
    call("A91", "19 09:00:00", lead_id="L91"),
    inquiry("L92", "28 15:00", owner_rep_id="B1"),
    call("A92", "31 08:00:00", lead_id="L92"),
    inquiry("L93", "7 20:00", owner_rep_id="N1"),
    call("A93", "10 14:00:00", lead_id="L93"),
    inquiry("L94", "19 20:00", owner_rep_id="N1"),
    call("A94", "21 14:00:00", lead_id="L94"),
    inquiry("L95", "10 23:00", owner_rep_id="NI1"),
    call("A95", "11 05:00:00", lead_id="L95"),
    inquiry("L96", "17 12:00", owner_rep_id="N1"),
    owners("lead", "L96", ("B1", "17 12:00"), ("N1", "17 12:01")),
    call("A96", "17 13:00:00", lead_id="L96", rep_id="N1"),
)
@pytest.mark.parametrize(
    ("key", "business"),
    [
        # Berlin works from 8 to 16 UTC in winter. The 18th is off: 1 h on the 17th, 1 h on the 19th.
        ("L91", 2),
        # Summer time from the 30th, and it works from 7 to 15 UTC: 1 h on Friday, 1 h on Monday.
        ("L92", 2),
        # New York works from 14 to 22 UTC until the 7th, from 13 to 21 from the 10th: 2 h and 1 h.
        ("L93", 3),
        # Its own day off on the 20th: 1 h on the 19th (20 to 21), 1 h on the 21st (13 to 14).
        ("L94", 2),
        # From 22 to 6: six hours of the night.
        ("L95", 6),
        # The first owner's team, Berlin, was at work; the present one's had not opened until 13.
        ("L96", 1),
    ],
)
def test_business_time_is_that_of_the_owners_team(marts: Marts, key: str, business: float) -> None:
    """Across a holiday, a change of the clock, zones and midnight."""
    assert hours_of(marts, key)["business"] == business
    assert not hours_of(marts, key)["outside"]


def _answered(n: int, clock: str, qualified: bool) -> tuple[Row, ...]:
    key = f"L10{n}"
    status = {"status": "qualified", "updated_at": at("20 10:00")} if qualified else {}
    return (
        inquiry(key, "3 10:00", lead_source="lift", **status),
        call(f"A10{n}", clock, lead_id=key),
    )


@COMPANY.given(
    *(_answered(n, "3 11:00:00", qualified=n < 3) for n in range(4)),
    *(_answered(n, "3 11:00:01", qualified=n < 6) for n in range(4, 9)),
    inquiry("L109", "3 10:00", lead_source="lift", status="qualified"),
)
def test_what_an_answer_within_the_hour_is_worth(marts: Marts) -> None:
    """Within 1 h (exactly counts): 3 of 4 became prospects; later: 2 of 5; L109 had no answer.

    The ratio is 0.75 / 0.4 = 1.875; by the log method its standard error is
    sqrt(1/3 - 1/4 + 1/2 - 1/5) = sqrt(0.38333).
    """
    row = marts.kpi("kpi_speed_to_lead", "lift")
    assert (row["prospect_rate_within_1h"], row["prospect_rate_after_1h"]) == (0.75, 0.4)
    assert row["lift_within_1h"] == pytest.approx(1.875)
    error = 1.959963984540054 * sqrt(1 / 3 - 1 / 4 + 1 / 2 - 1 / 5)
    assert row["lift_within_1h_low"] == pytest.approx(exp(log(1.875) - error))
    assert row["lift_within_1h_high"] == pytest.approx(exp(log(1.875) + error))


@COMPANY.given(
    lead("L11", "10 10:00", is_inquiry="true", owner_rep_id="R2", lead_source="whose"),
    owners("lead", "L11", ("R3", "10 10:00"), ("R2", "11 10:00")),
    call("A111", "10 12:00:00", lead_id="L11", rep_id="R1"),
)
def test_an_inquiry_is_its_first_owners(marts: Marts) -> None:
    """R1 answered it and R2 owns it now; it is R3's and the West's, in the week of its clock."""
    for scope, value in (("rep", "files:R3"), ("team", "West")):
        row = marts.scoped("kpi_speed_to_lead", scope, value, "2025-03-10", "week")
        assert (row["inquiries"], row["mean_response_hours"]) == (1, 2)
    assert not marts.scoped("kpi_speed_to_lead", "rep", "files:R2", "2025-03-10", "week")
    assert (
        marts.scoped("kpi_speed_to_lead", "rep", "files:R3", "2025-03-10", "week")["scope_label"]
        == "R3"
    )
