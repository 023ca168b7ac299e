"""Hand-worked cases of leads and deals: the reference must be right before anything is compared with it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.reference.cases import NUMBER, call, changes, contact, day, lead, leg


def test_a_reopened_deal_has_its_last_closing(company: Any) -> None:
    def deal(key: str) -> dict[str, str]:
        return {
            "deal_id": key,
            "lead_id": "L1",
            "stage": "won",
            "created_at": day("4 10:00:00"),
            "amount": "100",
            "currency": "EUR",
        }

    course = [("qualification", "4 10:00:00"), ("won", "5 10:00:00"), ("proposal", "6 10:00:00")]
    tables = company(
        contacts=[contact()],
        leads=[lead()],
        deals=[deal("D1"), deal("D2") | {"stage": "proposal"}],
        stage_changes=[
            *changes("deal", "D1", *course, ("won", "12 10:00:00")),
            *changes("deal", "D2", *course),
        ],
    )
    closed, reopened = tables["fct_deals"]
    assert (str(closed["closed_at"]), closed["is_won"]) == ("2025-03-12 10:00:00", True)
    assert (closed["reporting_amount"], closed["cycle_days"]) == (125, 8)
    assert (reopened["closed_at"], reopened["is_won"], reopened["is_new_contract"]) == (
        None,
        False,
        False,
    )
    (row,) = tables["fct_leads"]
    assert str(row["won_at"]) == "2025-03-12 10:00:00"
    assert str(row["prospect_at"]) == str(row["opportunity_at"]) == "2025-03-04 10:00:00"
    assert row["skipped_prospect"]
    assert not row["skipped_opportunity"]


def test_a_lead_disqualified_twice(company: Any) -> None:
    course = [("disqualified", "4 10:00:00"), ("working", "5 10:00:00")]
    (row,) = company(
        contacts=[contact()],
        leads=[lead(status="disqualified")],
        stage_changes=changes("lead", "L1", *course, ("disqualified", "6 10:00:00")),
    )["fct_leads"]
    assert (str(row["lost_at"]), str(row["closed_at"])) == (
        "2025-03-04 10:00:00",
        "2025-03-06 10:00:00",
    )
    assert (row["funnel_step"], row["is_gave_up_early"]) == ("lost", True)


def test_an_inquiry_by_call_waits_from_the_missed_call(company: Any) -> None:
    """R3 is of West, without hours of its own: 09:00 to 18:00 in Moscow, which is UTC + 3."""
    inbound = {"direction": "inbound", "from_number": NUMBER, "extension": "103"}
    (row,) = company(
        contacts=[contact()],
        leads=[
            lead(
                owner_rep_id="R3",
                is_inquiry="true",
                inquiry_channel="call",
                created_at=day("3 14:00:10"),
            )
        ],
        calls=[
            leg("T1", "3 14:00:00", **inbound),
            leg("T2", "4 07:00:00", extension="103"),
        ],
    )["fct_leads"]
    assert str(row["clock_started_at"]) == "2025-03-03 14:00:00"
    assert row["response_seconds"] == 17 * 3600
    assert row["business_response_seconds"] == 2 * 3600
    assert row["response_status"] == "responded"
    assert not row["is_answered_outside_hours"]


def test_business_hours_across_a_change_of_the_clock(company: Any) -> None:
    """East works in New York, which went from UTC - 5 to UTC - 4 on Sunday, 9 March 2025.

    Friday 16:30 local to Monday 09:30 local: half an hour, four hours of Saturday, half an hour.
    """
    (row,) = company(
        contacts=[contact()],
        leads=[lead(owner_rep_id="R1", is_inquiry="true", created_at=day("7 21:30:00"))],
        activities=[call("A1", "10 13:30:00", rep_id="R1")],
    )["fct_leads"]
    assert row["business_response_seconds"] == 5 * 3600


@pytest.mark.parametrize(("last", "is_burst"), [("4 10:00:00", True), ("4 10:00:01", False)])
def test_a_burst_is_four_attempts_within_a_day(company: Any, last: str, is_burst: bool) -> None:
    ats = ["3 10:00:00", "3 11:00:00", "3 12:00:00", last]
    (row,) = company(
        contacts=[contact()],
        leads=[lead()],
        activities=[call(f"A{n}", at) for n, at in enumerate(ats)],
    )["fct_leads"]
    assert (row["attempts"], row["is_burst"]) == (4, is_burst)


def test_merged_leads_give_their_touches_and_deals_to_the_survivor(company: Any) -> None:
    tables = company(
        contacts=[contact()],
        leads=[lead("L1", merged_into_id="L2"), lead("L2", merged_into_id="L3"), lead("L3")],
        activities=[call("A1", "3 11:00:00", lead_id="L1")],
        deals=[
            {
                "deal_id": "D1",
                "lead_id": "L2",
                "stage": "won",
                "created_at": day("4 10:00:00"),
                "closed_at": day("5 10:00:00"),
            }
        ],
    )
    assert tables["fct_touches"][0]["lead_id"] == "files:L3"
    assert tables["fct_deals"][0]["lead_id"] == "files:L3"
    assert [row["exclusion_reason"] for row in tables["fct_leads"]] == ["merged", "merged", None]
    assert [row["won_at"] is not None for row in tables["fct_leads"]] == [False, False, True]
