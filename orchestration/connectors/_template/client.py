"""What is asked of Template."""

from collections.abc import Iterator
from datetime import UTC, datetime

from orchestration.connectors.auth import header_auth
from orchestration.connectors.http import HttpClient, limits_of
from orchestration.connectors.pages import Page, picked, read_pages
from orchestration.connectors.streams import Window
from orchestration.connectors.values import Settings, iso

_BASE_URL = "https://api.template.example"
# The vendor's rate limit.
_PER_SECOND = 5.0
_PAGE_SIZE = 100


def open_api(settings: Settings) -> HttpClient:
    return HttpClient(
        "Template",
        settings.get("base_url", _BASE_URL),
        auth=header_auth("Authorization", f"Bearer {settings['token']}"),
        limits=limits_of(settings, _PER_SECOND),
        denied={
            401: "TOUCHLINE__TEMPLATE_TOKEN is wrong or has expired: where to get a new one",
            403: "The owner of TOUCHLINE__TEMPLATE_TOKEN lacks a right: which, where to grant it",
        },
    )


def read_deals(http: HttpClient, window: Window) -> Iterator[Page]:
    """Deals changed in the window; the next page by the cursor that an answer holds."""

    def ask(cursor: str | None) -> Page:
        params = {"limit": _PAGE_SIZE, "cursor": cursor, "updated_since": iso(window.since)}
        body = http.get("/v1/deals", params)
        return Page(picked(body, "data", what="Template deals"), body.get("next_cursor"))

    return read_pages(ask, what="Template deals")


def list_deals(http: HttpClient) -> Iterator[Page]:
    """Every deal that there is, for the census of deletions."""
    return read_deals(http, Window(since=None, until=datetime.now(UTC)))
