"""What is special to amoCRM: pages without a count, pipelines, incoming leads, notes."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from orchestration.connectors.amocrm import client
from orchestration.connectors.amocrm.asking import AmocrmApi
from orchestration.connectors.amocrm.asking import open_api as asking_api
from orchestration.connectors.amocrm.mapping_history import told_stages
from orchestration.connectors.amocrm.mapping_touches import message_rows, note_rows
from orchestration.connectors.amocrm.pipelines import kinds_of
from orchestration.connectors.base import ConnectorError, UnansweredError
from orchestration.connectors.http import DeniedError
from orchestration.connectors.streams import Window
from orchestration.connectors.values import iso
from tests.sandbox.amocrm import AmocrmAccount, build_account
from tests.sandbox.company import at, only, small_company
from tests.sandbox.night import FAST, Nights
from tests.sandbox.server import Sandbox, serving

EVERYTHING = Window(None, datetime.now(UTC))
MADE = datetime(2026, 6, 3, 9, tzinfo=UTC)


@pytest.fixture
def account() -> AmocrmAccount:
    found = build_account(only(small_company(), AmocrmAccount.HOLDS))
    found.page_size = 3
    return found


@pytest.fixture
def sandbox(account: AmocrmAccount) -> Iterator[Sandbox]:
    with serving(account) as server:
        yield server


def open_api(account: AmocrmAccount, sandbox: Sandbox, **more: str) -> AmocrmApi:
    return asking_api({**account.settings(sandbox.url), **FAST, **more})


def leads(api: AmocrmApi, window: Window = EVERYTHING) -> list[dict[str, Any]]:
    return [dict(one) for page in client.read_leads(api, window) for one in page.records]


# Pages.


def test_nothing_is_told_without_a_body(account: AmocrmAccount, sandbox: Sandbox) -> None:
    future = Window(datetime.now(UTC) + timedelta(days=1), datetime.now(UTC))
    assert leads(open_api(account, sandbox), future) == []


def test_a_page_that_was_told_of_is_not_empty(account: AmocrmAccount, sandbox: Sandbox) -> None:
    pages = client.read_list("contacts", open_api(account, sandbox), EVERYTHING)
    next(pages)
    # All others are deleted between two pages: the next one is 204.
    for key in list(account.rows["crm/contacts"])[3:]:
        account.remove("crm/contacts", *key)
    with pytest.raises(UnansweredError, match="told of"):
        list(pages)


def test_only_what_changed_is_asked_for(account: AmocrmAccount, sandbox: Sandbox) -> None:
    since = datetime.fromisoformat(at(9))
    found = leads(open_api(account, sandbox), Window(since, datetime.now(UTC)))
    assert {one["id"] for one in found} == {308, 309, 310}


def test_events_are_asked_for_ten_leads_at_once(account: AmocrmAccount, sandbox: Sandbox) -> None:
    account.page_size = 250
    row = next(iter(account.rows["crm/leads"].values()))
    for n in range(15):
        account.put("crm/leads", {**row, "lead_id": str(3000 + n)})
    assert len(leads(open_api(account, sandbox))) == 25
    asked = [request for request in sandbox.asked if request.path == "/api/v4/events"]
    assert [
        sum(name == "filter[entity_id][]" for name, _ in request.query) for request in asked
    ] == [10, 10, 5]


def test_an_account_that_is_not_paid_for_is_no_passing_fault(
    account: AmocrmAccount, sandbox: Sandbox
) -> None:
    account.denied = 402
    with pytest.raises(DeniedError, match="not paid for"):
        leads(open_api(account, sandbox))
    assert len(sandbox.asked) == 1


def test_who_asked_too_much_is_told_so(account: AmocrmAccount, sandbox: Sandbox) -> None:
    account.denied = 403
    with pytest.raises(DeniedError, match="REQUESTS_PER_SECOND"):
        leads(open_api(account, sandbox))


@pytest.mark.parametrize("named", ["", "acme"])
def test_an_account_is_an_address(named: str) -> None:
    with pytest.raises(ConnectorError, match="TOUCHLINE_AMOCRM_ACCOUNT"):
        asking_api({"token": "t", "account": named})
    asking_api({"token": "t", "account": "https://acme.kommo.com/"}).close()


# Pipelines.


def pipeline(*stages: int, unsorted: int | None = None) -> dict[str, Any]:
    told = [{"id": 142, "sort": 10000, "type": 0}, {"id": 143, "sort": 11000, "type": 0}]
    told += [{"id": key, "sort": key, "type": 0} for key in reversed(stages)]
    told += [{"id": unsorted, "sort": 0, "type": 1}] if unsorted else []
    return {"id": 1, "_embedded": {"statuses": told}}


@pytest.mark.parametrize(
    ("deals", "prospects", "kinds"),
    [
        ((), (), ["lead", "deal", "deal", "deal"]),
        (("30",), (), ["lead", "lead", "deal", "deal"]),
        (("40",), ("20",), ["lead", "prospect", "prospect", "deal"]),
        (("10",), (), ["deal", "deal", "deal", "deal"]),
    ],
)
def test_from_which_status_on_a_lead_is_a_deal(
    deals: tuple[str, ...], prospects: tuple[str, ...], kinds: list[str]
) -> None:
    found = kinds_of(
        [pipeline(10, 20, 30, 40, unsorted=5)],
        deals=frozenset(deals),
        prospects=frozenset(prospects),
    )
    assert [found[key] for key in ("10", "20", "30", "40")] == kinds
    assert (found["5"], found["142"], found["143"]) == ("unsorted", "won", "lost")


def test_each_pipeline_has_a_status_of_its_own_for_it() -> None:
    found = kinds_of(
        [pipeline(10, 20, 30), pipeline(50, 60, 70)], deals=frozenset({"30"}), prospects=frozenset()
    )
    assert (found["20"], found["60"]) == ("lead", "deal")


def test_what_statuses_mean() -> None:
    def steps(kind: str) -> list[tuple[str | None, str | None]]:
        return [
            (row["object_type"], row["funnel_step"])
            for row in told_stages({"id": 7, "_kind": kind})
        ]

    assert steps("unsorted") == [("lead", "lead")]
    assert steps("prospect") == [("lead", "prospect"), ("deal", "opportunity")]
    assert steps("deal") == [("lead", "prospect"), ("deal", "opportunity")]
    assert steps("won") == steps("lost") == []
    (lead, deal) = told_stages({"id": 7, "_kind": "excluded"})
    assert lead["native_stage"] == deal["native_stage"] == "143:7"
    assert lead["is_excluded"] == deal["is_excluded"] == "true"


def test_reasons_are_named_by_name_or_id(account: AmocrmAccount, sandbox: Sandbox) -> None:
    row = next(iter(account.rows["crm/leads"].values()))
    account.put("crm/leads", {**row, "lead_id": "777", "status": "spam"})
    for named in ("spam", "1", "other; 1"):
        api = open_api(account, sandbox, excluded_loss_reasons=named)
        told = {one["id"]: one["_is_excluded"] for one in leads(api)}
        assert told[777]
        assert not told[301]
        stages = [dict(one) for page in client.read_stages(api, EVERYTHING) for one in page.records]
        assert [one["id"] for one in stages if one["_kind"] == "excluded"] == [1]


# Incoming leads.


@pytest.fixture
def incoming(account: AmocrmAccount) -> dict[str, Any]:
    """One that nobody has accepted."""
    called = datetime.fromisoformat(at(12))
    one = {
        "uid": "u1",
        "category": "sip",
        "source_name": "PBX",
        "pipeline_id": 9000,
        "created_at": int(called.timestamp()) + 60,
        "metadata": {"called_at": int(called.timestamp())},
        "_embedded": {"leads": [{"id": 900}], "contacts": [{"id": 201}]},
    }
    account.unsorted = [one]
    return one


def test_an_incoming_lead_is_an_inquiry(
    account: AmocrmAccount, incoming: dict[str, Any], tmp_path: Path
) -> None:
    with serving(account) as server:
        nights = Nights("amocrm", server, account, tmp_path)
        row = nights.spend()["crm/leads"][("900",)]
        assert (row["inquiry_channel"], row["status"], row["lead_source"]) == (
            "call",
            "1001",
            "PBX",
        )
        assert datetime.fromisoformat(at(12)) == row["inquiry_at"]
        # Once more is nothing new.
        assert "crm/leads" not in nights.spend()


def test_an_accepted_lead_is_told_as_it_is(
    account: AmocrmAccount, incoming: dict[str, Any], tmp_path: Path
) -> None:
    with serving(account) as server:
        nights = Nights("amocrm", server, account, tmp_path)
        nights.spend()
        account.unsorted = []
        row = next(iter(account.rows["crm/leads"].values()))
        account.put("crm/leads", {**row, "lead_id": "900", "updated_at": at(13)})
        told = nights.spend()["crm/leads"][("900",)]
        assert told["is_deleted"] == "false"
        assert told["status"] != "1001"
        assert incoming not in account.unsorted


def test_a_declined_lead_is_gone(
    account: AmocrmAccount, incoming: dict[str, Any], tmp_path: Path
) -> None:
    with serving(account) as server:
        nights = Nights("amocrm", server, account, tmp_path)
        nights.spend()
        account.unsorted.remove(incoming)
        assert nights.spend()["crm/leads"][("900",)]["is_deleted"] == "true"


def test_an_incoming_lead_that_the_list_of_leads_tells_too_comes_once(
    account: AmocrmAccount, incoming: dict[str, Any], sandbox: Sandbox
) -> None:
    row = next(iter(account.rows["crm/leads"].values()))
    account.put("crm/leads", {**row, "lead_id": "900"})
    (found,) = [one for one in leads(open_api(account, sandbox)) if one["id"] == 900]
    assert found["_unsorted"]["category"] == incoming["category"]
    assert found["responsible_user_id"]


# Touches.


def note(note_type: str, entity: str = "leads", /, **params: Any) -> dict[str, Any]:
    return {
        "id": 5,
        "note_type": note_type,
        "entity_id": 1,
        "_entity": entity,
        "created_at": int(MADE.timestamp()),
        "updated_at": int(MADE.timestamp()),
        "responsible_user_id": 3,
        "params": params,
    }


@pytest.mark.parametrize(
    ("status", "outcome"),
    [(1, "left_message"), (3, "no_answer"), (4, "connected"), (7, "busy"), (None, None), (9, None)],
)
def test_how_a_call_ended(status: int | None, outcome: str | None) -> None:
    told = note("call_out", duration=95, uniq="k", call_status=status, call_responsible="8")
    (row,) = note_rows(told, {})["crm/activities"]
    assert (row["outcome"], row["rep_id"], row["telephony_call_id"]) == (outcome, "8", "k")
    assert row["ended_at"] == iso(MADE + timedelta(seconds=95))


@pytest.mark.parametrize(("entity", "column"), [("leads", "lead_id"), ("contacts", "contact_id")])
def test_a_note_is_at_one_thing(entity: str, column: str) -> None:
    (row,) = note_rows(note("sms_in", entity, phone="1"), {})["crm/activities"]
    assert row[column] == "1"
    (row,) = note_rows(note("sms_in", "companies", phone="1"), {})["crm/activities"]
    assert (row["lead_id"], row["contact_id"], row["phone"]) == (None, None, "1")


def test_an_email_names_the_other_end() -> None:
    ends: dict[str, Any] = {"from": {"email": "a@b.example"}, "to": {"email": "c@d.example"}}
    for income, direction, address in (
        (True, "inbound", "a@b.example"),
        (False, "outbound", "c@d.example"),
    ):
        told = note("amomail_message", income=income, **ends)
        (row,) = note_rows(told, {})["crm/activities"]
        assert (row["direction"], row["email"]) == (direction, address)


def test_a_message_from_nobody_is_a_robots() -> None:
    event = {"id": "e", "created_at": int(MADE.timestamp()), "entity_type": "lead", "entity_id": 1}
    for kind, by, is_automated in (
        ("incoming_chat_message", 0, "false"),
        ("outgoing_chat_message", 3, "false"),
        ("outgoing_chat_message", 0, "true"),
    ):
        (row,) = message_rows({**event, "type": kind, "created_by": by}, {})["crm/activities"]
        assert row["is_automated"] == is_automated
