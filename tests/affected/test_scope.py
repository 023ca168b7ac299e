"""Which records a night reaches, and when it has to compute everything."""

from datetime import datetime, timedelta

from orchestration.affected import Scope
from tests.affected.nights import AS_OF, Nights, activity, call, contact, lead
from tests.kpis.warehouse import fetch


def test_nothing_new_reaches_nothing(nights: Nights) -> None:
    scope = nights.night({})
    assert scope.kind == "affected"
    assert nights.connection.execute("select count(*) from raw.affected").fetchall() == [(0,)]


def test_a_call_reaches_whom_it_was_with_and_nobody_else(nights: Nights) -> None:
    nights.night({"telephony/calls": [call("T7", "8 (495) 123-45-12")]})
    assert nights.reached("lead") == {"L2"}
    assert nights.reached("call") == {"T2", "T7"}
    assert nights.equals_a_rebuild()


def test_a_masked_number_makes_no_one_person(nights: Nights) -> None:
    nights.night({"telephony/calls": [call("masked 3", "anonymous")]})
    assert nights.reached("call") == {"masked 3"}
    assert nights.reached("touch") == {"masked 3#call"}
    assert nights.equals_a_rebuild()


def test_a_touch_that_moves_reaches_both_leads(nights: Nights) -> None:
    nights.night({"crm/activities": [activity("A4", lead_id="L6")]})
    assert nights.reached("lead") == {"L4", "L6"}
    assert nights.equals_a_rebuild()


def test_a_number_that_moves_reaches_both_contacts_and_its_calls(nights: Nights) -> None:
    moved = [contact(1, phones=""), contact(6, phones="+7 495 123-45-11")]
    nights.night({"crm/contacts": moved})
    assert nights.reached("lead") == {"L1", "L6"}
    assert nights.reached("touch") == {"T1#call"}
    assert nights.equals_a_rebuild()


def test_a_merge_reaches_what_moves_with_it(nights: Nights) -> None:
    nights.night({"crm/leads": [lead(4, merged_into_id="L3")]})
    assert nights.reached("lead") == {"L3", "L4"}
    assert nights.reached("touch") == {"T3#call", "A4"}
    assert nights.equals_a_rebuild()


def test_a_call_comes_after_the_activity_that_names_it(nights: Nights) -> None:
    nights.night({"telephony/calls": [call("T9", "")]})
    assert nights.reached("activity") == {"names a call to come"}
    assert nights.reached("lead") == {"L5"}
    assert nights.equals_a_rebuild()


def test_a_second_leg_reaches_the_first(nights: Nights) -> None:
    leg = call("T1b", "", linked_id="T1", direction="internal")
    nights.night({"telephony/calls": [leg]})
    assert nights.reached("call") == {"T1"}
    assert nights.reached("lead") == {"L1"}
    assert nights.equals_a_rebuild()


def test_two_contacts_of_an_account_are_one_customer(nights: Nights) -> None:
    nights.night({"crm/contacts": [contact(1, account_id="A"), contact(2, account_id="A")]})
    won = {
        "deal_id": "D1",
        "contact_id": "C1",
        "stage": "won",
        "created_at": "2026-03-02T10:00:00Z",
        "closed_at": "2026-03-02T11:00:00Z",
    }
    nights.night({"crm/deals": [won]})
    assert nights.reached("lead") == {"L1", "L2"}
    assert nights.equals_a_rebuild()
    found = fetch(
        nights.connection,
        "select is_new_customer from marts.fct_touches where telephony_call_id = 'files:T2'",
    )
    assert found == [{"is_new_customer": False}]


def test_the_same_row_again_changes_nothing(nights: Nights) -> None:
    nights.night({"crm/leads": [lead(1)], "crm/contacts": [contact(1)]})
    assert nights.reached("lead") == set()


def test_waiting_leads_wait_on_without_being_computed(nights: Nights) -> None:
    later = AS_OF + timedelta(hours=1)
    assert nights.night({}, later).kind == "affected"
    assert nights.reached("lead") == set()
    found = fetch(
        nights.connection,
        "select waiting_seconds from marts.fct_leads where lead_id = 'files:L6'",
    )
    assert found == [{"waiting_seconds": (later - datetime(2026, 3, 2, 9)).total_seconds()}]  # noqa: DTZ001
    assert nights.equals_a_rebuild(later)


def test_time_alone_makes_a_lead_abandoned(nights: Nights) -> None:
    # L4's last touch was on 4 March at 10:00: thirty days later it is given up.
    before, after = datetime(2026, 4, 3, 9), datetime(2026, 4, 3, 11)  # noqa: DTZ001
    nights.night({}, before)
    nights.night({}, after)
    assert "L4" in nights.reached("lead")
    found = fetch(
        nights.connection,
        "select is_given_up from marts.fct_leads where lead_id = 'files:L4'",
    )
    assert found == [{"is_given_up": True}]
    assert nights.equals_a_rebuild(after)


def test_an_earlier_moment_asks_for_all(nights: Nights) -> None:
    as_of = AS_OF - timedelta(days=1)
    reason = "the marts are to describe an earlier moment than they do"
    assert nights.night({}, as_of) == Scope("all", reason)
    assert nights.equals_a_rebuild(as_of)


def test_a_table_that_is_gone_is_not_brought_up_to_date(nights: Nights) -> None:
    nights.connection.execute("drop table marts.fct_deals")
    assert nights.night({}) == Scope("all", "marts.fct_deals is not there")


def test_marts_that_are_not_of_this_build_are_not_brought_up_to_date(nights: Nights) -> None:
    nights.connection.execute("update touchline.main.built_by set run_id = 'another'")
    assert nights.night({}) == Scope("all", "the marts are not of this build file")
    assert nights.night({}).kind == "affected"
    nights.connection.execute("drop table touchline.main.built_by")
    assert nights.night({}).kind == "all"


def test_a_rebuild_that_was_broken_off_is_begun_again(nights: Nights) -> None:
    from orchestration.affected import forget_baseline

    forget_baseline(nights.connection)
    assert nights.night({}) == Scope("all", "the marts have not been built whole")
