"""What is special to Bitrix24: its batches, its errors in any place, its stages, its webhook."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from orchestration.connectors.base import ConnectorError, UnansweredError
from orchestration.connectors.bitrix24 import client
from orchestration.connectors.bitrix24.answers import judge
from orchestration.connectors.bitrix24.mapping import inquiry_channel, lead_rows
from orchestration.connectors.bitrix24.mapping_stages import told_stages
from orchestration.connectors.bitrix24.mapping_touches import activity_rows, call_rows
from orchestration.connectors.http import DeniedError
from orchestration.connectors.streams import Window
from tests.sandbox.bitrix24 import Bitrix24Account, build_account
from tests.sandbox.company import at, only, small_company
from tests.sandbox.night import FAST, Nights
from tests.sandbox.server import Fault, Sandbox, serving

EVERYTHING = Window(None, datetime.now(UTC))


@pytest.fixture
def account() -> Bitrix24Account:
    found = build_account(only(small_company(), Bitrix24Account.HOLDS))
    found.page_size = 3
    return found


@pytest.fixture
def sandbox(account: Bitrix24Account) -> Iterator[Sandbox]:
    with serving(account) as server:
        yield server


def open_api(account: Bitrix24Account, sandbox: Sandbox, **more: str) -> client.Bitrix24Api:
    return client.open_api({**account.settings(sandbox.url), **FAST, **more})


def deal_ids(api: client.Bitrix24Api, window: Window = EVERYTHING) -> list[str]:
    return [str(one["ID"]) for page in client.read_deals(api, window) for one in page.records]


def methods(sandbox: Sandbox) -> list[str]:
    return [request.path.rpartition("/")[2] for request in sandbox.asked]


# Lists.


def test_a_list_is_counted_once_and_then_read_by_id_in_batches(
    account: Bitrix24Account, sandbox: Sandbox
) -> None:
    api = open_api(account, sandbox)
    assert deal_ids(api) == [str(400 + n) for n in range(1, 11)]
    assert methods(sandbox) == ["crm.category.list", "crm.deal.list", "batch"]
    commands: dict[str, str] = sandbox.asked[-1].body["cmd"]
    assert len(commands) == 3
    assert all("start=-1" in command for command in commands.values())
    assert "filter[%3EID]=403" in commands["p0"]
    assert "filter[%3EID]=$result[p0][2][ID]" in commands["p1"]


def test_a_long_list_takes_several_batches(account: Bitrix24Account, sandbox: Sandbox) -> None:
    account.page_size = 1
    row = next(iter(account.rows["crm/deals"].values()))
    for n in range(50):
        account.put("crm/deals", {**row, "deal_id": str(1000 + n)})
    assert len(deal_ids(open_api(account, sandbox))) == 60
    assert methods(sandbox).count("batch") == 3


def test_ids_are_numbers_and_come_in_their_order(
    account: Bitrix24Account, sandbox: Sandbox
) -> None:
    row = next(iter(account.rows["crm/deals"].values()))
    for n in (9, 99, 1000):
        account.put("crm/deals", {**row, "deal_id": str(n)})
    assert len(set(deal_ids(open_api(account, sandbox)))) == 13


@pytest.mark.parametrize("skip", [0, 1])
def test_what_is_deleted_while_a_list_is_read_is_no_error(
    account: Bitrix24Account, sandbox: Sandbox, skip: int
) -> None:
    api = open_api(account, sandbox)
    pages = client.read_deals(api, EVERYTHING)
    found = [str(one["ID"]) for one in next(pages).records]
    account.remove("crm/deals", ("410", "405")[skip])
    found += [str(one["ID"]) for page in pages for one in page.records]
    assert set(found) == {str(400 + n) for n in range(1, 11)} - {("410", "405")[skip]}


def test_what_is_made_while_a_list_is_read_hides_nothing(
    account: Bitrix24Account, sandbox: Sandbox
) -> None:
    pages = client.read_deals(open_api(account, sandbox), EVERYTHING)
    found = [str(one["ID"]) for one in next(pages).records]
    row = next(iter(account.rows["crm/deals"].values()))
    account.put("crm/deals", {**row, "deal_id": "999"})
    found += [str(one["ID"]) for page in pages for one in page.records]
    assert {str(400 + n) for n in range(1, 11)} <= set(found)


def test_only_what_changed_is_asked_for(account: Bitrix24Account, sandbox: Sandbox) -> None:
    since = datetime.fromisoformat(at(9))
    found = deal_ids(open_api(account, sandbox), Window(since, datetime.now(UTC)))
    # Deal n was changed on day n + 1.
    assert found == ["408", "409", "410"]


def test_an_answer_without_its_count_is_none(sandbox: Sandbox, account: Bitrix24Account) -> None:
    sandbox.faults = [account.page_fault("body", times=1000, body={"result": []})]
    with pytest.raises(UnansweredError, match="count"):
        deal_ids(open_api(account, sandbox))


# Errors.


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (503, {"error": "QUERY_LIMIT_EXCEEDED", "error_description": "Too many"}, "retry"),
        (200, {"error": "QUERY_LIMIT_EXCEEDED"}, "retry"),
        (429, {"error": "OPERATION_TIME_LIMIT"}, "retry"),
        (401, {"error": "expired_token"}, "denied"),
        (400, {"error": "", "error_description": "Access denied."}, "denied"),
        (403, {"error": "ACCESS_DENIED", "error_description": "Access denied!"}, "denied"),
        (401, {"error": "insufficient_scope", "error_description": ""}, "denied"),
        (200, {"result": {"result": [], "result_error": {"p0": {"error": "x"}}}}, "retry"),
        (
            200,
            {"result": {"result": [], "result_error": {"p0": {"error": "insufficient_scope"}}}},
            "denied",
        ),
        # HTTP says it.
        (400, {"error": "INVALID_ARG_VALUE"}, None),
        (200, {"result": {"result": {"p0": []}, "result_error": []}}, None),
        (200, {"result": [{"ID": "1", "error": "a field of its own"}]}, None),
    ],
)
def test_errors_are_told_from_answers(status: int, body: Any, kind: str | None) -> None:
    found = judge(status, body)
    assert (found.kind if found else None) == kind


def test_a_right_that_is_missing_is_named(account: Bitrix24Account, sandbox: Sandbox) -> None:
    account.scopes.remove("telephony")
    with pytest.raises(DeniedError, match=r"insufficient_scope.*WEBHOOK.*telephony"):
        list(client.read_calls(open_api(account, sandbox), EVERYTHING))


def test_an_error_inside_a_batch_is_tried_again(account: Bitrix24Account, sandbox: Sandbox) -> None:
    body = {"result": {"result": [], "result_error": {"p0": {"error": "QUERY_LIMIT_EXCEEDED"}}}}
    sandbox.faults = [Fault("body", where=account.is_next_page, body=body)]
    assert len(deal_ids(open_api(account, sandbox))) == 10
    assert methods(sandbox).count("batch") == 2


@pytest.mark.parametrize("webhook", ["acme.bitrix24.example", "https://acme.example/", "x"])
def test_a_webhook_is_a_whole_address(webhook: str) -> None:
    with pytest.raises(ConnectorError, match="TOUCHLINE_BITRIX24_WEBHOOK"):
        client.open_api({"webhook": webhook})


# Telephony that is another system's.


def test_the_call_log_can_be_left_out(account: Bitrix24Account, tmp_path: Path) -> None:
    with serving(account) as server:
        nights = Nights("bitrix24", server, account, tmp_path)
        nights.more_settings = {"telephony": "false"}
        assert "telephony/calls" not in nights.spend()
        assert "voximplant.statistic.get" not in methods(server)
        nights.more_settings = {}
        assert len(nights.spend()["telephony/calls"]) == 10


# Stages.


def told_by(**status: Any) -> list[str | None]:
    return [row["funnel_step"] for row in told_stages(status)]


def test_a_portals_own_stages_mean_what_it_says() -> None:
    own = {"ENTITY_ID": "DEAL_STAGE_5", "STATUS_ID": "C5:UC_1"}
    assert told_by(**own, SEMANTICS=None, EXTRA={"SEMANTICS": "process"}) == ["opportunity"]
    assert told_by(**own, SEMANTICS="S") == ["won"]
    assert told_by(**own, EXTRA={"SEMANTICS": "apology"}) == ["lost"]
    lead = {"ENTITY_ID": "STATUS", "STATUS_ID": "UC_2"}
    assert told_by(**lead, SEMANTICS="S") == ["prospect"]
    assert told_by(**lead, SEMANTICS="F") == ["lost"]
    # Lead or prospect? Only the company knows.
    assert told_by(**lead, SEMANTICS=None) == []
    assert told_by(ENTITY_ID="SOURCE", STATUS_ID="CALL", SEMANTICS=None) == []


def test_stages_that_only_history_knows_are_told_and_kept(
    account: Bitrix24Account, tmp_path: Path
) -> None:
    account.extra["crm.stagehistory.list"] = [
        {
            "ID": 9001,
            "TYPE_ID": 3,
            "OWNER_ID": 401,
            "CREATED_TIME": "2026-01-01T00:00:00+03:00",
            "CATEGORY_ID": 7,
            "STAGE_SEMANTIC_ID": "F",
            "STAGE_ID": "C7:UC_OLD",
        }
    ]
    with serving(account) as server:
        nights = Nights("bitrix24", server, account, tmp_path)
        for _ in range(2):
            nights.spend()
            told = {row["native_stage"]: row["funnel_step"] for row in nights.state["stages"]}
            assert told["C7:UC_OLD"] == "lost"
            assert told["WON"] == "won"
            # The next night's window does not reach back to it.
            account.extra = {}


# Records.


def test_the_person_in_a_lead_is_a_contact_until_it_becomes_one() -> None:
    lead = {"ID": "5", "STATUS_ID": "NEW", "PHONE": [{"VALUE": "+442079460001"}]}
    (person,) = lead_rows(lead, {})["crm/contacts"]
    assert (person["contact_id"], person["merged_into_id"]) == ("lead-5", None)
    (row,) = lead_rows(lead, {})["crm/leads"]
    assert row["contact_id"] == "lead-5"
    (person,) = lead_rows({**lead, "CONTACT_ID": "8"}, {})["crm/contacts"]
    assert person["merged_into_id"] == "8"
    (row,) = lead_rows({**lead, "CONTACT_ID": "8"}, {})["crm/leads"]
    assert row["contact_id"] == "8"


@pytest.mark.parametrize(
    ("source", "settings", "channel"),
    [
        ("CALL", {}, "call"),
        ("3|TELEGRAM", {}, "chat"),
        ("TRADE_SHOW", {}, None),
        (None, {}, None),
        ("CALL", {"inquiry_sources": "UC_1=form; UC_2"}, None),
        ("UC_1", {"inquiry_sources": "UC_1=form; UC_2"}, "form"),
        ("UC_2", {"inquiry_sources": "UC_1=form; UC_2"}, "other"),
    ],
)
def test_who_asks_first_is_told_by_the_source(
    source: str | None, settings: dict[str, str], channel: str | None
) -> None:
    assert inquiry_channel(source, settings) == channel


def test_an_activity_names_all_that_it_is_bound_to() -> None:
    activity = {
        "ID": "1",
        "TYPE_ID": "4",
        "OWNER_TYPE_ID": "2",
        "OWNER_ID": "51",
        "START_TIME": "2026-06-04T12:00:00+03:00",
        "BINDINGS": [{"OWNER_TYPE_ID": "1", "OWNER_ID": "42"}, {"OWNER_TYPE_ID": 2, "OWNER_ID": 9}],
        "COMMUNICATIONS": [
            {"TYPE": "EMAIL", "VALUE": "a@b.example", "ENTITY_TYPE_ID": "3", "ENTITY_ID": "31"}
        ],
    }
    (row,) = activity_rows(activity, {})["crm/activities"]
    assert (row["lead_id"], row["deal_id"], row["contact_id"]) == ("42", "51", "31")
    assert row["email"] == "a@b.example"


@pytest.mark.parametrize(
    ("code", "disposition"),
    [
        ("200", "answered"),
        ("304", "no_answer"),
        ("603-S", "no_answer"),
        ("486", "busy"),
        ("404", "failed"),
        ("OTHER", "failed"),
        (None, "failed"),
    ],
)
def test_how_a_call_ended(code: str | None, disposition: str) -> None:
    call = {
        "CALL_ID": "x",
        "CALL_TYPE": "1",
        "CALL_DURATION": "30",
        "CALL_FAILED_CODE": code,
        "CALL_START_DATE": "2026-06-04T12:00:00+03:00",
    }
    (row,) = call_rows(call, {})["telephony/calls"]
    assert row["disposition"] == disposition
    assert row["talk_seconds"] == ("30" if disposition == "answered" else "0")
