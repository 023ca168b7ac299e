"""How Bitrix24's lists are read: by id, fifty at a time, many times in a batch.

Each page begins after the last id of the one before, which no insertion and no deletion shifts. The
first page is asked for with its count, which is dear; the others in batches and without.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from orchestration.connectors.base import UnansweredError
from orchestration.connectors.http import HttpClient
from orchestration.connectors.pages import Page, picked, read_pages
from orchestration.connectors.streams import Window
from orchestration.connectors.values import dug, iso, text

# Bitrix24 takes 50 commands; half of them answer well within a time-out.
_BATCH = 25


@dataclass(frozen=True)
class CrmList:
    """A list method, and how it is asked."""

    method: str
    select: tuple[str, ...] = ("*",)
    changed: str = "DATE_MODIFY"
    more: Mapping[str, Any] = field(default_factory=dict)
    at: tuple[str, ...] = ()
    """Where the list stands below `result`."""

    def params(self, window: Window, after: str | None, *, counted: bool) -> dict[str, Any]:
        conditions: dict[str, str] = {}
        if window.since is not None:
            conditions[f">={self.changed}"] = iso(window.since) or ""
        if after is not None:
            conditions[">ID"] = after
        return {
            **self.more,
            "select": list(self.select),
            "order": {"ID": "ASC"},
            "filter": conditions,
            "start": 0 if counted else -1,
        }


def read_list(http: HttpClient, what: CrmList, window: Window) -> Iterator[Page]:
    """All of a list that changed in the window."""
    seen: set[str] = set()
    size, total = 0, 0

    def count() -> tuple[list[dict[str, Any]], int]:
        body = http.post(what.method, what.params(window, None, counted=True))
        records = picked(body, "result", *what.at, what=what.method)
        told = text(dug(body, "total"))
        if told is None:
            raise UnansweredError(f"Bitrix24 {what.method}: an answer without its count")
        return records, int(told)

    def ask(after: str | None) -> Page:
        nonlocal size, total
        if after is None:
            records, total = count()
            size = max(len({str(record["ID"]) for record in records}), 1)
        else:
            pages = -(-(total - len(seen)) // size)
            records = _batch(http, what, window, after, size, min(max(pages, 1), _BATCH))
        seen.update(str(record["ID"]) for record in records)
        if len(seen) >= total:
            return Page(records, None, total)
        if not records:
            # Deleted meanwhile, or an answer that lacks some: the count says which.
            return Page([], None, count()[1])
        return Page(records, max((str(record["ID"]) for record in records), key=_order), total)

    return read_pages(ask, what=f"Bitrix24 {what.method}")


def _order(key: str) -> tuple[int, str]:
    return len(key), key


def _batch(
    http: HttpClient, what: CrmList, window: Window, after: str, size: int, pages: int
) -> list[dict[str, Any]]:
    """So many pages after an id, in one request: each begins at the last id of the one before."""
    commands = {}
    for number in range(pages):
        place = "".join(f"[{step}]" for step in (*what.at, size - 1))
        start = f"$result[p{number - 1}]{place}[ID]" if number else after
        commands[f"p{number}"] = command(what.method, what.params(window, start, counted=False))
    body = http.post("batch", {"halt": 1, "cmd": commands})
    return [
        record
        for name in commands
        for record in picked(body, "result", "result", name, *what.at, what=what.method)
    ]


def command(method: str, params: Mapping[str, Any]) -> str:
    """A command of a batch: a method and its parameters as PHP reads them from an address."""
    pairs = "&".join(f"{name}={quote(value, safe='$[]')}" for name, value in _flat("", params))
    return f"{method}?{pairs}"


def _flat(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, one in value.items():
            yield from _flat(f"{name}[{quote(key, safe='')}]" if name else key, one)
    elif isinstance(value, list):
        for place, one in enumerate(value):
            yield from _flat(f"{name}[{place}]", one)
    else:
        yield name, str(value)
