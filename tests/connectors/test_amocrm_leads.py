"""Leads of amoCRM, which are deals from some status on."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from orchestration.connectors.amocrm.mapping import field_values, lead_rows
from orchestration.connectors.amocrm.mapping_history import Story
from orchestration.connectors.values import iso

MADE = datetime(2026, 6, 3, 9, tzinfo=UTC)


def moved(days: float, before: int, after: int, by: int = 1) -> dict[str, Any]:
    return {
        "id": f"{days:08.3f}",
        "type": "lead_status_changed",
        "created_by": by,
        "created_at": int((MADE + timedelta(days=days)).timestamp()),
        "value_before": [{"lead_status": {"id": before}}],
        "value_after": [{"lead_status": {"id": after}}],
    }


def lead(status: int, *events: dict[str, Any], **more: Any) -> dict[str, Any]:
    kinds = {"5": "unsorted", "10": "lead", "20": "deal", "142": "won", "143": "lost"}
    return {
        "id": 1,
        "status_id": status,
        "created_at": int(MADE.timestamp()),
        "updated_at": int((MADE + timedelta(days=9)).timestamp()),
        "closed_at": int((MADE + timedelta(days=8)).timestamp()),
        "responsible_user_id": 3,
        "created_by": 3,
        "_events": list(events),
        "_kinds": kinds,
        **more,
    }


def changes(record: dict[str, Any], kind: str) -> list[str | None]:
    rows = lead_rows(record, {})["crm/stage_changes"]
    return [row["stage"] for row in rows if row["object_type"] == kind]


def test_a_deal_begins_with_the_first_status_of_a_deal() -> None:
    record = lead(142, moved(1, 10, 20), moved(2, 20, 142))
    (deal,) = lead_rows(record, {})["crm/deals"]
    assert deal["created_at"] == iso(MADE + timedelta(days=1))
    assert deal["closed_at"] == iso(MADE + timedelta(days=8))
    assert changes(record, "lead") == ["10", "20", "142"]
    assert changes(record, "deal") == ["20", "142"]


def test_what_was_lost_at_once_was_no_deal() -> None:
    record = lead(143, moved(1, 10, 143))
    assert lead_rows(record, {})["crm/deals"] == []
    assert changes(record, "deal") == []
    assert changes(record, "lead") == ["10", "143"]


def test_a_deal_that_went_back_is_one_still() -> None:
    record = lead(10, moved(1, 10, 20), moved(2, 20, 10))
    (deal,) = lead_rows(record, {})["crm/deals"]
    assert (deal["stage"], deal["closed_at"]) == ("10", None)
    assert changes(record, "deal") == ["20", "10"]


def test_a_lead_without_events_was_always_so() -> None:
    (deal,) = lead_rows(lead(20), {})["crm/deals"]
    assert deal["created_at"] == iso(MADE)


def test_what_no_event_tells_happened_by_the_last_change() -> None:
    story = Story(lead(142, moved(1, 10, 20)))
    assert [one.to for one in story.statuses] == ["10", "20", "142"]
    assert story.statuses[-1].at == MADE + timedelta(days=9)


def test_a_deal_is_its_owners_of_then() -> None:
    def handed(days: float, before: int, after: int) -> dict[str, Any]:
        return {
            "type": "entity_responsible_changed",
            "created_at": int((MADE + timedelta(days=days)).timestamp()),
            "value_before": [{"responsible_user": {"id": before}}],
            "value_after": [{"responsible_user": {"id": after}}],
        }

    record = lead(20, handed(0.5, 3, 4), moved(1, 10, 20), handed(2, 4, 5), responsible_user_id=5)
    rows = lead_rows(record, {})["crm/owner_changes"]
    told = [(row["object_type"], row["owner_rep_id"], row["changed_at"]) for row in rows]
    days = [iso(MADE + timedelta(days=days)) for days in (0, 0.5, 1, 2)]
    assert told == [
        ("lead", "3", days[0]),
        ("lead", "4", days[1]),
        ("lead", "5", days[3]),
        ("deal", "4", days[2]),
        ("deal", "5", days[3]),
    ]


@pytest.mark.parametrize(
    ("more", "is_inquiry"),
    [
        ({}, "false"),
        ({"created_by": 0}, "true"),
        ({"_events": [moved(1, 5, 10)]}, "true"),
        ({"_unsorted": {"category": "chats"}}, "true"),
    ],
)
def test_who_came_in_by_themselves(more: dict[str, Any], is_inquiry: str) -> None:
    (row,) = lead_rows(lead(10, **more), {})["crm/leads"]
    assert row["is_inquiry"] == is_inquiry
    assert (row["inquiry_at"] is None) == (is_inquiry == "false")


def test_a_reason_excludes_only_what_is_lost() -> None:
    reason = {"loss_reason_id": 17, "_is_excluded": True}
    (row,) = lead_rows(lead(143, **reason), {})["crm/leads"]
    assert row["status"] == "143:17"
    (row,) = lead_rows(lead(10, **reason), {})["crm/leads"]
    assert row["status"] == "10"


def test_where_a_lead_is_from_is_a_field_of_ones_own() -> None:
    told = {"field_id": 5, "field_name": "From", "field_code": None, "values": [{"value": "fair"}]}
    record = lead(10, custom_fields_values=[told])
    for name in ("5", "From"):
        (row,) = lead_rows(record, {"source_field": name})["crm/leads"]
        assert row["lead_source"] == "fair"
    assert field_values(record, "UTM_SOURCE") == []
