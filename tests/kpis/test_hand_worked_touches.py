# Longer than most: each case stands with its rows and its reckoning.
"""KPIS.md 1: what a completed contact is, which lead a touch belongs to, and its numbers."""

import pytest

from tests.kpis.worlds import (
    Company,
    Marts,
    activity,
    call,
    contact,
    deal,
    email,
    lead,
    leg,
    moment,
    number,
    owners,
)

COMPANY = Company(as_of="Apr 30 12:00")


@COMPANY.given(
    lead("L1"),
    activity("M11", "3 11:00:00", "message", lead_id="L1", contact_id="C1", rep_id="R1"),
    activity("M12", "3 12:00:00", "message", lead_id="L1", contact_id="C1", rep_id="R2"),
    activity("M13", "3 13:01:00", "message", lead_id="L1", contact_id="C1", rep_id="R2"),
    activity("M14", "3 13:01:30", "message", "inbound", lead_id="L1", contact_id="C2"),
)
def test_messages_of_an_hour_are_one_touch(marts: Marts) -> None:
    """A gap of 60 minutes goes on, one of 61 does not; another contact's is another conversation."""
    first, second, other = marts.touches("L1")
    assert (first["crm_activity_id"], first["messages"]) == ("M11", 2)
    assert (first["started_at"], first["rep_id"]) == (moment("3 11:00:00"), "R1")
    assert (second["crm_activity_id"], second["messages"]) == ("M13", 1)
    assert (other["crm_activity_id"], other["messages"]) == ("M14", 1)


@COMPANY.given(
    lead("L2"),
    activity("M21", "3 11:00:00", "message", lead_id="L2", rep_id="R1", contact_id="C2"),
    activity("M22", "3 11:30:00", "message", "inbound", lead_id="L2", contact_id="C2"),
    activity("M23", "4 11:00:00", "message", lead_id="L2", rep_id="R1", contact_id="C2"),
    activity(
        "M24",
        "5 11:00:00",
        "message",
        "inbound",
        lead_id="L2",
        contact_id="C2",
        is_automated="true",
    ),
)
def test_a_conversation_that_was_answered_is_a_contact(marts: Marts) -> None:
    """Begun by the rep and answered: outbound and completed; unanswered: an attempt; a bot's: neither."""
    answered, attempt, automatic = marts.touches("L2")
    assert (answered["direction"], answered["is_completed"]) == ("outbound", True)
    assert (attempt["is_completed"], attempt["attempt_number"]) == (False, 2)
    assert (automatic["is_automated"], automatic["is_completed"]) == (True, False)
    assert automatic["attempt_number"] is None


@COMPANY.given(
    lead("L3"),
    activity("G31", "3 11:00:00", "meeting", lead_id="L3", outcome="completed"),
    activity("G32", "4 11:00:00", "meeting", lead_id="L3", outcome="No show"),
    activity("G33", "5 11:00:00", "meeting", lead_id="L3"),
    activity("G34", "6 11:00:00", "meeting", "inbound", lead_id="L3", outcome="held"),
)
def test_only_a_meeting_that_was_held_is_a_contact(marts: Marts) -> None:
    assert [touch["is_completed"] for touch in marts.touches("L3")] == [True, False, False, True]


@COMPANY.given(
    lead("L4"),
    email("E41", "3 11:00:00", lead_id="L4", is_automated="true"),
    email("E42", "3 12:00:00", lead_id="L4"),
    email("E43", "3 13:00:00", "inbound", lead_id="L4", is_automated="true"),
    email("E44", "3 15:30:00", "inbound", lead_id="L4"),
    call("A45", "3 16:00:00", "inbound", lead_id="L4", outcome="missed"),
    call("A46", "3 17:00:00", lead_id="L4", is_deleted="true"),
    call("A47", "3 18:00:00", lead_id="L4"),
)
def test_numbers_within_a_lead(marts: Marts) -> None:
    """The touches and what they count for.

    | | |  attempt | contact | hours since |
    | E41 | newsletter | - | - | - |
    | E42 | written by hand | 1 | - | 1, since the newsletter |
    | E43 | autoresponder | - | - | 1 |
    | E44 | the customer's answer | 2 | 1 | 2.5 |
    | A45 | missed inbound call | - | - | 0.5 |
    | A46 | deleted | - | - | - |
    | A47 | attempt | 3 | - | 2, since A45 |
    """
    touches = {touch["crm_activity_id"]: touch for touch in marts.touches("L4")}
    found = {
        key: (t["attempt_number"], t["contact_number"], t["hours_since_previous_touch"])
        for key, t in touches.items()
    }
    assert found == {
        "E41": (None, None, None),
        "E42": (1, None, 1),
        "E43": (None, None, 1),
        "E44": (2, 1, 2.5),
        "A45": (None, None, 0.5),
        "A46": (None, None, None),
        "A47": (3, None, 2),
    }
    assert [touches[key]["is_completed"] for key in ("E42", "E43", "E44")] == [False, False, True]
    lead_row = marts.lead("L4")
    assert (lead_row["attempts"], lead_row["completed_contacts"]) == (2, 1)


@COMPANY.given(
    contact("C5"),
    lead("L5", contact_id="C5"),
    lead("L5a", contact_id="C6"),
    deal("D5", lead_id="L5a"),
    call("A51", "3 11:00:00", lead_id="L5", deal_id="D5", contact_id="C6"),
    call("A52", "3 12:00:00", deal_id="D5", contact_id="C5"),
)
def test_its_own_lead_goes_before_its_deals_and_that_before_its_contact(marts: Marts) -> None:
    named, via_deal = marts.touch("A51"), marts.touch("A52")
    assert (named["lead_id"], named["lead_match_rule"]) == ("L5", "explicit_lead")
    assert (via_deal["lead_id"], via_deal["lead_match_rule"]) == ("L5a", "via_deal")


@COMPANY.given(
    contact("C61", phones=f"8 916 555-00-06;{number(61)}"),
    contact("C62", phones=number(6)),
    lead("L61", "1 08:00", contact_id="C61", owner_rep_id="R1"),
    lead("L62", "2 08:00", contact_id="C62", owner_rep_id="R2"),
    lead("L64", "3 08:00", contact_id="C62", owner_rep_id="R3"),
    lead("L63", "3 08:00", contact_id="C61", owner_rep_id="R3"),
    leg("T61", "4 11:00:00", "inbound", outside=number(6), extension="101"),
    leg("T62", "4 12:00:00", "inbound", outside=number(6), extension="102"),
    leg("T63", "4 13:00:00", "inbound", outside=number(6), extension="777"),
    leg("T64", "4 14:00:00", "inbound", outside=number(6), extension="103"),
)
@pytest.mark.parametrize(
    ("key", "wanted"), [("T61", "L61"), ("T62", "L62"), ("T63", "L63"), ("T64", "L63")]
)
def test_a_number_of_two_contacts(marts: Marts, key: str, wanted: str) -> None:
    # The owner's lead first (R1's, R2's), however old; nobody's: the newest (3 March, two of
    # them) and of those the lowest id; R3 owns both.
    touch = marts.touch(key)
    assert (touch["lead_id"], touch["lead_match_rule"]) == (wanted, "phone")
    assert touch["contact_id"] == ("C62" if wanted == "L62" else "C61")


@COMPANY.given(
    contact("C7", phones=number(7)),
    lead("L7", "3 11:30", contact_id="C7"),
    lead("L7a", "3 11:31", contact_id="C7"),
    lead(
        "L7b", "2 08:00", contact_id="C7", status="disqualified", updated_at="2025-03-03T10:59:59Z"
    ),
    lead("L7c", "3 11:20", contact_id="C7", status="spam"),
    call("A71", "3 11:00:00", contact_id="C7"),
)
def test_only_leads_that_were_open_then(marts: Marts) -> None:
    """The call was at 11:00.

    L7 was recorded 30 minutes after it began and is it; L7a 31 minutes, L7b was closed a second
    before, L7c is spam.
    """
    touch = marts.touch("A71")
    assert (touch["lead_id"], touch["lead_match_rule"]) == ("L7", "contact")


@COMPANY.given(
    contact("C81", phones=number(81)),
    contact("C82", phones=number(82), emails="Somebody@Example.com"),
    contact("C83", emails="else@example.com"),
    lead("L81", contact_id="C81"),
    lead("L83", contact_id="C83"),
    email("E81", "4 11:00:00", contact_id="C81", phone=number(82), email="else@example.com"),
    email("E82", "4 12:00:00", contact_id="C82", phone=number(81), email="else@example.com"),
    email("E83", "4 13:00:00", contact_id="C82", email="ELSE@example.com"),
    email("E84", "4 14:00:00", email="somebody@example.com"),
    email("E85", "4 15:00:00", email="stranger@example.com"),
)
def test_contact_before_phone_before_email(marts: Marts) -> None:
    """Each is tried in turn until a lead is found; C82 has none."""
    found = {
        key: (marts.touch(key)["lead_id"], marts.touch(key)["lead_match_rule"])
        for key in ("E81", "E82", "E83", "E84", "E85")
    }
    assert found == {
        "E81": ("L81", "contact"),
        "E82": ("L81", "phone"),
        "E83": ("L83", "email"),
        "E84": (None, "no_open_lead"),
        "E85": (None, "no_contact"),
    }
    assert marts.touch("E84")["contact_id"] == "C82"


@COMPANY.given(
    contact("C91", merged_into_id="C92", phones=number(91)),
    contact("C92", merged_into_id="C93"),
    contact("C93", phones=number(93), account_id="K9"),
    lead("L91", "1 08:00", contact_id="C91", merged_into_id="L92"),
    lead("L92", "2 08:00", contact_id="C93"),
    call("A91", "4 11:00:00", contact_id="C91"),
    call("A92", "4 12:00:00", contact_id="C93"),
    call("A93", "4 13:00:00", lead_id="L91"),
    leg("T94", "4 14:00:00", outside=number(91)),
    deal(
        "D91",
        lead_id="L91",
        stage="won",
        amount="100",
        currency="USD",
        closed_at="2025-03-10T10:00:00Z",
    ),
)
def test_a_merged_contact_and_a_merged_lead(marts: Marts) -> None:
    """C91 became C92, that became C93; L91 became L92: its touches and its deal are L92's."""
    touches = marts.touches("L92")
    assert [t["crm_activity_id"] or t["telephony_call_id"] for t in touches] == [
        "A91",
        "A92",
        "A93",
        "T94",
    ]
    assert {touch["contact_id"] for touch in touches} == {"C93"}
    assert {touch["customer_id"] for touch in touches} == {"K9"}
    assert [touch["attempt_number"] for touch in touches] == [1, 2, 3, 4]
    merged = marts.lead("L91")
    assert (merged["is_excluded"], merged["exclusion_reason"]) == (True, "merged")
    assert (merged["attempts"], merged["won_at"]) == (0, None)
    assert (marts.deal("D91")["lead_id"], marts.deal("D91")["is_won"]) == ("L92", True)
    assert marts.lead("L92")["won_at"] == moment("10 10:00")


@COMPANY.given(
    contact("C101", merged_into_id="C102"),
    contact("C102", merged_into_id="C101"),
    lead("L10", contact_id="C101"),
    call("A101", "4 11:00:00", contact_id="C101"),
    call("A102", "4 12:00:00", contact_id="C102"),
    contact("C103", merged_into_id="nobody"),
    lead("L10a", contact_id="C103"),
    call("A103", "4 13:00:00", contact_id="C103"),
)
def test_a_cycle_of_merges_merges_nothing(marts: Marts) -> None:
    """Each of the cycle stays by itself, and nothing is lost; so does a merge into nobody."""
    assert marts.touch("A101")["lead_id"] == "L10"
    assert marts.touch("A102")["lead_match_rule"] == "no_open_lead"
    assert marts.touch("A102")["contact_id"] == "C102"
    assert marts.touch("A103")["lead_id"] == "L10a"


@COMPANY.given(
    lead("L111", status="test", lead_source="unreal"),
    lead("L112", status="Spam", lead_source="unreal"),
    lead("L113", status="duplicate", lead_source="unreal"),
    lead("L114", lead_source="unreal", is_deleted="true"),
    lead("L115", lead_source="unreal"),
    *(call(f"A11{n}", "4 11:00:00", lead_id=f"L11{n}", outcome="connected") for n in range(1, 6)),
)
def test_excluded_leads_and_their_touches_count_nowhere(marts: Marts) -> None:
    reasons = {f"L11{n}": marts.lead(f"L11{n}")["exclusion_reason"] for n in range(1, 6)}
    assert reasons == {
        "L111": "test",
        "L112": "spam",
        "L113": "duplicate",
        "L114": "deleted",
        "L115": None,
    }
    for n, reason in (
        (1, "lead_test"),
        (2, "lead_spam"),
        (3, "lead_duplicate"),
        (4, "lead_deleted"),
    ):
        touch = marts.touch(f"A11{n}")
        assert (touch["is_excluded"], touch["exclusion_reason"]) == (True, reason)
        assert touch["attempt_number"] is None
    assert marts.kpi("kpi_contact_ratio", "unreal")["outreach_calls"] == 1
    cohort = marts.kpi("kpi_completed_contacts", "unreal")
    assert (cohort["leads"], cohort["completed_contacts"]) == (1, 1)


@COMPANY.given(
    lead("L12", owner_rep_id="R2", lead_source="fair12"),
    owners("lead", "L12", ("R1", "3 08:00"), ("R2", "10 08:00")),
    call("A121", "4 11:00:00", lead_id="L12", rep_id="R3"),
    call("A122", "11 11:00:00", lead_id="L12", rep_id="R1"),
)
def test_a_touch_is_his_who_made_it(marts: Marts) -> None:
    """Whoever owned the lead: R1 until the tenth, R2 since, who is kept beside. The lead is R1's."""
    first, second = marts.touches("L12")
    assert (first["rep_id"], first["owner_then_rep_id"], first["owner_now_rep_id"]) == (
        "R3",
        "R1",
        "R2",
    )
    assert (second["rep_id"], second["owner_then_rep_id"]) == ("R1", "R2")
    assert marts.lead("L12")["first_owner_rep_id"] == "R1"
    assert marts.lead("L12")["owner_rep_id"] == "R2"
    assert (first["lead_source"], second["lead_source"]) == ("fair12", "fair12")
    assert (
        marts.scoped("kpi_contact_ratio", "team", "West", "2025-03-03", "week")["outreach_calls"]
        == 1
    )


@COMPANY.given(
    contact("C13", is_deleted="true", phones=number(13), emails="gone@example.com"),
    lead("L13", contact_id="C13"),
    call("A131", "4 11:00:00", contact_id="C13"),
    leg("T132", "4 12:00:00", outside=number(13)),
    call("A133", "4 13:00:00", contact_id="C13", lead_id="L13"),
)
def test_a_deleted_contact_names_nobody(marts: Marts) -> None:
    """CASES C20: the call stays, its contact is unknown; a lead that it names it still has."""
    assert marts.touch("A131")["lead_match_rule"] == "no_contact"
    assert marts.touch("T132")["lead_match_rule"] == "no_contact"
    assert marts.touch("A133")["lead_id"] == "L13"
    assert [marts.touch(key)["contact_id"] for key in ("A131", "A133")] == [None, None]
