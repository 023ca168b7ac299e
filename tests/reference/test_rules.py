"""Hand-worked cases: the reference must be right before anything is compared with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.reference import Tables, compute
from tests.reference.parsing import parse_phone
from tests.reference.world_seeds import REPS, SEEDS
from tests.reference.worlds import World, write_world

if TYPE_CHECKING:
    from pathlib import Path

NUMBER = "+7 495 123-45-67"


def day(text: str) -> str:
    """`3 14:00:00` is a time on 3 March 2025, a Monday."""
    number, clock = text.split()
    return f"2025-03-{int(number):02}T{clock}Z"


@pytest.fixture
def company(tmp_path: Path) -> Any:
    def build(**entities: list[dict[str, str]]) -> Tables:
        tables = {"crm/reps": REPS}
        for name, rows in entities.items():
            tables[f"telephony/{name}" if name == "calls" else f"crm/{name}"] = rows
        return compute(tmp_path, seeds=write_world(World(tables, SEEDS), tmp_path))

    return build


def contact(key: str = "C1", **cells: str) -> dict[str, str]:
    return {"contact_id": key, "phones": NUMBER, **cells}


def lead(key: str = "L1", **cells: str) -> dict[str, str]:
    return {
        "lead_id": key,
        "contact_id": "C1",
        "status": "new",
        "created_at": day("3 10:00:00"),
        **cells,
    }


def call(key: str, at: str, **cells: str) -> dict[str, str]:
    return {
        "activity_id": key,
        "kind": "call",
        "direction": "outbound",
        "started_at": day(at),
        "contact_id": "C1",
        **cells,
    }


def leg(key: str, at: str, **cells: str) -> dict[str, str]:
    return {
        "call_id": key,
        "direction": "outbound",
        "to_number": NUMBER,
        "started_at": day(at),
        "disposition": "no_answer",
        **cells,
    }


def changes(kind: str, key: str, *course: tuple[str, str]) -> list[dict[str, str]]:
    return [
        {"object_type": kind, "object_id": key, "stage": stage, "changed_at": day(at)}
        for stage, at in course
    ]


def test_legs_are_one_call_of_the_rep_who_talked_longest(company: Any) -> None:
    touches = company(
        contacts=[contact()],
        leads=[lead()],
        calls=[
            leg("T1", "3 11:00:00", linked_id="X", extension="101"),
            leg(
                "T2",
                "3 11:00:20",
                linked_id="X",
                extension="102",
                disposition="answered",
                talk_seconds="10",
            ),
            leg(
                "T3",
                "3 11:01:00",
                linked_id="X",
                extension="103",
                disposition="answered",
                talk_seconds="20",
            ),
        ],
    )["fct_touches"]
    assert len(touches) == 1
    assert touches[0]["telephony_call_id"] == "files:X"
    assert (touches[0]["talk_seconds"], touches[0]["is_completed"]) == (30, True)
    assert (touches[0]["rep_id"], touches[0]["lead_match_rule"]) == ("files:R3", "phone")


@pytest.mark.parametrize(
    ("at", "rep", "sources"),
    [
        ("3 11:02:00", "R1", ["both"]),
        ("3 11:02:01", "R1", ["crm", "telephony"]),
        ("3 10:58:00", "", ["both"]),
        ("3 11:00:00", "R2", ["crm", "telephony"]),
    ],
)
def test_a_call_in_two_systems_is_one_touch(
    company: Any, at: str, rep: str, sources: list[str]
) -> None:
    touches = company(
        contacts=[contact()],
        leads=[lead()],
        activities=[call("A1", at, rep_id=rep)],
        calls=[leg("T1", "3 11:00:00", extension="101")],
    )["fct_touches"]
    assert sorted(touch["source"] for touch in touches) == sources


def test_only_each_others_nearest_are_a_pair(company: Any) -> None:
    """A2 is nearer to T1 than A1; A1's nearest is T1 too, so A1 stays alone, and T2."""
    touches = company(
        contacts=[contact()],
        leads=[lead()],
        activities=[call("A1", "3 11:00:00"), call("A2", "3 11:00:50")],
        calls=[leg("T1", "3 11:00:40"), leg("T2", "3 11:02:00")],
    )["fct_touches"]
    pairs = {(touch["crm_activity_id"], touch["telephony_call_id"]) for touch in touches}
    assert pairs == {("files:A1", None), ("files:A2", "files:T1"), (None, "files:T2")}


def test_an_explicit_id_goes_before_the_number_and_names_one_call(company: Any) -> None:
    """A1 and A2 name a leg and its call. A3 names nothing that is there: tried by the number."""
    touches = company(
        contacts=[contact()],
        leads=[lead()],
        activities=[
            call("A1", "3 11:00:00", telephony_call_id="T2"),
            call("A2", "3 11:00:30", telephony_call_id="X"),
            call("A3", "3 11:00:00", telephony_call_id="nothing"),
        ],
        calls=[
            leg("T1", "3 11:00:00"),
            leg("T2", "3 15:00:00", linked_id="X"),
        ],
    )["fct_touches"]
    pairs = {(touch["crm_activity_id"], touch["telephony_call_id"]) for touch in touches}
    assert pairs == {("files:A2", "files:X"), ("files:A3", "files:T1")}


def test_messages_with_gaps_of_an_hour_are_one_session(company: Any) -> None:
    def message(key: str, at: str, direction: str) -> dict[str, str]:
        return call(key, at, kind="message", direction=direction)

    touches = company(
        contacts=[contact()],
        leads=[lead()],
        activities=[
            message("A1", "3 11:00:00", "outbound"),
            message("A2", "3 12:00:00", "inbound"),
            message("A3", "3 13:00:01", "outbound"),
        ],
    )["fct_touches"]
    assert [touch["touch_id"] for touch in touches] == ["files:A1", "files:A3"]
    assert [touch["is_completed"] for touch in touches] == [True, False]
    assert [touch["attempt_number"] for touch in touches] == [1, 2]


def test_the_lead_of_the_rep_then_the_newest_within_the_tolerance(company: Any) -> None:
    touches = company(
        contacts=[contact(), contact("C2", phones="", merged_into_id="C1")],
        leads=[
            lead("L1", owner_rep_id="R1"),
            lead("L2", contact_id="C2", created_at=day("3 11:30:00")),
            lead("L3", created_at=day("3 11:30:01")),
            lead("L4", created_at=day("3 11:00:00"), status="spam"),
        ],
        activities=[call("A1", "3 11:00:00", rep_id="R1"), call("A2", "3 11:00:00", rep_id="R2")],
    )["fct_touches"]
    assert [touch["lead_id"] for touch in touches] == ["files:L1", "files:L2"]


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


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("8 (495) 123-45-67 доб. 12", "+74951234567"),
        ("810442079460123", "+442079460123"),
        ("0044 20 7946 0123", "+442079460123"),
        ("442079460123", "+442079460123"),
        ("4951234567", "+74951234567"),
        ("anonymous", None),
        ("112", None),
    ],
)
def test_phones(text: str, number: str | None) -> None:
    assert parse_phone(text, "RU") == number


def test_references_to_nothing_break_no_table(company: Any) -> None:
    """A row whose reference has not arrived yet is kept (CASES I13)."""
    tables = company(
        contacts=[contact(account_id="K9")],
        leads=[lead(owner_rep_id="R9", is_inquiry="true"), lead("L2", contact_id="C9")],
        activities=[
            call("A1", "3 11:00:00", rep_id="R8"),
            call("A2", "3 12:00:00", contact_id="C8", lead_id="L9", deal_id="D9"),
        ],
        deals=[{"deal_id": "D1", "lead_id": "L9", "stage": "won", "created_at": day("4 10:00:00")}],
    )
    assert [touch["lead_id"] for touch in tables["fct_touches"]] == ["files:L1", None]
    (deal,) = tables["fct_deals"]
    assert (deal["lead_id"], deal["is_won"]) == (None, True)
