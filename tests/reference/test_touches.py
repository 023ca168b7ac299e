"""Hand-worked cases of touches: the reference must be right before anything is compared with it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.reference.cases import call, contact, day, lead, leg
from tests.reference.parsing import parse_phone


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
