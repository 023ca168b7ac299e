"""What is special to Pipedrive: leads that become deals, stages, histories in portions, its errors.

Longer than most: each case is short, and tells of one peculiarity.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from orchestration.connectors.base import ConnectorError, UnansweredError
from orchestration.connectors.http import AnswerError, DeniedError
from orchestration.connectors.pipedrive.client import open_api
from orchestration.connectors.pipedrive.mapping import lead_rows
from orchestration.connectors.pipedrive.mapping_activities import activity_rows
from orchestration.connectors.pipedrive.mapping_deals import deal_rows, history_rows
from orchestration.connectors.pipedrive.paging import read_v1
from tests.sandbox import pipedrive_records as native
from tests.sandbox.account import Row
from tests.sandbox.company import at, small_company
from tests.sandbox.night import FAST, Nights, expected, only_held
from tests.sandbox.pipedrive import PipedriveAccount, build_account
from tests.sandbox.server import Answer, Fault, Request, serving


@pytest.fixture
def nights(tmp_path: Path) -> Iterator[Nights]:
    """The small company, whose leads are in the inbox: no deal came from one."""
    company = small_company()
    company["crm/deals"] = [{**deal, "lead_id": None} for deal in company["crm/deals"]]
    with serving(build_account(company)) as server:
        account = server.account
        assert isinstance(account, PipedriveAccount)
        yield Nights("pipedrive", server, account, tmp_path)


def account_of(nights: Nights) -> PipedriveAccount:
    assert isinstance(nights.account, PipedriveAccount)
    return nights.account


def asked(nights: Nights, path: str) -> int:
    """How often a path was asked for since the last time."""
    found = sum(path in request.path for request in nights.sandbox.asked)
    nights.sandbox.asked.clear()
    return found


def lead(nights: Nights, number: int) -> Row:
    return nights.told["crm/leads"][(native.lead_id(str(300 + number)) or "",)]


def convert(nights: Nights, number: int, when: str) -> None:
    """A lead becomes a deal."""
    deal = next(iter(nights.account.rows["crm/deals"].values()))
    told = {"created_at": when, "updated_at": when, "closed_at": None, "stage": "qualification"}
    key = {"deal_id": str(900 + number), "lead_id": str(300 + number)}
    nights.account.put("crm/deals", {**deal, **told, **key})


# Leads.


def test_a_lead_that_becomes_a_deal_is_not_deleted(nights: Nights) -> None:
    """It leaves both lists of leads; a census of them must not take it for gone."""
    nights.spend()
    before = lead(nights, 1)
    assert before["status"] == "Working"
    account_of(nights).tells_converted = False
    convert(nights, 1, at(13))
    nights.state = {**nights.state, "streams": without_census(nights.state["streams"])}
    nights.spend()
    after = lead(nights, 1)
    assert (after["status"], after.get("is_deleted")) == ("converted", "false")
    assert after["created_at"] == before["created_at"]
    assert after["updated_at"] == datetime.fromisoformat(at(13))
    deal = nights.told["crm/deals"][("901",)]
    assert deal["lead_id"] == after["lead_id"]


def without_census(streams: Any) -> Any:
    """A week later."""
    return {name: {**stream, "census": None} for name, stream in streams.items()}


def test_a_lead_that_nobody_saw_is_known_from_its_deal(nights: Nights) -> None:
    account_of(nights).tells_converted = False
    convert(nights, 1, at(13))
    nights.spend()
    told = lead(nights, 1)
    assert told["status"] == "converted"
    assert told["created_at"] == datetime.fromisoformat(at(13))
    # Once it is told itself, that goes before.
    account_of(nights).tells_converted = True
    nights.spend()
    assert lead(nights, 1)["created_at"] == datetime.fromisoformat(at(1))


def test_leads_that_are_not_told_are_not_asked_for_for_ever(nights: Nights) -> None:
    account_of(nights).tells_converted = False
    deal = next(iter(nights.account.rows["crm/deals"].values()))
    for number in range(50):
        key = {"deal_id": str(1000 + number), "lead_id": f"unseen {number}"}
        nights.account.put("crm/deals", {**deal, **key})
    nights.spend()
    singles = [one for one in nights.sandbox.asked if one.path.startswith("/v1/leads/")]
    assert len([one for one in singles if not one.path.endswith("archived")]) == 20


def test_a_lead_that_was_deleted_is_gone_with_the_next_census(nights: Nights) -> None:
    nights.spend()
    nights.account.remove("crm/leads", "301")
    assert "crm/leads" not in nights.spend()
    nights.state = {**nights.state, "streams": without_census(nights.state["streams"])}
    told = nights.spend()["crm/leads"]
    assert [row["is_deleted"] for row in told.values()] == ["true"]


def test_the_archive_is_read_back_to_the_window_only(nights: Nights) -> None:
    for row in list(nights.account.rows["crm/leads"].values()):
        nights.account.put("crm/leads", {**row, "status": "disqualified"})
    nights.account.page_size = 2
    nights.spend()
    assert lead(nights, 1)["status"] == "archived"
    assert asked(nights, "/v1/leads/archived") == 10
    nights.more_settings = {"look_back_days": "2"}
    nights.spend()
    # Three leads, two a page, and the page after them.
    assert asked(nights, "/v1/leads/archived") == 3


def test_an_archive_in_another_order_is_read_whole(
    nights: Nights, monkeypatch: pytest.MonkeyPatch
) -> None:
    for row in list(nights.account.rows["crm/leads"].values()):
        nights.account.put("crm/leads", {**row, "status": "disqualified"})
    account = account_of(nights)
    account.page_size = 2
    answer = account.answer

    def unsorted(request: Request) -> Answer:
        query = tuple(pair for pair in request.query if pair[0] != "sort")
        return answer(replace(request, query=query))

    monkeypatch.setattr(account, "answer", unsorted)
    nights.spend()
    asked(nights, "/v1/leads/archived")
    nights.more_settings = {"look_back_days": "2"}
    nights.spend()
    assert asked(nights, "/v1/leads/archived") == 5


@pytest.mark.parametrize(
    ("told", "asks", "channel"),
    [
        ({"source_name": "Web forms"}, "true", "form"),
        ({"source_name": "Prospector"}, "false", None),
        ({"source_name": "Manually created"}, None, None),
        ({"source_name": "API"}, "true", "web"),
    ],
)
def test_who_asked_first(told: dict[str, str], asks: str | None, channel: str | None) -> None:
    native_lead = {"id": "1", "add_time": "2026-07-01T09:33:33.213Z", **told}
    (row,) = lead_rows(native_lead, {"inquiry_sources": "API"})["crm/leads"]
    assert (row["is_inquiry"], row["inquiry_channel"]) == (asks, channel)


def test_labels_are_the_status_only_if_asked_for() -> None:
    native_lead = {"id": "1", "add_time": "2026-07-01T09:33:33Z", "_labels": ["Hot", "Spam"]}
    for settings, status in (({}, "open"), ({"lead_labels": "true"}, "Hot")):
        (row,) = lead_rows(native_lead, settings)["crm/leads"]
        assert row["status"] == status


def test_a_deal_of_no_lead_is_one_unless_told_otherwise() -> None:
    deal = {"id": 7, "status": "open", "add_time": "2026-07-01T09:00:00Z"}
    rows = deal_rows(deal, {})
    assert rows["crm/deals"][0]["lead_id"] == rows["crm/leads"][0]["lead_id"] == "deal-7"
    rows = deal_rows(deal, {"deals_are_leads": "false"})
    assert rows["crm/deals"][0]["lead_id"] is None
    assert "crm/leads" not in rows


# Deals.


def test_archived_deals_are_deals(nights: Nights) -> None:
    nights.spend()
    before = dict(nights.told["crm/deals"])
    account_of(nights).archived = {"404"}
    nights.spend()
    assert nights.told["crm/deals"] == before
    assert only_held(nights.account, nights.told) == expected(nights.account)


def test_a_deal_deleted_and_restored(nights: Nights) -> None:
    nights.spend()
    account = account_of(nights)
    row = account.rows["crm/deals"][("404",)]
    account.remove("crm/deals", "404")
    nights.spend()
    assert nights.told["crm/deals"][("404",)]["is_deleted"] == "true"
    account.deleted.clear()
    account.put("crm/deals", {**row, "updated_at": account.now.isoformat()})
    nights.spend()
    assert nights.told["crm/deals"][("404",)]["is_deleted"] == "false"


def test_every_stage_is_an_opportunity_and_stays_known(nights: Nights) -> None:
    nights.spend()
    told = {row["native_stage"]: row["funnel_step"] for row in nights.state["stages"]}
    assert told == {str(10 + n): "opportunity" for n in range(len(native.STAGES))}
    for row in list(nights.account.rows["crm/deals"].values()):
        nights.account.put("crm/deals", {**row, "pipeline": "Another"})
    nights.spend()
    assert len(nights.state["stages"]) == len(native.STAGES)


def test_a_stage_that_nobody_can_tell_of_is_open() -> None:
    deal = {"id": 7, "status": "open", "stage_id": 5, "add_time": "2026-07-01T09:00:00Z"}
    assert deal_rows(deal, {})["crm/deals"][0]["stage"] == "open"
    assert deal_rows({**deal, "_stages": ["5"]}, {})["crm/deals"][0]["stage"] == "5"


def changed(key: str, old: object, new: object, time: str) -> dict[str, Any]:
    return {"field_key": key, "old_value": old, "new_value": new, "time": time}


def test_a_history_with_a_reopening() -> None:
    deal = {
        "id": 7,
        "status": "won",
        "stage_id": 12,
        "owner_id": 3,
        "add_time": "2026-07-01T09:00:00Z",
        "won_time": "2026-07-05T09:00:02Z",
        "stage_change_time": "2026-07-04T10:00:01Z",
        "_stages": ["11", "12"],
        # The latest first.
        "_changes": [
            changed("status", "open", "won", "2026-07-05 09:00:00"),
            changed("status", "lost", "open", "2026-07-04 10:00:00"),
            changed("stage_id", "11", "12", "2026-07-04 10:00:00"),
            changed("status", "open", "lost", "2026-07-03 09:00:00"),
            changed("user_id", "2", "3", "2026-07-02 09:00:00"),
            changed("stage_id", "10", "11", "2026-07-01 10:00:00"),
        ],
    }
    rows = history_rows(deal, {})
    assert [(row["stage"], row["changed_at"]) for row in rows["crm/stage_changes"]] == [
        # Stage 10 is deleted.
        ("open", "2026-07-01T09:00:00Z"),
        ("11", "2026-07-01T10:00:00Z"),
        ("lost", "2026-07-03T09:00:00Z"),
        ("12", "2026-07-04T10:00:00Z"),
        # As the deal itself has it: one event, one row.
        ("won", "2026-07-05T09:00:02Z"),
    ]
    assert [(row["owner_rep_id"], row["changed_at"]) for row in rows["crm/owner_changes"]] == [
        ("2", "2026-07-01T09:00:00Z"),
        ("3", "2026-07-02T09:00:00Z"),
    ]
    (own,) = deal_rows(deal, {})["crm/stage_changes"]
    assert own["changed_at"] == "2026-07-05T09:00:02Z"


# Histories in portions.


def test_histories_come_in_portions_and_all_of_them_come(nights: Nights) -> None:
    nights.more_settings = {"histories_a_night": "4"}
    portions = []
    for _ in range(5):
        nights.spend()
        portions.append(asked(nights, "/changelog"))
    # Those of the day before the last one are asked for again.
    assert portions == [4, 5, 5, 2, 2]
    assert only_held(nights.account, nights.told) == expected(nights.account)


def test_many_deals_of_one_moment_do_not_stop_the_histories(nights: Nights) -> None:
    for row in list(nights.account.rows["crm/deals"].values()):
        nights.account.put("crm/deals", {**row, "updated_at": at(13)})
    nights.more_settings = {"histories_a_night": "4"}
    nights.spend()
    assert asked(nights, "/changelog") == 10


def test_until_its_history_is_there_a_deal_tells_what_it_knows(nights: Nights) -> None:
    nights.more_settings = {"histories_a_night": "0"}
    told = nights.spend()
    assert asked(nights, "/changelog") == 0
    assert "crm/owner_changes" not in told
    # 401 is won, 403 open in its first stage.
    stages = {key[1:3] for key in told["crm/stage_changes"]}
    assert {("401", "won"), ("403", "10")} <= stages
    assert len(stages) == 10
    nights.more_settings = {"histories_a_night": "many"}
    with pytest.raises(ConnectorError, match="HISTORIES_A_NIGHT"):
        nights.spend()


def test_only_deals_that_changed_are_asked_for_their_history(nights: Nights) -> None:
    nights.spend()
    asked(nights, "/changelog")
    nights.spend()
    assert asked(nights, "/changelog") == 2
    row = nights.account.rows["crm/deals"][("401",)]
    nights.account.put("crm/deals", {**row, "amount": "5", "updated_at": at(13)})
    nights.spend()
    assert asked(nights, "/changelog") == 3


# What an account does not offer, and what goes wrong.


@pytest.mark.parametrize("status", [402, 403, 404])
def test_what_the_plan_or_the_rights_lack_is_left_out(nights: Nights, status: int) -> None:
    paths = ["/v1/legacyTeams", "/v1/callLogs"]
    paths += [f"/v1/persons/{200 + n}/mailMessages" for n in range(1, 11)]
    account_of(nights).refused = dict.fromkeys(paths, status)
    told = nights.spend()
    assert all(row.get("team") is None for row in told["crm/reps"].values())
    assert not any(str(key[0]).startswith("mail-") for key in told["crm/activities"])
    calls = [row for row in told["crm/activities"].values() if row["kind"] == "call"]
    assert calls
    assert all(row.get("outcome") is None for row in calls)


def test_what_is_needed_is_not_left_out(nights: Nights) -> None:
    account_of(nights).refused = {"/api/v2/persons": 403}
    with pytest.raises(DeniedError, match="Permission sets"):
        nights.spend()
    account_of(nights).refused = {"/v1/leads": 404}
    with pytest.raises(AnswerError):
        nights.spend()


def test_mail_and_call_logs_are_asked_for_as_told(nights: Nights) -> None:
    nights.more_settings = {"mail": "false", "call_logs": "false"}
    told = nights.spend()
    paths = {request.path for request in nights.sandbox.asked}
    assert not any("mailMessages" in path or "callLogs" in path for path in paths)
    assert all(row["kind"] != "email" for row in told["crm/activities"].values())


def test_the_page_for_people_after_too_many_requests_is_waited_for(
    nights: Nights, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After 429 comes a 403 that is no JSON, of the network before the API."""
    account = account_of(nights)
    blocked = Fault("repeat", times=1)
    page = Answer(b"<html>error 1015</html>", 403)
    monkeypatch.setattr(account, "go_wrong", lambda kind, answer, request: page)
    nights.sandbox.faults = [Fault("status", status=429, times=2), blocked]
    nights.spend()
    assert blocked.times == 0
    assert only_held(account, nights.told) == expected(account)


def test_a_day_without_tokens_left_stops_the_night(nights: Nights) -> None:
    nights.spend()
    nights.sandbox.faults = [Fault("status", status=429, times=1000, skip=9)]
    with pytest.raises(UnansweredError, match="429"):
        nights.spend()
    nights.sandbox.faults = []
    nights.spend()
    assert only_held(nights.account, nights.told) == expected(nights.account)


def test_an_empty_list_of_v1_is_null(nights: Nights) -> None:
    account = account_of(nights)
    api = open_api({**account.settings(nights.sandbox.url), **FAST})
    for body, records in (
        ({"success": True, "data": None}, []),
        ({"success": True, "data": [{"id": 1}], "additional_data": {"start": 0}}, [{"id": 1}]),
    ):
        nights.sandbox.faults = [Fault("body", body=body)]
        pages = list(read_v1(api.http, "/leads"))
        assert [dict(one) for page in pages for one in page.records] == records
    more = {"pagination": {"more_items_in_collection": True, "next_start": 5}}
    cut = {"success": True, "data": None, "additional_data": more}
    nights.sandbox.faults = [Fault("body", body=cut)]
    with pytest.raises(UnansweredError):
        list(read_v1(api.http, "/leads"))
    api.close()


# Activities.


def activity(settings: dict[str, str] | None = None, **more: Any) -> list[Row]:
    told = {
        "id": 1,
        "type": "call",
        "done": True,
        "due_date": "2026-07-03",
        "due_time": "13:30:00",
        "duration": "00:30:00",
        "marked_as_done_time": "2026-07-03T15:00:00Z",
    }
    rows = activity_rows({**told, **more}, settings or {})
    return list(rows.get("crm/activities", []))


def test_a_call_without_a_log_was_not_before_it_was_ticked_off() -> None:
    (row,) = activity()
    assert row["started_at"] == "2026-07-03T15:00:00Z"
    assert (row["duration_seconds"], row["outcome"], row["direction"]) == (None, None, "outbound")


def test_a_meeting_was_when_it_was_planned() -> None:
    (row,) = activity(type="meeting")
    assert (row["started_at"], row["ended_at"]) == ("2026-07-03T13:30:00Z", "2026-07-03T14:00:00Z")
    assert row["outcome"] == "held"


def test_what_is_planned_or_no_touch_is_none() -> None:
    assert activity(done=False) == []
    assert activity(type="task") == []
    assert activity({"activity_types": "lunch="}, type="lunch") == []


def test_types_of_the_company_s_own() -> None:
    types = {"activity_types": "visit=meeting inbound no_show, sms=message automated"}
    (row,) = activity(types, type="visit")
    assert (row["kind"], row["direction"], row["outcome"]) == ("meeting", "inbound", "no_show")
    (row,) = activity(types, type="sms")
    assert (row["kind"], row["is_automated"]) == ("message", "true")


def test_a_logged_call_to_one_of_our_numbers_is_inbound() -> None:
    log = {"from_phone_number": "+442079461201", "to_phone_number": "020 7946 0999"}
    (row,) = activity(_call_log=log)
    assert (row["direction"], row["phone"]) == ("outbound", "020 7946 0999")
    (row,) = activity({"own_numbers": "+44 20 7946 0998,+44 20 7946 0999"}, _call_log=log)
    assert (row["direction"], row["phone"]) == ("inbound", "+442079461201")
    only_ours = {"to_phone_number": "+442079460001", "_user_phone": "+442079460001"}
    (row,) = activity(_call_log=only_ours)
    assert (row["direction"], row["phone"]) == ("inbound", None)
