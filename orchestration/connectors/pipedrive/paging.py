"""The two ways in which Pipedrive's lists are paged: by cursor (v2), by position (v1)."""

from collections.abc import Iterator, Mapping
from typing import Any

from orchestration.connectors.http import HttpClient
from orchestration.connectors.pages import Page, picked, read_pages
from orchestration.connectors.values import dug, text

_PAGE_SIZE = 500


def read_v2(http: HttpClient, path: str, params: Mapping[str, Any] | None = None) -> Iterator[Page]:
    """Pages of `/api/v2<path>`; also of v1's lists that have a cursor, by their whole path."""
    whole = path if path.startswith("/v1/") else f"/api/v2{path}"

    def ask(cursor: str | None) -> Page:
        told = {"limit": _PAGE_SIZE, **(params or {}), **({"cursor": cursor} if cursor else {})}
        body = http.get(whole, told)
        records = picked(body, "data", what=f"Pipedrive {path}")
        return Page(records, text(dug(body, "additional_data", "next_cursor")))

    return read_pages(ask, what=f"Pipedrive {path}")


def read_v1(
    http: HttpClient,
    path: str,
    params: Mapping[str, Any] | None = None,
    *,
    page_size: int = _PAGE_SIZE,
) -> Iterator[Page]:
    """Pages of `/v1<path>`. A list of nothing is `null` there."""

    def ask(start: str | None) -> Page:
        told = {"start": start or "0", "limit": page_size, **(params or {})}
        body = http.get(f"/v1{path}", told)
        extra = dug(body, "additional_data") or {}
        paging = extra.get("pagination") or extra
        has_more = paging.get("more_items_in_collection") is True
        if not has_more and dug(body, "success") is True and dug(body, "data") is None:
            return Page([])
        records = picked(body, "data", what=f"Pipedrive {path}")
        following = paging.get("next_start") or int(start or 0) + len(records)
        return Page(records, str(following) if has_more else None)

    return read_pages(ask, what=f"Pipedrive {path}")


def list_v1(http: HttpClient, path: str) -> list[dict[str, Any]]:
    """A list that is never paged."""
    return picked(http.get(f"/v1{path}"), "data", what=f"Pipedrive {path}")
