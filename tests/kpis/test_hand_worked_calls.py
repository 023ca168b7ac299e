"""KPIS.md 1: one call is one touch, however many legs and systems it stands in."""

import pytest

from tests.kpis.worlds import Company, Marts, call, contact, lead, leg, moment, number

COMPANY = Company(as_of="Apr 30 12:00")


@COMPANY.given(
    contact("C1", phones=number(1)),
    lead("L1", contact_id="C1"),
    leg("T11", "3 11:00:00", "inbound", linked_id="X1", outside=number(1), extension="103"),
    leg("T12", "3 11:00:20", "inbound", 20, linked_id="X1", outside=number(1), extension="101"),
    leg("T13", "3 11:01:00", "inbound", 100, linked_id="X1", outside=number(1), extension="102"),
)
def test_a_transferred_call_is_one_call_of_whoever_talked_longest(marts: Marts) -> None:
    """It rang at R3, R1 took it for 20 s and passed it on to R2, who talked for 100 s."""
    (touch,) = marts.touches("L1")
    assert touch["telephony_call_id"] == "X1"
    assert touch["started_at"] == moment("3 11:00:00")
    assert touch["talk_seconds"] == 20 + 100
    assert (touch["rep_id"], touch["is_completed"]) == ("R2", True)


@COMPANY.given(
    contact("C2", phones=number(2)),
    lead("L2", contact_id="C2"),
    leg("T21", "3 11:00:00", "inbound", linked_id="X2", outside=number(2), extension="101"),
    leg("T22", "3 11:00:00", "inbound", linked_id="X2", outside=number(2), extension="102"),
    leg("T23", "3 11:00:01", "inbound", 45, linked_id="X2", outside=number(2), extension="103"),
    leg("T24", "3 15:00:00", "inbound", linked_id="X2b", outside=number(2), extension="102"),
    leg("T25", "3 15:00:05", "inbound", linked_id="X2b", outside=number(2), extension="101"),
)
def test_a_hunt_group_is_one_call(marts: Marts) -> None:
    """Three phones ring and one answers; at three o'clock nobody does: the first leg's rep."""
    answered, missed = marts.touches("L2")
    assert (answered["talk_seconds"], answered["rep_id"]) == (45, "R3")
    assert (missed["talk_seconds"], missed["rep_id"], missed["is_completed"]) == (0, "R2", False)


@COMPANY.given(
    contact("C3", phones=number(3)),
    lead("L3", contact_id="C3"),
    leg("T31", "3 11:00:00", talk=29, outside=number(3), extension="101"),
    leg("T32", "3 12:00:00", talk=30, outside=number(3), extension="101"),
    leg("T33", "3 13:00:00", outside=number(3), disposition="voicemail", talk_seconds="90"),
)
def test_a_contact_takes_a_person_and_thirty_seconds(marts: Marts) -> None:
    """29 s are none, 30 s are; the 90 s on a voicemail are not a person. No `linked_id`: own calls."""
    assert [touch["is_completed"] for touch in marts.touches("L3")] == [False, True, False]
    assert [touch["talk_seconds"] for touch in marts.touches("L3")] == [29, 30, 0]
    assert [touch["attempt_number"] for touch in marts.touches("L3")] == [1, 2, 3]
    assert [touch["contact_number"] for touch in marts.touches("L3")] == [None, 1, None]


@COMPANY.given(
    leg("T41", "4 11:00:00", "internal", 60, from_number="101", to_number="102"),
    leg("T42", "4 12:00:00", "outbound", 60, outside="8 (495) 123-45-01", extension="102"),
    leg("T43", "4 13:00:00", "inbound", 60, outside="103", extension="101"),
    call("A44", "4 14:00:00", phone="+74951234501", outcome="connected"),
    leg("T45", "4 15:00:00", "outbound", 60, outside=number(4), extension="102"),
)
@pytest.mark.parametrize("key", ["T41", "T42", "T43", "A44"])
def test_calls_between_reps_count_nowhere(marts: Marts, key: str) -> None:
    """T41 says so; T42 and A44 go to R1's own number, T43 comes from R3's extension."""
    touch = marts.touch(key)
    assert (touch["is_excluded"], touch["exclusion_reason"]) == (True, "internal_call")
    assert touch["attempt_number"] is None
    assert not marts.touch("T45")["is_excluded"]


@COMPANY.given(
    contact("C5", phones=number(5)),
    lead("L5", contact_id="C5"),
    call(
        "A51", "3 11:09:00", contact_id="C5", rep_id="R3", telephony_call_id="T51", outcome="busy"
    ),
    leg("T51", "3 11:00:00", linked_id="X5", outside=number(99), extension="101"),
    leg("T52", "3 11:00:30", talk=50, linked_id="X5", outside=number(99), extension="101"),
)
def test_an_explicit_id_pairs_whatever_clocks_numbers_and_reps_say(marts: Marts) -> None:
    """The CRM names a leg; it is 9 minutes off, of another rep, and the number is not the contact's.

    Times, talk, outcome and rep are telephony's; the contact, and so the lead, is the CRM's.
    """
    touch = marts.touch("A51")
    assert (touch["source"], touch["telephony_call_id"]) == ("both", "X5")
    assert touch["started_at"] == moment("3 11:00:00")
    assert (touch["talk_seconds"], touch["is_completed"]) == (50, True)
    assert (touch["rep_id"], touch["lead_id"]) == ("R1", "L5")
    assert len(marts.touches("L5")) == 1


@COMPANY.given(
    contact("C6", phones=f"{number(60)};{number(6)}"),
    lead("L6", contact_id="C6"),
    call("A61", "3 11:02:00", contact_id="C6"),
    leg("T61", "3 11:00:00", outside=number(6)),
    call("A62", "3 12:02:01", contact_id="C6"),
    leg("T62", "3 12:00:00", outside=number(6)),
    call("A63", "3 12:58:00", contact_id="C6"),
    leg("T63", "3 13:00:00", outside=number(60)),
    call("A64", "3 14:00:00", "inbound", contact_id="C6"),
    leg("T64", "3 14:00:00", outside=number(6)),
    call("A65", "3 15:00:00", contact_id="C6", phone=number(65)),
    leg("T65", "3 15:00:00", outside=number(6)),
)
@pytest.mark.parametrize(
    ("key", "source"),
    [("A61", "both"), ("A62", "crm"), ("A63", "both"), ("A64", "crm"), ("A65", "crm")],
)
def test_without_an_id_a_pair_shares_number_direction_and_two_minutes(
    marts: Marts, key: str, source: str
) -> None:
    # 120 s apart (either way, by either number of the contact) are one call; 121 s are two; so
    # are two directions; and an activity's own number goes before its contact's.
    assert marts.touch(key)["source"] == source


@COMPANY.given(
    contact("C7", phones=number(7)),
    lead("L7", contact_id="C7"),
    call("A71", "3 11:00:00", contact_id="C7", rep_id="R1"),
    leg("T71", "3 11:00:00", outside=number(7), extension="102"),
    call("A72", "3 12:00:00", contact_id="C7", rep_id="R1"),
    leg("T72", "3 12:00:00", outside=number(7), extension="777"),
    call("A73", "3 13:00:00", contact_id="C7"),
    leg("T73", "3 13:00:00", outside=number(7), rep_email="R2@Example.com"),
)
def test_another_reps_leg_is_another_call(marts: Marts) -> None:
    """R1's and R2's calls at one time are two.

    A leg of an unknown rep, or a CRM call without one, excludes nobody; the rep then is whom
    either side knows.
    """
    assert marts.touch("A71")["source"] == "crm"
    assert marts.touch("T71")["rep_id"] == "R2"
    assert (marts.touch("A72")["source"], marts.touch("A72")["rep_id"]) == ("both", "R1")
    assert (marts.touch("A73")["source"], marts.touch("A73")["rep_id"]) == ("both", "R2")


@COMPANY.given(
    contact("C8", phones=number(8)),
    lead("L8", contact_id="C8"),
    call("A81", "3 11:00:00", contact_id="C8"),
    call("A82", "3 11:00:50", contact_id="C8"),
    leg("T81", "3 11:00:40", outside=number(8)),
    call("A9", "3 12:00:10", contact_id="C8"),
    call("A10", "3 11:59:50", contact_id="C8"),
    leg("T82", "3 12:00:00", outside=number(8)),
    # A83 is nearest to T83, whose nearest is A84: A83 pairs with nobody, and T84 stays alone.
    call("A83", "3 13:00:00", contact_id="C8"),
    call("A84", "3 13:00:50", contact_id="C8"),
    leg("T83", "3 13:00:40", outside=number(8)),
    leg("T84", "3 13:02:00", outside=number(8)),
)
def test_of_two_crm_calls_the_nearer_gets_the_telephony_call(marts: Marts) -> None:
    """A82 is 10 s from T81, A81 40 s. A9 and A10 are both 10 s from T82: `A10` sorts first."""
    sources = {key: marts.touch(key)["source"] for key in ("A81", "A82", "A9", "A10", "A83", "A84")}
    assert sources == {
        "A81": "crm",
        "A82": "both",
        "A9": "crm",
        "A10": "both",
        "A83": "crm",
        "A84": "both",
    }
    assert marts.touch("T84")["source"] == "telephony"
    assert len(marts.touches("L8")) == 6 + 1


@COMPANY.given(
    contact("C9", phones=number(9)),
    lead("L9", contact_id="C9"),
    call("A91", "3 11:00:40", contact_id="C9", rep_id="R1", telephony_call_id="X9"),
    call("A92", "3 11:00:10", contact_id="C9", rep_id="R2", telephony_call_id="T92"),
    leg("T91", "3 11:00:00", talk=15, linked_id="X9", outside=number(9), extension="101"),
    leg("T92", "3 11:00:30", talk=40, linked_id="X9", outside=number(9), extension="102"),
    call("A93", "3 15:00:00", contact_id="C9", telephony_call_id="of another system"),
    leg("T93", "3 15:00:30", outside=number(9)),
)
def test_two_crm_calls_that_name_one_call_are_one_touch(marts: Marts) -> None:
    # Both reps of a transfer logged it: the nearer in time gives the links, the other is no
    # touch. An id that telephony does not know is tried by number.
    transfer, other = marts.touches("L9")
    assert (transfer["crm_activity_id"], transfer["telephony_call_id"]) == ("A92", "X9")
    assert transfer["talk_seconds"] == 15 + 40
    assert not marts.has_touch("A91")
    assert (other["crm_activity_id"], other["telephony_call_id"]) == ("A93", "T93")


@COMPANY.given(
    lead("L10"),
    call("A101", "3 11:00:00", lead_id="L10", outcome="Connected"),
    call("A102", "3 12:00:00", lead_id="L10", outcome="no answer"),
    call("A103", "3 13:00:00", lead_id="L10"),
    call("A104", "3 14:00:00", lead_id="L10", duration_seconds="30"),
    call("A105", "3 15:00:00", lead_id="L10", duration_seconds="29", outcome="connected"),
    call("A106", "3 16:00:00", lead_id="L10", duration_seconds="60", outcome="Left voicemail"),
)
def test_a_call_that_only_the_crm_has(marts: Marts) -> None:
    """Without a duration the outcome decides; with one, 30 s, unless a machine answered."""
    completed = {t["crm_activity_id"]: t["is_completed"] for t in marts.touches("L10")}
    assert completed == {
        "A101": True,
        "A102": False,
        "A103": False,
        "A104": True,
        "A105": False,
        "A106": False,
    }


@COMPANY.given(
    contact("C11", phones=number(11)),
    lead("L11", contact_id="C11"),
    call("A111", "3 11:00:00", contact_id="C11", is_deleted="true"),
    leg("T111", "3 11:00:00", talk=40, outside=number(11), extension="101"),
)
def test_a_deleted_crm_call_pairs_with_nothing(marts: Marts) -> None:
    """The telephony call happened all the same; the deleted one stays, flagged."""
    assert marts.touch("A111")["exclusion_reason"] == "deleted"
    kept = marts.touch("T111")
    assert (kept["lead_id"], kept["is_completed"], kept["is_excluded"]) == ("L11", True, False)


def test_nothing_is_lost_or_doubled(marts: Marts) -> None:
    """Touches = CRM calls + telephony calls - pairs - CRM calls that name a call once more."""
    crm = sum(row.entity == "crm/activities" for row in COMPANY.rows)
    legs = [row.cells for row in COMPANY.rows if row.entity == "telephony/calls"]
    telephony = len({cells.get("linked_id") or cells["call_id"] for cells in legs})
    (found,) = marts.select(
        "select count(*) as touches, count(*) filter (where source = 'both') as pairs "
        "from marts.fct_touches"
    )
    assert found["touches"] == crm + telephony - found["pairs"] - 1
