"""What is asked of Twilio: the calls of an account, month by month, the latest first."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial

from orchestration.connectors.auth import basic_auth
from orchestration.connectors.base import ConnectorError
from orchestration.connectors.http import HttpClient, limits_of
from orchestration.connectors.pages import Page, picked, read_pages
from orchestration.connectors.streams import Window
from orchestration.connectors.values import Settings

_BASE_URL = "https://api.twilio.com"
_PER_SECOND = 20.0
_PAGE_SIZE = 1000
_MONTH = timedelta(days=28)
# The log goes back 13 months; before that, one more question finds what an account still has.
_HISTORY = timedelta(days=400)


@dataclass(frozen=True)
class TwilioApi:
    """One account, asked over HTTP."""

    http: HttpClient
    account_sid: str

    def close(self) -> None:
        self.http.close()


def open_api(settings: Settings) -> TwilioApi:
    """Raises ConnectorError where neither a token nor a key is set."""
    account = settings["account_sid"]
    if settings.get("api_key") and settings.get("api_secret"):
        auth, what = basic_auth(settings["api_key"], settings["api_secret"]), "API_SECRET"
    elif settings.get("auth_token"):
        auth, what = basic_auth(account, settings["auth_token"]), "AUTH_TOKEN"
    else:
        raise ConnectorError(
            "Twilio: set TOUCHLINE_TWILIO_API_KEY and TOUCHLINE_TWILIO_API_SECRET, "
            "or TOUCHLINE_TWILIO_AUTH_TOKEN"
        )
    http = HttpClient(
        "Twilio",
        settings.get("base_url", _BASE_URL),
        auth=auth,
        limits=limits_of(settings, _PER_SECOND),
        denied={
            401: f"TOUCHLINE_TWILIO_ACCOUNT_SID or TOUCHLINE_TWILIO_{what} is wrong or revoked: "
            "Twilio Console > Account > API keys & tokens",
            403: f"The key of TOUCHLINE_TWILIO_{what} may not read calls: give it "
            "Voice > Calls > Read, or a standard key, in Twilio Console > API keys & tokens",
        },
    )
    return TwilioApi(http, account)


def read_calls(api: TwilioApi, window: Window) -> Iterator[Page]:
    """The calls that began in the window; `_has_legs` says which others are legs of.

    A leg begins no earlier than the call that it is part of: the latest month first, each read
    whole, knows of every leg in time.
    """
    parents: set[str] = set()
    for first, last in _months(window):
        ask = partial(_ask, api, first, last)
        calls = [call for page in read_pages(ask, what="Twilio calls") for call in page.records]
        parents.update(call["parent_call_sid"] for call in calls if call.get("parent_call_sid"))
        yield Page([{**call, "_has_legs": call.get("sid") in parents} for call in calls])


def _ask(api: TwilioApi, first: date | None, last: date, link: str | None) -> Page:
    if link is None:
        # As this API has it: `StartTime>=2026-07-01` is the parameter `StartTime>`.
        params = {"PageSize": _PAGE_SIZE, "StartTime<": last.isoformat()}
        if first is not None:
            params["StartTime>"] = first.isoformat()
        body = api.http.get(f"/2010-04-01/Accounts/{api.account_sid}/Calls.json", params)
    else:
        body = api.http.get(link)
    records = picked(body, "calls", what="Twilio calls")
    return Page(records, body.get("next_page_uri") or None)


def _months(window: Window) -> Iterator[tuple[date | None, date]]:
    """(first day, day after the last), the latest first; without a beginning, all before too."""
    until = window.until.date() + timedelta(days=2)
    since = (window.since or window.until - _HISTORY).date()
    while until > since:
        first = max(since, until - _MONTH)
        yield first, until
        until = first
    if window.since is None:
        yield None, until
