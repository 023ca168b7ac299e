"""What is special to Twilio: its months, its legs, its keys."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from orchestration.connectors.base import ConnectorError
from orchestration.connectors.streams import Window
from orchestration.connectors.twilio.client import TwilioApi, open_api, read_calls
from orchestration.connectors.twilio.mapping import call_rows
from tests.sandbox.company import at, only, small_company
from tests.sandbox.night import Nights
from tests.sandbox.server import serving
from tests.sandbox.twilio import TwilioAccount, build_account, call_sid

NOW = datetime.now(UTC)


@pytest.fixture
def account() -> TwilioAccount:
    return build_account(only(small_company(), TwilioAccount.HOLDS))


def read(account: TwilioAccount, since: datetime | None) -> tuple[list[dict[str, Any]], list[str]]:
    """The calls that are read, and which days were asked for."""
    with serving(account) as sandbox:
        api = open_api(account.settings(sandbox.url))
        pages = list(read_calls(api, Window(since, NOW)))
        api.close()
        asked = [
            f"{request.param('StartTime>')}<{request.param('StartTime<')}"
            for request in sandbox.asked
        ]
    return [dict(call) for page in pages for call in page.records], asked


def test_the_months_of_the_log_touch_and_reach_back_to_the_beginning(
    account: TwilioAccount,
) -> None:
    calls, asked = read(account, None)
    assert len(calls) == len({call["sid"] for call in calls}) == 10
    starts, ends = zip(*(spelled.split("<") for spelled in asked), strict=True)
    assert list(starts[:-1]) == list(ends[1:])
    assert starts[-1] == ""
    assert ends[0] > NOW.date().isoformat()


def test_only_the_days_of_the_window_are_asked_for(account: TwilioAccount) -> None:
    since = datetime.fromisoformat(at(8))
    calls, asked = read(account, since)
    assert {call["sid"] for call in calls} == {call_sid(f"T{n}") for n in (8, 9, 10)}
    assert asked == [f"{since.date()}<{(NOW + timedelta(days=2)).date()}"]


def test_a_call_knows_of_its_legs_even_over_a_months_end(account: TwilioAccount) -> None:
    """The leg of a call just before a month's end begins in the next month asked for."""
    account.page_size = 2
    edge = (NOW + timedelta(days=2)).date() - timedelta(days=28)
    midnight = datetime(edge.year, edge.month, edge.day, tzinfo=UTC)
    call = dict(small_company()["telephony/calls"][0])
    for name, when in (("early", midnight - timedelta(minutes=1)), ("late", midnight)):
        told = {"call_id": name, "started_at": when.isoformat(), "answered_at": None}
        linked = "early" if name == "late" else None
        account.put("telephony/calls", {**call, **told, "ended_at": None, "linked_id": linked})
    calls, _ = read(account, None)
    with_legs = {call["sid"]: call["_has_legs"] for call in calls}
    assert with_legs[call_sid("early")]
    assert not with_legs[call_sid("late")]


def test_a_call_that_is_not_over_comes_when_it_is(account: TwilioAccount, tmp_path: Path) -> None:
    with serving(account) as sandbox:
        nights = Nights("twilio", sandbox, account, tmp_path)
        account.in_progress = {call_sid("T10")}
        assert len(nights.spend()["telephony/calls"]) == 9
        account.in_progress = set()
        assert list(nights.spend()["telephony/calls"]) == [(call_sid("T10"),)]


def test_an_answer_of_the_program_is_talk_only_if_somebody_says_so() -> None:
    call = {
        "sid": "CA1",
        "status": "completed",
        "direction": "inbound",
        "from": "+442079460001",
        "to": "+442079460000",
        "duration": "60",
        "start_time": "Wed, 01 Jul 2026 09:30:00 +0000",
        "end_time": "Wed, 01 Jul 2026 09:31:00 +0000",
    }
    (alone,) = call_rows(call, {})["telephony/calls"]
    assert (alone["disposition"], alone["talk_seconds"]) == ("no_answer", "0")
    (talk,) = call_rows(call, {"answered_alone": "true"})["telephony/calls"]
    assert (talk["disposition"], talk["talk_seconds"]) == ("answered", "60")
    (put_through,) = call_rows({**call, "_has_legs": True}, {"answered_alone": "true"})[
        "telephony/calls"
    ]
    assert put_through["disposition"] == "no_answer"


def test_a_key_goes_before_the_token(account: TwilioAccount) -> None:
    told = {"account_sid": account.account_sid, "api_key": "SK1", "api_secret": "s"}
    with serving(account) as sandbox:
        api = open_api({**told, "base_url": sandbox.url, "auth_token": account.secret})
        with pytest.raises(ConnectorError, match="TOUCHLINE_TWILIO_API_SECRET"):
            list(read_calls(api, Window(None, NOW)))
        # "SK1:s" in base64.
        assert sandbox.asked[0].headers["authorization"] == "Basic U0sxOnM="


def test_a_key_or_a_token_there_must_be(account: TwilioAccount) -> None:
    with pytest.raises(ConnectorError, match="API_KEY"):
        open_api({"account_sid": account.account_sid, "api_key": "SK1"})
    assert isinstance(open_api(account.settings("http://127.0.0.1:1")), TwilioApi)
