"""How a system is asked: patience, its ends, and what is never told."""

import logging
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from orchestration.connectors.auth import basic_auth, header_auth
from orchestration.connectors.base import ConnectorError, UnansweredError
from orchestration.connectors.http import (
    AnswerError,
    DeniedError,
    HttpClient,
    Limits,
    Refusal,
    limits_of,
)
from orchestration.connectors.secrets import hide, without_secrets
from tests.sandbox.server import Answer, Fault, FaultKind, Request, Sandbox, serving

TOKEN = "tok/en+1"


class Echo:
    """Says what it was asked, to those with the token."""

    token = TOKEN
    answer_with: Answer | None = None

    def answer(self, request: Request) -> Answer:
        if request.headers.get("authorization") != f"Bearer {self.token}":
            return Answer({"message": "who are you?"}, 401)
        if self.answer_with:
            return self.answer_with
        return Answer({"path": request.path, "query": dict(request.query), "body": request.body})

    def go_wrong(self, kind: FaultKind, answer: Answer, request: Request) -> Answer:
        raise NotImplementedError


@pytest.fixture
def echo() -> Iterator[Sandbox]:
    with serving(Echo()) as sandbox:
        yield sandbox


def client(sandbox: Sandbox, token: str = TOKEN, **more: Any) -> HttpClient:
    limits = Limits(per_second=10000, time_out=0.3, attempts=3, back_off=0.01)
    said = {"limits": limits, "denied": {401: "ACME_TOKEN is wrong", 403: "deals.read"}, **more}
    auth = header_auth("Authorization", f"Bearer {token}")
    return HttpClient("Acme", sandbox.url + "/api", auth=auth, **said)


def test_what_is_asked_arrives(echo: Sandbox) -> None:
    http = client(echo)
    assert http.get("/deals", [("id", "1"), ("q", "a b&c")]) == {
        "path": "/api/deals",
        "query": {"id": "1", "q": "a b&c"},
        "body": None,
    }
    assert http.post("/deals", {"after": 7})["body"] == {"after": 7}
    assert http.get(f"{echo.url}/api/deals?page=2")["query"] == {"page": "2"}


def test_a_name_and_password_are_told_as_http_has_it(echo: Sandbox) -> None:
    http = HttpClient(
        "Acme", echo.url, auth=basic_auth("ann", "pass:word"), limits=Limits(), denied={}
    )
    with pytest.raises(DeniedError):
        http.get("/")
    assert echo.asked[-1].headers["authorization"] == "Basic YW5uOnBhc3M6d29yZA=="


@pytest.mark.parametrize(
    "fault",
    [
        Fault("status", status=500),
        Fault("status", status=429),
        Fault("status", status=408),
        Fault("stall", seconds=1),
        Fault("truncate"),
        Fault("html"),
        Fault("body", body={"error": "QUERY_LIMIT_EXCEEDED"}),
        Fault("body", body={"success": False, "error_info": "later"}),
        Fault("body", body={"status": "error", "message": "later"}),
    ],
)
def test_what_passes_is_waited_for(echo: Sandbox, fault: Fault) -> None:
    echo.faults = [Fault(**{**vars(fault), "times": 2})]
    assert client(echo).get("/deals")["path"] == "/api/deals"
    assert len(echo.asked) == 3
    echo.faults = [Fault(**{**vars(fault), "times": 3})]
    with pytest.raises(UnansweredError, match="GET /deals: gave up after 3 tries"):
        client(echo).get("/deals")


def test_it_waits_twice_as_long_each_time(echo: Sandbox) -> None:
    waits: list[float] = []
    echo.faults = [Fault("status", times=9)]
    limits = Limits(per_second=1e9, attempts=5, back_off=1, longest_wait=5)
    with pytest.raises(UnansweredError):
        client(echo, sleep=waits.append, limits=limits).get("/")
    for wait, around in zip(waits, (1, 2, 4, 5), strict=True):
        assert 0.75 * around <= wait <= 1.25 * around


def in_seconds(seconds: int) -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)


@pytest.mark.parametrize(
    ("build_told", "least", "most"), [(lambda: "7", 7, 7), (lambda: in_seconds(60), 1, 61)]
)
def test_retry_after_goes_before(
    echo: Sandbox, build_told: Callable[[], str], least: float, most: float
) -> None:
    waits: list[float] = []
    echo.faults = [Fault("status", status=429, headers={"Retry-After": build_told()})]
    client(echo, sleep=waits.append).get("/")
    (wait,) = [wait for wait in waits if wait > 0.5]
    assert least <= wait <= most


def test_a_system_that_wants_to_rest_too_long_is_left_for_now(echo: Sandbox) -> None:
    echo.faults = [Fault("status", status=429, headers={"Retry-After": "86400"})]
    with pytest.raises(UnansweredError, match="86400 s"):
        client(echo).get("/")


def test_requests_keep_their_distance(echo: Sandbox) -> None:
    http = client(echo, limits=Limits(per_second=20))
    began = time.monotonic()
    for _ in range(5):
        http.get("/")
    assert time.monotonic() - began >= 4 / 20


def test_nobody_there_is_no_crash(echo: Sandbox) -> None:
    http = client(echo)
    echo.stop()
    with pytest.raises(UnansweredError, match="no whole answer"):
        http.get("/")


def test_no_content_is_none(echo: Sandbox) -> None:
    assert isinstance(echo.account, Echo)
    echo.account.answer_with = Answer(None, 204)
    assert client(echo).get("/deals") is None


@pytest.mark.parametrize("status", [400, 404, 422, 302])
def test_a_refusal_is_not_asked_again(echo: Sandbox, status: int) -> None:
    assert isinstance(echo.account, Echo)
    echo.account.answer_with = Answer({"message": "no such thing"}, status, {"Location": "/x"})
    with pytest.raises(AnswerError, match="no such thing") as caught:
        client(echo).get("/deals")
    assert caught.value.status == status
    assert len(echo.asked) == 1


def test_a_vendors_own_way_to_say_no(echo: Sandbox) -> None:
    assert isinstance(echo.account, Echo)
    echo.account.answer_with = Answer({"error": "expired_token"}, 200)

    def judge(_status: int, body: Any) -> Refusal | None:
        return Refusal("denied", "expired_token") if body.get("error") else None

    with pytest.raises(DeniedError, match=r"expired_token\. ACME_TOKEN is wrong"):
        client(echo, judge=judge).get("/deals")


def test_a_token_that_ended_is_renewed_once(echo: Sandbox) -> None:
    renewed: list[str] = []

    def renew(token: str = TOKEN) -> Any:
        renewed.append(token)
        return header_auth("Authorization", f"Bearer {token}")

    http = client(echo, token="ended", renew=renew)
    assert http.get("/deals")["path"] == "/api/deals"
    assert http.get("/deals")["path"] == "/api/deals"
    assert renewed == [TOKEN]
    with pytest.raises(DeniedError, match="ACME_TOKEN is wrong"):
        client(echo, token="ended", renew=lambda: renew("ended too")).get("/deals")
    assert renewed == [TOKEN, "ended too"]


def test_the_token_goes_to_no_other_host(echo: Sandbox) -> None:
    with pytest.raises(ConnectorError, match="another host"):
        client(echo).get("http://127.0.0.1:1/deals?page=2")
    assert echo.asked == []


def test_an_answer_may_be_too_long(echo: Sandbox) -> None:
    with pytest.raises(ConnectorError, match="more than"):
        client(echo, limits=Limits(max_bytes=10)).get("/deals")


def test_a_trickle_ends_too(echo: Sandbox) -> None:
    with pytest.raises(UnansweredError):
        client(echo, limits=Limits(per_second=1e9, deadline=-1, attempts=1)).get("/deals")


def test_settings_that_are_no_numbers_are_told() -> None:
    assert limits_of({"attempts": "2", "requests_per_second": "3"}, 9).per_second == 3
    assert limits_of({}, 9).per_second == 9
    with pytest.raises(ConnectorError, match="time_out_seconds"):
        limits_of({"time_out_seconds": "soon"}, 9)


def test_secrets_are_hidden_however_they_are_spelled() -> None:
    for text in (TOKEN, "tok%2Fen%2B1", "dG9rL2VuKzE="):
        assert hide(f"GET /rest/1/{text}/deals", [TOKEN, ""]) == "GET /rest/1/<secret>/deals"


def test_what_goes_wrong_is_told_without_secrets(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    @without_secrets([TOKEN])
    def night() -> None:
        logging.getLogger("urllib3.connectionpool").debug("GET /rest/%s/deals", TOKEN)
        raise KeyError(TOKEN) from OSError(f"no route to /rest/{TOKEN}")

    with pytest.raises(ConnectorError, match="<secret>") as caught:
        night()
    assert caught.value.__context__ is None
    assert TOKEN not in caplog.text
    assert "<secret>" in caplog.text


def test_another_error_stays_what_it_is() -> None:
    with pytest.raises(KeyError, match="amount"), without_secrets([TOKEN]):
        raise KeyError("amount")
    with pytest.raises(UnansweredError, match="<secret>"), without_secrets([TOKEN]):
        raise UnansweredError(f"at {TOKEN}")
