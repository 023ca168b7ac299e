"""How amoCRM (Kommo) is asked: its API v4, page after page, by links and without a count."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from orchestration.connectors.auth import header_auth
from orchestration.connectors.base import ConnectorError, UnansweredError
from orchestration.connectors.http import HttpClient, Refusal, judge_plainly, limits_of
from orchestration.connectors.pages import Page, picked, read_pages
from orchestration.connectors.streams import Window
from orchestration.connectors.values import Settings, dug

EVENTS_A_PAGE = 100
_PER_SECOND = 7.0
_PAGE_SIZE = 250
_UNPAID = 402


@dataclass
class AmocrmApi:
    """One account, asked over HTTP."""

    http: HttpClient
    settings: Settings
    _known: dict[str, Any] = field(default_factory=dict)

    def close(self) -> None:
        self.http.close()

    def once(self, name: str, ask: Callable[[], Any]) -> Any:
        """What the night asks for once: small lists that others need."""
        if name not in self._known:
            self._known[name] = ask()
        return self._known[name]

    def named(self, key: str) -> frozenset[str]:
        """A setting that lists ids or names."""
        return frozenset(filter(None, map(str.strip, self.settings.get(key, "").split(";"))))


def open_api(settings: Settings) -> AmocrmApi:
    """Raises ConnectorError where no account is named."""
    account = settings.get("account", "").removeprefix("https://").strip("/ ")
    base_url = settings.get("base_url") or (f"https://{account}" if "." in account else None)
    if base_url is None:
        raise ConnectorError(
            "amoCRM: TOUCHLINE_AMOCRM_ACCOUNT has to be the account's address: acme.amocrm.ru, "
            "acme.kommo.com"
        )
    http = HttpClient(
        "amoCRM",
        base_url,
        auth=header_auth("Authorization", f"Bearer {settings['token']}"),
        limits=limits_of(settings, _PER_SECOND),
        denied={
            401: "TOUCHLINE_AMOCRM_TOKEN is wrong or has expired: a long-lived token is made in "
            "amoMarket (Kommo: Settings > Integrations) > the private integration > Keys",
            402: "The account of TOUCHLINE_AMOCRM_ACCOUNT is not paid for",
            403: "The owner of TOUCHLINE_AMOCRM_TOKEN may not see this (users need an "
            "administrator), or this machine was shut out for asking too much: wait, and set "
            "TOUCHLINE_AMOCRM_REQUESTS_PER_SECOND lower",
        },
        judge=judge,
    )
    return AmocrmApi(http, settings)


def judge(status: int, body: Any) -> Refusal | None:
    """As HTTP has it; an account that is not paid for gives nothing, however often it is asked."""
    return Refusal("denied", "not paid for") if status == _UNPAID else judge_plainly(status, body)


def read_all(
    api: AmocrmApi, path: str, name: str, params: Sequence[tuple[str, Any]], size: int = _PAGE_SIZE
) -> Iterator[Page]:
    """All pages of the list `name`."""

    def ask(link: str | None) -> Page:
        asked = [*params, ("limit", size), ("page", 1)]
        body = api.http.get(link) if link else api.http.get(f"/api/v4/{path}", asked)
        # Nothing is 204, an answer without a body.
        records = [] if body is None else picked(body, "_embedded", name, what=f"amoCRM {path}")
        if link and not records:
            # It comes without a count: only the page before says that there are more.
            raise UnansweredError(f"amoCRM {path}: the next page was told of, and is empty")
        return Page(records, dug(body, "_links", "next", "href"))

    return read_pages(ask, what=f"amoCRM {path}")


def since(window: Window, name: str = "updated_at") -> list[tuple[str, Any]]:
    """The filter of the window."""
    if window.since is None:
        return []
    return [(f"filter[{name}][from]", int(window.since.timestamp()))]
