# ruff: noqa: DTZ001 (raw holds UTC without a zone)
"""What becomes of one cell (CASES.md: T times, D numbers, I ids): the value, or the rule it breaks."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from orchestration.landing import compute_as_of
from tests.landing.nights import REQUIRED, Nights, open_nights


def land_cell(nights: Nights, entity: str, column: str, text: str) -> tuple[str | None, Any]:
    """(the rule that was broken, the value in raw), of a file with one sound row beside it."""
    key = next(iter(REQUIRED[entity]))
    sound = {**REQUIRED[entity], key: "sound"}
    nights.drop_rows(f"{entity}.csv", sound, {**REQUIRED[entity], column: f'"{text}"'})
    nights.land()
    broken = nights.quarantine()
    if broken:
        (row,) = broken
        assert (row["entity"], row["file"], row["line"]) == (entity, f"{entity}.csv", 3)
        assert len(nights.raw(entity)) == 1
        return row["rule"], None
    values = [row[column] for row in nights.raw(entity) if row[key] != "files:sound"]
    return None, values[0]


@pytest.mark.parametrize(
    ("zone", "text", "wanted"),
    [
        ("UTC", "2025-03-03T10:00:00Z", datetime(2025, 3, 3, 10)),
        ("UTC", "2025-03-03T10:00:00.250Z", datetime(2025, 3, 3, 10, 0, 0, 250_000)),
        ("UTC", "2025-03-03T10:00", datetime(2025, 3, 3, 10)),
        ("UTC", "2025-03-03 10:00:00 +0300", datetime(2025, 3, 3, 7)),
        ("UTC", "2025-03-03T10:00+03", datetime(2025, 3, 3, 7)),
        ("UTC", "20250303T100000Z", datetime(2025, 3, 3, 10)),
        pytest.param(
            "Europe/Moscow", "2025-03-30T02:30:00", datetime(2025, 3, 29, 23, 30), id="T01"
        ),
        pytest.param(
            "Europe/Moscow", "2025-03-30T02:30:00+05:00", datetime(2025, 3, 29, 21, 30), id="T02"
        ),
        pytest.param(
            "Europe/Berlin", "2025-03-30 02:30:00", datetime(2025, 3, 30, 1, 30), id="T03"
        ),
        pytest.param(
            "Europe/Berlin",
            "2025-10-26 01:59:59",
            datetime(2025, 10, 25, 23, 59, 59),
            id="T04-before",
        ),
        pytest.param(
            "Europe/Berlin", "2025-10-26 03:00:00", datetime(2025, 10, 26, 2), id="T04-after"
        ),
        pytest.param(
            "Europe/Moscow", "2014-10-26 03:30:00", datetime(2014, 10, 26, 0, 30), id="T05"
        ),
        pytest.param("UTC", "1970-01-01", None, id="T06"),
        pytest.param("UTC", "0001-01-01T00:00:00Z", None, id="T07"),
        pytest.param("UTC", "9999-12-31", None, id="T08"),
        pytest.param("UTC", "0000-00-00 00:00:00", None, id="T09"),
        pytest.param("UTC", "  ", None, id="T10"),
        pytest.param("UTC", "1741000000", datetime(2025, 3, 3, 11, 6, 40), id="T14-seconds"),
        pytest.param(
            "UTC", "1741000000000", datetime(2025, 3, 3, 11, 6, 40), id="T14-milliseconds"
        ),
    ],
)
def test_times_that_can_be_read(
    tmp_path: Path, zone: str, text: str, wanted: datetime | None
) -> None:
    with open_nights(tmp_path, {"time_zone": zone}) as nights:
        assert land_cell(nights, "crm/leads", "updated_at", text) == (None, wanted)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("2025-02-29", id="T11"),
        pytest.param("2025-13-01T10:00:00Z", id="month"),
        pytest.param("2025-03-03T25:00:00Z", id="hour"),
        pytest.param("01.02.2025", id="T12"),
        pytest.param("01/02/2025", id="T13"),
        pytest.param("yesterday", id="word"),
        pytest.param("45719.5", id="a spreadsheet's number"),
    ],
)
def test_times_that_are_none(nights: Nights, text: str) -> None:
    assert land_cell(nights, "crm/leads", "updated_at", text) == ("bad_time:updated_at", None)


def test_a_time_that_happens_twice_is_one_of_its_two(tmp_path: Path) -> None:
    """T04: 2:30 in Berlin on the day on which clocks go back is 0:30 or 1:30 UTC; always the same."""
    with open_nights(tmp_path, {"time_zone": "Europe/Berlin"}) as nights:
        rule, value = land_cell(nights, "crm/leads", "updated_at", "2025-10-26 02:30:00")
    assert rule is None
    assert value in (datetime(2025, 10, 26, 0, 30), datetime(2025, 10, 26, 1, 30))


@pytest.mark.parametrize("text", ["1970-01-01", "9999-12-31", "0000-00-00", ""])
def test_a_required_time_that_says_never_is_empty(nights: Nights, text: str) -> None:
    assert land_cell(nights, "crm/leads", "created_at", text) == ("empty:created_at", None)


def test_a_clock_gone_wrong_does_not_move_as_of(nights: Nights) -> None:
    """T17: later than tomorrow goes to quarantine; later today is kept, and as_of never is later."""
    now = datetime.now(UTC)
    soon, later = (now + timedelta(hours=hours) for hours in (20, 26))
    lead = REQUIRED["crm/leads"]
    nights.drop_rows(
        "crm/leads.csv",
        lead,
        {**lead, "lead_id": "soon", "created_at": soon.isoformat()},
        {**lead, "lead_id": "later", "created_at": later.isoformat()},
        {**lead, "lead_id": "2099", "created_at": "2099-01-01T00:00:00Z"},
    )
    nights.land()
    assert [row["lead_id"] for row in nights.raw("crm/leads")] == ["files:L1", "files:soon"]
    assert {row["rule"] for row in nights.quarantine()} == {"in_the_future:created_at"}
    assert compute_as_of(nights.connection, nights.settings) == datetime(2025, 3, 3, 10)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("1234.56", Decimal("1234.56")),
        pytest.param("1\u00a0234,56", Decimal("1234.56"), id="D04-nbsp"),
        pytest.param("1 234,56", Decimal("1234.56"), id="D04-space"),
        pytest.param("1,234,567.89", Decimal("1234567.89"), id="thousands"),
        pytest.param("0.1", Decimal("0.10"), id="D05"),
        pytest.param("0", Decimal(0), id="D02"),
        pytest.param("1000000000000", Decimal(10) ** 12, id="D06"),
        pytest.param("NaN", None, id="J13-nan"),
        pytest.param("Infinity", None, id="J13-infinity"),
        pytest.param("", None, id="D01"),
    ],
)
def test_numbers_that_can_be_read(nights: Nights, text: str, wanted: Decimal | None) -> None:
    assert land_cell(nights, "crm/deals", "amount", text) == (None, wanted)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        pytest.param("-5", "negative:amount", id="D03"),
        pytest.param("a lot", "bad_number:amount", id="J01"),
        pytest.param("12.34.56", "bad_number:amount", id="points"),
        pytest.param("{}", "bad_number:amount", id="J10"),
    ],
)
def test_numbers_that_are_none(nights: Nights, text: str, rule: str) -> None:
    assert land_cell(nights, "crm/deals", "amount", text) == (rule, None)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("true", True), ("Yes", True), ("1", True), ("FALSE", False), ("n", False), ("", None)],
)
def test_booleans(nights: Nights, text: str, wanted: bool | None) -> None:
    assert land_cell(nights, "crm/leads", "is_inquiry", text) == (None, wanted)


@pytest.mark.parametrize(
    ("entity", "column", "text", "rule"),
    [
        ("crm/leads", "lead_id", " ", "no_key:lead_id"),
        ("crm/leads", "status", "", "empty:status"),
        ("crm/leads", "is_inquiry", "perhaps", "bad_boolean:is_inquiry"),
        ("crm/activities", "kind", "fax", "unknown_value:kind"),
        ("crm/activities", "direction", "sideways", "unknown_value:direction"),
        ("crm/activities", "ended_at", "2025-03-03T09:59:59Z", "ends_before_it_starts"),
        ("crm/activities", "duration_seconds", "-1", "negative:duration_seconds"),
        ("telephony/calls", "disposition", "dropped", "unknown_value:disposition"),
        ("telephony/calls", "ended_at", "2025-03-03T09:00:00Z", "ends_before_it_starts"),
        ("telephony/calls", "answered_at", "2025-03-03T09:00:00Z", "ends_before_it_starts"),
        ("crm/quotas", "month", "March", "bad_date:month"),
        ("crm/reps", "hired_on", "2025-02-30", "bad_date:hired_on"),
        ("crm/reps", "full_name", "", "empty:full_name"),
        ("crm/stage_changes", "object_type", "contract", "unknown_value:object_type"),
        ("crm/stage_changes", "object_id", "nobody", "missing_reference:object_id"),
        ("crm/owner_changes", "object_id", "nobody", "missing_reference:object_id"),
        ("crm/collateral_events", "collateral_id", "nothing", "missing_reference:collateral_id"),
        ("crm/collateral_events", "event", "burned", "unknown_value:event"),
    ],
)
def test_each_rule_has_its_name(
    nights: Nights, entity: str, column: str, text: str, rule: str
) -> None:
    """The row goes aside with the file, the line, the row as it came; the sound one beside it stays."""
    for needed in ("crm/leads", "crm/collateral"):
        nights.drop_rows(f"{needed}.csv", REQUIRED[needed])
    nights.land()
    row = {**REQUIRED[entity], column: text}
    nights.drop_rows(f"{entity}-2.csv", row)
    nights.land()
    (broken,) = nights.quarantine()
    assert (broken["entity"], broken["rule"]) == (entity, rule)
    assert (broken["file"], broken["line"]) == (f"{entity}-2.csv", 2)
    assert text.strip() in broken["record"]


def test_a_talk_longer_than_the_call_goes_aside(nights: Nights) -> None:
    """C04: 62 s of talk in a minute; a second of rounding is none."""
    leg = {**REQUIRED["telephony/calls"], "ended_at": "2025-03-03T10:01:00Z"}
    nights.drop_rows(
        "telephony/calls.csv",
        {**leg, "talk_seconds": "61"},
        {**leg, "call_id": "T2", "talk_seconds": "62"},
    )
    nights.land()
    assert [row["rule"] for row in nights.quarantine()] == ["talks_longer_than_it_lasts"]
    assert [row["call_id"] for row in nights.raw("telephony/calls")] == ["files:T1"]


@pytest.mark.parametrize("key", ["1", "01", "aBc", "ABC", str(2**63), str(10**40), "0.10", "1e5"])
def test_ids_stay_text(nights: Nights, key: str) -> None:
    """I05 to I08, E16."""
    nights.drop_rows("crm/leads.csv", {**REQUIRED["crm/leads"], "lead_id": key})
    nights.land()
    assert [row["lead_id"] for row in nights.raw("crm/leads")] == [f"files:{key}"]


def test_ids_that_differ_are_two(nights: Nights) -> None:
    keys = ["1", "01", "aBc", "ABC"]
    nights.drop_rows(
        "crm/leads.csv", *({**REQUIRED["crm/leads"], "lead_id": key} for key in [*keys, "1"])
    )
    counts = nights.land()
    assert len(nights.raw("crm/leads")) == len(keys)
    assert (counts["crm/leads"].kept, counts["crm/leads"].replaced) == (4, 1)


def test_text_is_kept_as_it_is(nights: Nights) -> None:
    """E16, E18, S02, S04: leading zeros, emoji, quotes, formulas."""
    names = [
        "007",
        "👩‍👩‍👧 Ромашка",
        "Robert'); DROP TABLE leads;--",
        "=cmd|' /C calc'!A0",
        "<script>",
    ]
    nights.drop_rows(
        "crm/contacts.csv",
        *({"contact_id": f"C{n}", "full_name": name} for n, name in enumerate(names)),
    )
    nights.land()
    assert [row["full_name"] for row in nights.raw("crm/contacts")] == names


def test_a_date(nights: Nights) -> None:
    found = land_cell(nights, "crm/reps", "hired_on", "2024-02-29")
    assert found == (None, date(2024, 2, 29))
