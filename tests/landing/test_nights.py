# ruff: noqa: DTZ001 (raw holds UTC without a zone)
"""What one night leaves to the next: later rows, quarantine, replays, stops, counts."""

from datetime import datetime
from typing import Any

import pytest

from orchestration import landing
from orchestration.landing import LandingError, compute_as_of, quarantine, replay
from orchestration.landing.conform import describe_rules
from orchestration.warehouse import Run, record_run
from tests.landing.nights import REQUIRED, Nights

LEAD = REQUIRED["crm/leads"]


def statuses(nights: Nights) -> dict[str, str]:
    return {row["lead_id"].removeprefix("files:"): row["status"] for row in nights.raw("crm/leads")}


def _at(day: int) -> str:
    return f"2025-03-{day:02}T10:00:00Z"


def test_the_latest_row_of_a_key_stays(nights: Nights) -> None:
    """I02, I03: by `updated_at`, then by file, then by line; all but one count as replaced."""
    nights.drop_rows(
        "crm/leads.csv",
        {**LEAD, "status": "new", "updated_at": _at(5)},
        {**LEAD, "status": "qualified", "updated_at": _at(7)},
        {**LEAD, "status": "working", "updated_at": _at(6)},
        {**LEAD, "status": "new", "updated_at": ""},
        {**LEAD, "lead_id": "L2", "status": "new"},
        {**LEAD, "lead_id": "L2", "status": "working"},
        {**LEAD, "lead_id": "L2", "status": "working"},
    )
    nights.drop_rows("crm/leads-2.csv", {**LEAD, "lead_id": "L2", "status": "qualified"})
    counts = nights.land()["crm/leads"]
    assert statuses(nights) == {"L1": "qualified", "L2": "qualified"}
    assert (counts.rows_in, counts.kept, counts.replaced) == (8, 2, 6)


def test_an_older_version_that_comes_later_replaces_nothing(nights: Nights) -> None:
    """I04; and a newer one replaces it."""
    nights.drop_rows("crm/leads-1.csv", {**LEAD, "status": "qualified", "updated_at": _at(7)})
    nights.land()
    nights.drop_rows("crm/leads-2.csv", {**LEAD, "status": "new", "updated_at": _at(6)})
    counts = nights.land()["crm/leads"]
    assert statuses(nights) == {"L1": "qualified"}
    assert (counts.rows_in, counts.kept, counts.replaced) == (1, 0, 1)
    nights.drop_rows("crm/leads-0.csv", {**LEAD, "status": "disqualified", "updated_at": _at(8)})
    nights.land()
    assert statuses(nights) == {"L1": "disqualified"}


def test_a_night_reads_only_what_is_new_or_changed(nights: Nights) -> None:
    nights.drop_rows("crm/leads.csv", LEAD)
    assert nights.land()["crm/leads"].rows_in == 1
    assert nights.land()["crm/leads"].rows_in == 0
    nights.drop_rows("crm/leads.csv", {**LEAD, "status": "working"})
    counts = nights.land()["crm/leads"]
    assert (counts.rows_in, counts.kept, counts.replaced) == (1, 0, 1)
    assert statuses(nights) == {"L1": "working"}


def test_a_row_whose_reference_comes_later_comes_right(nights: Nights) -> None:
    """It waits in quarantine, is judged again every night, and leaves when its lead has landed."""
    nights.drop_rows("crm/stage_changes.csv", REQUIRED["crm/stage_changes"])
    assert nights.land()["crm/stage_changes"].quarantined == 1
    assert [row["rule"] for row in nights.quarantine()] == ["missing_reference:object_id"]
    counts = nights.land()["crm/stage_changes"]
    assert (counts.rows_in, counts.quarantined, counts.replayed) == (0, 0, 0)
    nights.drop_rows("crm/leads.csv", LEAD)
    counts = nights.land()["crm/stage_changes"]
    assert (counts.rows_in, counts.kept, counts.replayed) == (0, 1, 1)
    assert nights.quarantine() == []
    (row,) = nights.raw("crm/stage_changes")
    assert (row["_file"], row["_line"]) == ("crm/stage_changes.csv", 2)


def test_replay_asks_no_source(nights: Nights) -> None:
    """The lead comes by a night of its own; then `touchline quarantine replay`."""
    nights.drop_rows("crm/stage_changes.csv", REQUIRED["crm/stage_changes"])
    nights.land()
    nights.connection.execute(
        "insert into raw.crm_leads (lead_id, status, created_at, _connector) "
        "values ('files:L1', 'new', timestamp '2025-03-03', 'files')"
    )
    (count,) = replay(nights.connection, nights.settings, "again")
    assert (count.entity, count.replayed, count.kept) == ("crm/stage_changes", 1, 1)
    assert nights.quarantine() == []


def test_a_corrected_file_supersedes_its_quarantine(nights: Nights) -> None:
    nights.drop_rows("crm/leads.csv", LEAD, {**LEAD, "lead_id": "L2", "created_at": "soon"})
    nights.land()
    assert [(row["line"], row["rule"]) for row in nights.quarantine()] == [
        (3, "bad_time:created_at")
    ]
    nights.drop_rows("crm/leads.csv", LEAD, {**LEAD, "lead_id": "L2", "created_at": _at(4)})
    counts = nights.land()["crm/leads"]
    assert (counts.kept, counts.replayed) == (1, 1)
    assert set(statuses(nights)) == {"L1", "L2"}
    assert nights.quarantine() == []


def test_a_reference_that_is_not_needed_may_name_nothing(nights: Nights) -> None:
    """I13: it stays as it came, and is there when what it names arrives."""
    nights.drop_rows("crm/leads.csv", {**LEAD, "contact_id": "C9", "owner_rep_id": "R9"})
    nights.land()
    (row,) = nights.raw("crm/leads")
    assert (row["contact_id"], row["owner_rep_id"]) == ("files:C9", "files:R9")


def test_a_required_column_may_be_missing_only_where_it_is_not_starred(nights: Nights) -> None:
    """J08: the message names file and column; the entity stays as it was, the others go on."""
    nights.drop_rows("crm/leads.csv", LEAD)
    nights.land()
    nights.drop_rows("crm/leads-2.csv", {"lead_id": "L2", "created_at": _at(4)})
    nights.drop_rows("crm/contacts.csv", REQUIRED["crm/contacts"])
    with pytest.raises(LandingError) as error:
        nights.land()
    assert error.value.problems == [
        "files crm/leads: crm/leads-2.csv: the column 'status' must be there and is not"
    ]
    assert set(statuses(nights)) == {"L1"}
    assert len(nights.raw("crm/contacts")) == 1


def _leads(bad: int, good: int) -> list[dict[str, str]]:
    rows = [{**LEAD, "lead_id": f"B{n}", "created_at": "soon"} for n in range(bad)]
    return rows + [{**LEAD, "lead_id": f"G{n}"} for n in range(good)]


@pytest.mark.parametrize(
    ("bad", "good", "stops"),
    [
        (50, 0, False),  # 100 %, but not more than 50 rows
        (51, 969, False),  # 51 of 1020 are 5 %
        (51, 968, True),  # … of 1019 more
        (51, 0, True),
    ],
)
def test_too_many_bad_rows_stop_the_entity(
    nights: Nights, bad: int, good: int, stops: bool
) -> None:
    nights.drop_rows("crm/leads.csv", LEAD)
    nights.land()
    nights.drop_rows("crm/leads-2.csv", *_leads(bad, good))
    if not stops:
        nights.land()
        assert len(nights.quarantine()) == bad
        assert len(statuses(nights)) == 1 + good
        return
    with pytest.raises(LandingError) as error:
        nights.land()
    (told,) = error.value.problems
    assert told == (
        f"files crm/leads: {bad} of {bad + good} new rows break the contract, more than 5%: "
        f"bad_time:created_at in {bad} rows (first: crm/leads-2.csv line 2)"
    )
    assert set(statuses(nights)) == {"L1"}
    assert nights.quarantine() == []
    assert not nights.select(
        "select 1 from quality.loads where run_id = 'night 2' and entity = 'crm/leads'"
    )


def test_after_a_stop_the_next_night_reads_the_file_again(nights: Nights) -> None:
    nights.drop_rows("crm/contacts.csv", REQUIRED["crm/contacts"])
    nights.drop("crm/leads.csv", "lead_id,created_at\nL1,2025-03-03\n")
    with pytest.raises(LandingError):
        nights.land()
    nights.drop_rows("crm/leads.csv", LEAD)
    counts = nights.land()
    assert counts["crm/leads"].kept == 1
    assert (counts["crm/contacts"].rows_in, counts["crm/contacts"].replaced) == (1, 1)


def test_every_night_has_its_line_in_the_ledger(nights: Nights) -> None:
    nights.drop_rows("crm/leads.csv", LEAD, {**LEAD, "lead_id": ""}, {**LEAD, "status": "working"})
    nights.land()
    nights.land()
    loads = nights.select(
        "select run_id, rows_in, kept, replaced, quarantined, replayed from quality.loads "
        "where entity = 'crm/leads' order by run_id"
    )
    assert [list(row.values()) for row in loads] == [
        ["night 1", 3, 1, 1, 1, 0],
        ["night 2", 0, 0, 0, 0, 0],
    ]
    assert len(nights.select("select * from quality.loads where run_id = 'night 1'")) == 12


def test_as_of_falls_back_with_the_row_that_held_it(nights: Nights) -> None:
    """It is the latest time that is in raw, not the latest that ever was."""
    row = {**LEAD, "created_at": _at(3)}
    nights.drop_rows("crm/leads-1.csv", row, {**row, "lead_id": "L2", "created_at": _at(9)})
    nights.land()
    assert compute_as_of(nights.connection, nights.settings) == datetime(2025, 3, 9, 10)
    record_run(nights.connection, Run("night 1", datetime(2025, 3, 9, 10)))
    nights.drop_rows("crm/leads-2.csv", {**row, "lead_id": "L3", "created_at": _at(12)})
    nights.land()
    assert compute_as_of(nights.connection, nights.settings) == datetime(2025, 3, 12, 10)
    nights.drop_rows(
        "crm/leads-3.csv", *({**row, "lead_id": key, "created_at": _at(4)} for key in ("L2", "L3"))
    )
    nights.land()
    assert compute_as_of(nights.connection, nights.settings) == datetime(2025, 3, 4, 10)


def test_what_can_not_come_right_waits_until_the_rules_change(
    nights: Nights, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the hour and the rows that it names can make a row right that says what it said."""
    judged: list[int] = []
    found = quarantine.find_waiting

    def watched(*args: Any, **told: Any) -> int:
        judged.append(found(*args, **told))
        return judged[-1]

    monkeypatch.setattr(landing, "find_waiting", watched)
    nights.drop_rows("crm/leads.csv", {**LEAD, "created_at": "soon"})
    nights.drop_rows(
        "crm/stage_changes.csv",
        REQUIRED["crm/stage_changes"],
        {**REQUIRED["crm/stage_changes"], "changed_at": "2999-01-02T00:00:00Z"},
        {**REQUIRED["crm/stage_changes"], "changed_at": "later"},
    )
    nights.land()
    assert len(nights.quarantine()) == 4
    judged.clear()
    nights.land()
    assert sum(judged) == 1
    judged.clear()
    monkeypatch.setattr(landing, "describe_rules", lambda _: "others")
    nights.land()
    assert sum(judged) == 4
    judged.clear()
    nights.land()
    assert sum(judged) == 1
    judged.clear()
    replay(nights.connection, nights.settings, "again")
    assert sum(judged) == 4


def test_the_rules_differ_by_zone_and_by_nothing_else() -> None:
    assert describe_rules("UTC") == describe_rules("UTC")
    assert describe_rules("UTC") != describe_rules("Europe/Moscow")
