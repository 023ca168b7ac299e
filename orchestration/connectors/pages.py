"""Reading page by page, without believing everything: CASES.md A06 to A17."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orchestration.connectors.base import UnansweredError
from orchestration.connectors.values import Record, dug

MAX_PAGES = 200_000


@dataclass(frozen=True)
class Page:
    """One page of an answer."""

    records: Sequence[Record]
    next: str | None = None
    """What to ask for next: a link, a cursor, an offset as text; None after the last page."""
    total: int | None = None
    """How many records all pages hold, where the system says so."""


def read_pages(
    ask: Callable[[str | None], Page],
    *,
    what: str,
    start: str | None = None,
    max_pages: int = MAX_PAGES,
) -> Iterator[Page]:
    """`ask(start)`, `ask(page.next)`, … up to the page without a next one.

    Raises UnansweredError where a page points to one that was read, an empty page has a next one,
    fewer records came than the system counts, or there is no end.
    """
    asked: set[str | None] = set()
    # Counted apart only where the system counts: a page that comes twice must not hide one that
    # does not come.
    apart: set[int] = set()
    cursor, told = start, None
    while cursor not in asked:
        asked.add(cursor)
        if len(asked) > max_pages:
            raise UnansweredError(f"{what}: no end after {max_pages:,} pages")
        page = ask(cursor)
        if not page.records and page.next is not None:
            raise UnansweredError(f"{what}: page {len(asked)} is empty, but not the last")
        if page.total is not None:
            apart.update(hash(repr(record)) for record in page.records)
            # While pages are read, records come and go; what the lowest count said must be there.
            told = page.total if told is None else min(told, page.total)
        yield page
        if page.next is None:
            if told is not None and len(apart) < told:
                raise UnansweredError(f"{what}: {len(apart):,} records came, {told:,} there are")
            return
        cursor = page.next
    raise UnansweredError(f"{what}: after page {len(asked)} comes one that was read already")


def picked(body: Any, *path: str | int, what: str) -> list[dict[str, Any]]:
    """The list of records at `path` in an answer.

    Raises UnansweredError where there is none: an answer without its list is no empty list.
    """
    found = dug(body, *path) if path else body
    if not isinstance(found, list) or not all(isinstance(one, Mapping) for one in found):
        spelled = ".".join(map(str, path))
        raise UnansweredError(f"{what}: an answer without a list of records in {spelled!r}")
    return found
