"""Native values as the contract reads them, and pages as they may not be."""

from datetime import UTC, datetime
from typing import Any

import pytest

from orchestration.connectors.base import UnansweredError
from orchestration.connectors.pages import Page, picked, read_pages
from orchestration.connectors.values import (
    dug,
    iso,
    joined,
    parse_epoch,
    parse_iso,
    parse_rfc2822,
    text,
)

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(("value", "told"), [
    (None, None), ("", None), ("  ", None), (" a ", "a"), (True, "true"), (False, "false"),
    (7, "7"), (7.0, "7"), (7.25, "7.25"), (10**30, str(10**30)), (float("nan"), None),
    (float("inf"), None), ("007", "007"),
])  # fmt: skip
def test_text(value: object, told: str | None) -> None:
    assert text(value) == told


def test_lists_go_into_a_cell() -> None:
    assert joined(["a", None, " a", "", "b;c", 7]) == "a;b,c;7"
    assert joined([]) is None


def test_digging_needs_no_ladder() -> None:
    record = {"a": [{"b": 1}], "s": "text"}
    assert dug(record, "a", 0, "b") == 1
    for path in (("a", 1, "b"), ("x", "y"), ("a", "b"), ("s", 0), ("a", 0, "b", "c")):
        assert dug(record, *path) is None


@pytest.mark.parametrize(("parse", "value"), [
    (parse_iso, "2026-07-01T15:00:00+03:00"), (parse_iso, "2026-07-01T12:00:00.000Z"),
    (parse_iso, "2026-07-01 12:00:00"), (parse_rfc2822, "Wed, 01 Jul 2026 12:00:00 +0000"),
    (parse_rfc2822, "Wed, 01 Jul 2026 15:00:00 +0300"), (parse_epoch, 1782907200),
    (parse_epoch, "1782907200000"), (parse_epoch, 1782907200000.0),
])  # fmt: skip
def test_times(parse: Any, value: object) -> None:
    assert parse(value) == NOON


@pytest.mark.parametrize("parse", [parse_iso, parse_rfc2822, parse_epoch])
@pytest.mark.parametrize("value", [None, "", "soon", 0])
def test_no_times(parse: Any, value: object) -> None:
    assert parse(value) is None


def test_a_moment_is_told_in_utc() -> None:
    assert iso(NOON) == "2026-07-01T12:00:00Z"
    assert iso(None) is None


def read(*pages: Page, **more: Any) -> list[dict[str, Any]]:
    by_cursor = dict(zip((None, *"abcdefg"), pages, strict=False))
    found = read_pages(lambda cursor: by_cursor[cursor], what="deals", **more)
    return [dict(record) for page in found for record in page.records]


def records(*ids: int) -> list[dict[str, int]]:
    return [{"id": one} for one in ids]


def test_pages_are_read_to_the_last() -> None:
    assert read(Page(records(1, 2), "a", 3), Page(records(3), None, 3)) == records(1, 2, 3)
    assert read(Page([])) == []
    assert read(Page([], None, 0)) == []


def test_what_comes_and_goes_meanwhile_is_no_fault() -> None:
    assert len(read(Page(records(1, 2), "a", 3), Page(records(3, 4), None, 4))) == 4
    assert len(read(Page(records(1, 2), "a", 4), Page(records(3), None, 3))) == 3


@pytest.mark.parametrize(("pages", "told"), [
    ((Page(records(1), "a"), Page([], "b"), Page(records(2))), "page 2 is empty"),
    ((Page(records(1), "a"), Page(records(2), "a")), "read already"),
    ((Page(records(1, 2), "a", 5), Page(records(3), None, 5)), "3 records came, 5 there are"),
    ((Page(records(1, 2), "a", 4), Page(records(1, 2), None, 4)), "2 records came, 4 there are"),
    ((Page(records(1), "a"), Page(records(2), "b"), Page(records(3), "c")), "no end after 2 pages"),
])  # fmt: skip
def test_what_can_not_be_all_is_refused(pages: tuple[Page, ...], told: str) -> None:
    with pytest.raises(UnansweredError, match=told):
        read(*pages, max_pages=2 if "no end" in told else 100)


@pytest.mark.parametrize("body", [{}, {"data": None}, {"data": {}}, {"data": [1]}, [], None, "x"])
def test_an_answer_without_its_list_is_no_empty_list(body: object) -> None:
    with pytest.raises(UnansweredError, match="deals: an answer without a list"):
        picked(body, "data", what="deals")


def test_the_list_of_an_answer() -> None:
    assert picked({"data": {"items": records(1)}}, "data", "items", what="deals") == records(1)
    assert picked(records(1), what="deals") == records(1)
