"""Which records a night reaches, and when it has to compute everything."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.affected import Scope
from tests.kpis.warehouse import fetch, land_folder, open_warehouse, transform, transform_night
from tests.reference.worlds import World, write_world

AS_OF = datetime(2026, 3, 20, 12)  # noqa: DTZ001  UTC, as all times of the marts

Rows = dict[str, list[dict[str, str]]]


def _lead(number: int, **other: str) -> dict[str, str]:
    return {
        "lead_id": f"L{number}",
        "contact_id": f"C{number}",
        "owner_rep_id": "R1",
        "status": "working",
        "created_at": "2026-03-02T09:00:00Z",
        "updated_at": "",
        "merged_into_id": "",
        "is_deleted": "",
        "is_inquiry": "true",
        **other,
    }


def _contact(number: int, **other: str) -> dict[str, str]:
    return {
        "contact_id": f"C{number}",
        "account_id": "",
        "phones": f"+7 495 123-45-1{number}",
        "emails": f"c{number}@example.com",
        "merged_into_id": "",
        **other,
    }


def _call(name: str, number: str, **other: str) -> dict[str, str]:
    return {
        "call_id": name,
        "linked_id": "",
        "direction": "outbound",
        "from_number": "",
        "to_number": number,
        "extension": "",
        "started_at": "2026-03-03T10:00:00Z",
        "talk_seconds": "60",
        "disposition": "answered",
        **other,
    }


def _activity(name: str, **other: str) -> dict[str, str]:
    return {
        "activity_id": name,
        "kind": "call",
        "direction": "outbound",
        "started_at": "2026-03-04T10:00:00Z",
        "lead_id": "",
        "contact_id": "",
        "phone": "",
        "telephony_call_id": "",
        **other,
    }


def _rep(number: int, **other: str) -> dict[str, str]:
    return {
        "rep_id": f"R{number}",
        "full_name": "Anna",
        "extension": f"10{number}",
        "phone": "",
        "team": "East",
        "is_active": "true",
        **other,
    }


BEGINNING: Rows = {
    "crm/reps": [_rep(1), _rep(2), _rep(3, extension="102", is_active="false")],
    "crm/contacts": [_contact(number) for number in range(1, 7)],
    "crm/leads": [_lead(number) for number in range(1, 7)],
    "telephony/calls": [
        *(_call(f"T{number}", f"+7495123451{number}") for number in range(1, 4)),
        _call("masked 1", "anonymous"),
        _call("masked 2", "anonymous"),
    ],
    "crm/activities": [
        _activity("A4", lead_id="L4"),
        _activity("of nobody", phone="anonymous"),
        _activity("names a call to come", lead_id="L5", telephony_call_id="T9"),
    ],
}


class Nights:
    """A warehouse after its first night; each further one is set against a rebuild."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
        self.connection, self.folder, self.count = connection, folder, 0
        self.night(BEGINNING, AS_OF)

    def night(self, rows: Mapping[str, Any], as_of: datetime = AS_OF) -> Scope:
        self.count += 1
        drop = self.folder / "drop"
        named = {f"{entity}-{self.count}": list(some) for entity, some in rows.items()}
        seeds = write_world(World(named), drop, self.folder / "seeds")
        settings = land_folder(self.connection, drop, f"night {self.count}")
        return transform_night(
            self.connection, settings, as_of, f"night {self.count}", seeds, leave_out=LEFT_OUT
        )

    def reached(self, kind: str) -> set[str]:
        rows = self.connection.execute("select id from raw.affected where kind = ?", [kind])
        return {str(found).removeprefix("files:") for (found,) in rows.fetchall()}

    def equals_a_rebuild(self, as_of: datetime = AS_OF) -> bool:
        def facts() -> list[Any]:
            return [
                fetch(self.connection, f"select * from marts.{fact} order by all")
                for fact in ("fct_touches", "fct_leads", "fct_deals", "dim_customers")
            ]

        in_place = facts()
        transform(self.connection, as_of, leave_out=LEFT_OUT)
        return in_place == facts()


LEFT_OUT = ("kpi_scorecard",)


@pytest.fixture
def nights(tmp_path: Path) -> Iterator[Nights]:
    with open_warehouse() as connection:
        yield Nights(connection, tmp_path)


def test_nothing_new_reaches_nothing(nights: Nights) -> None:
    scope = nights.night({})
    assert scope.kind == "affected"
    assert nights.connection.execute("select count(*) from raw.affected").fetchall() == [(0,)]


def test_a_call_reaches_whom_it_was_with_and_nobody_else(nights: Nights) -> None:
    nights.night({"telephony/calls": [_call("T7", "8 (495) 123-45-12")]})
    assert nights.reached("lead") == {"L2"}
    assert nights.reached("call") == {"T2", "T7"}
    assert nights.equals_a_rebuild()


def test_a_masked_number_makes_no_one_person(nights: Nights) -> None:
    nights.night({"telephony/calls": [_call("masked 3", "anonymous")]})
    assert nights.reached("call") == {"masked 3"}
    assert nights.reached("touch") == {"masked 3#call"}
    assert nights.equals_a_rebuild()


def test_a_touch_that_moves_reaches_both_leads(nights: Nights) -> None:
    nights.night({"crm/activities": [_activity("A4", lead_id="L6")]})
    assert nights.reached("lead") == {"L4", "L6"}
    assert nights.equals_a_rebuild()


def test_a_number_that_moves_reaches_both_contacts_and_its_calls(nights: Nights) -> None:
    moved = [_contact(1, phones=""), _contact(6, phones="+7 495 123-45-11")]
    nights.night({"crm/contacts": moved})
    assert nights.reached("lead") == {"L1", "L6"}
    assert nights.reached("touch") == {"T1#call"}
    assert nights.equals_a_rebuild()


def test_a_merge_reaches_what_moves_with_it(nights: Nights) -> None:
    nights.night({"crm/leads": [_lead(4, merged_into_id="L3")]})
    assert nights.reached("lead") == {"L3", "L4"}
    assert nights.reached("touch") == {"T3#call", "A4"}
    assert nights.equals_a_rebuild()


def test_a_call_comes_after_the_activity_that_names_it(nights: Nights) -> None:
    nights.night({"telephony/calls": [_call("T9", "")]})
    assert nights.reached("activity") == {"names a call to come"}
    assert nights.reached("lead") == {"L5"}
    assert nights.equals_a_rebuild()


def test_a_second_leg_reaches_the_first(nights: Nights) -> None:
    leg = _call("T1b", "", linked_id="T1", direction="internal")
    nights.night({"telephony/calls": [leg]})
    assert nights.reached("call") == {"T1"}
    assert nights.reached("lead") == {"L1"}
    assert nights.equals_a_rebuild()


def test_two_contacts_of_an_account_are_one_customer(nights: Nights) -> None:
    nights.night({"crm/contacts": [_contact(1, account_id="A"), _contact(2, account_id="A")]})
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
    nights.night({"crm/leads": [_lead(1)], "crm/contacts": [_contact(1)]})
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


@pytest.mark.parametrize(
    ("rep", "leads", "touches"),
    [
        pytest.param(_rep(2, full_name="Berta", time_zone="Asia/Omsk"), set(), set(), id="name"),
        pytest.param(_rep(2, is_active="false"), {"L2"}, {"T2#call"}, id="passed on"),
        pytest.param(_rep(1, is_active="false"), set(), set(), id="left"),
        pytest.param(_rep(1, extension="109"), {"L1"}, {"T1#call"}, id="extension"),
        pytest.param(
            _rep(2, phone="+7 495 123-45-13"), {"L3"}, {"T3#call"}, id="calls of a colleague"
        ),
        pytest.param(
            _rep(3, extension="102", is_active="false", team="West"), {"L6"}, set(), id="team"
        ),
        pytest.param(_rep(9), set(), {"of a new rep"}, id="new"),
    ],
)
def test_a_rep_reaches_whose_figures_hang_on_him(
    nights: Nights, rep: dict[str, str], leads: set[str], touches: set[str]
) -> None:
    of_reps: Rows = {
        "telephony/calls": [
            _call("T1", "+74951234511", extension="101"),
            _call("T2", "+74951234512", extension="102"),
        ],
        "crm/leads": [_lead(6, owner_rep_id="R3")],
        "crm/activities": [_activity("of a new rep", phone="+7 495 765-43-21", rep_id="R9")],
    }
    nights.night(of_reps)
    scope = nights.night({"crm/reps": [rep]})
    assert scope.kind == "affected"
    assert nights.reached("lead") == leads
    assert nights.reached("touch") == touches
    assert nights.equals_a_rebuild()


@pytest.mark.parametrize("rep", [_rep(1, team="West"), _rep(9)])
def test_a_rep_who_worked_leads_and_is_of_another_team_asks_for_all(
    nights: Nights, rep: dict[str, str]
) -> None:
    nights.night({"crm/activities": [_activity("A5", lead_id="L5", rep_id=rep["rep_id"])]})
    assert nights.night({"crm/reps": [rep]}) == Scope(
        "all", "a rep who worked leads is of another team"
    )


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
