"""What a night does with streams, whoever's they are.

Longer than most: one list of cases, and each is short.
"""

import json
import os
import random
import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.connectors.base import (
    ConnectorError,
    Context,
    Delivery,
    Setting,
    UnansweredError,
)
from orchestration.connectors.night import build_connector
from orchestration.connectors.pages import Page
from orchestration.connectors.streams import NotOfferedError, Stream, Window
from orchestration.connectors.values import Record, Rows, Settings, iso, parse_iso, text
from orchestration.landing import LandingError, land
from orchestration.settings import build_settings

NOW = datetime(2026, 7, 20, 3, 0, tzinfo=UTC)


@dataclass
class System:
    """A system in memory: deals, what they are tied to, and what was asked."""

    deals: dict[str, dict[str, Any]] = field(default_factory=dict)
    ties: dict[str, Any] = field(default_factory=dict)
    asked: list[Window] = field(default_factory=list)
    censuses: int = 0
    broken: Exception | None = None

    def close(self) -> None:
        """Nothing to close."""

    def put(self, key: str, when: datetime, **more: Any) -> None:
        self.deals[key] = {"id": key, "at": iso(when), "stage": "won", **more}


def read(system: System, window: Window) -> Iterator[Page]:
    system.asked.append(window)
    found = [
        deal
        for deal in system.deals.values()
        if window.since is None or (parse_iso(deal["at"]) or NOW) >= window.since
    ]
    half = len(found) // 2
    yield Page(found[:half])
    if system.broken:
        raise system.broken
    yield Page(found[half:])


def census(system: System) -> Iterator[Page]:
    system.censuses += 1
    yield Page([{"id": key} for key in system.deals])


def links(system: System, keys: Sequence[str]) -> Mapping[str, Any]:
    return {key: system.ties[key] for key in keys if key in system.ties}


def to_rows(record: Record, _settings: Settings) -> Rows:
    links = record.get("_links") or {}
    return {
        "crm/deals": [
            {
                "deal_id": text(record["id"]),
                "stage": text(record["stage"]),
                "contact_id": text(links.get("contact")),
                "created_at": "2026-01-01T00:00:00Z",
                "updated_at": text(record["at"]),
            }
        ],
        "crm/stage_changes": [
            {
                "object_type": "deal",
                "object_id": text(record["id"]),
                "stage": text(record["stage"]),
                "changed_at": text(record["at"]),
            }
        ],
    }


def deals(**more: Any) -> Stream[System]:
    said = {
        "changed_at": lambda record: parse_iso(record["at"]),
        "census": census,
        **more,
    }
    return Stream("deals", ("crm/deals", "crm/stage_changes"), read, to_rows, **said)


class Nights:
    def __init__(self, folder: Path, stream: Stream[System]) -> None:
        self.system, self.now, self.folder = System(), NOW, folder
        self.package = folder / "acme"
        self.package.mkdir()
        (self.package / "mapping.py").write_text("first")
        self.connector = build_connector(
            folder=self.package,
            title="Acme",
            settings=(Setting("flavour", "changes the mapping"),),
            open_api=lambda _: self.system,
            streams=(stream,),
            clock=lambda: self.now,
        )
        self.state: Mapping[str, Any] = {}
        self.settings: dict[str, str] = {}

    def ask(self, *, full: bool = False) -> Delivery:
        self.now += timedelta(days=1)
        state = {} if full else json.loads(json.dumps(self.state))
        return self.connector.extract(Context(self.settings, state, self.folder, full))

    def spend(self, entity: str = "crm/deals", *, full: bool = False) -> list[dict[str, Any]]:
        delivery = self.ask(full=full)
        self.state = delivery.state
        return [
            json.loads(line)
            for path in delivery.files.get(entity, ())
            for line in path.read_text().splitlines()
        ]

    def ids(self) -> list[str]:
        return sorted(row["deal_id"] for row in self.spend())


@pytest.fixture
def nights(tmp_path: Path) -> Nights:
    return Nights(tmp_path, deals())


def test_a_night_asks_from_the_cursor_less_the_look_back(nights: Nights) -> None:
    nights.system.put("1", NOW - timedelta(days=3))
    assert nights.ids() == ["1"]
    assert nights.ids() == []
    assert [window.since for window in nights.system.asked] == [None, NOW - timedelta(days=10)]


def test_the_look_back_can_be_set(nights: Nights) -> None:
    nights.settings = {"look_back_days": "2"}
    nights.system.put("1", NOW)
    nights.spend()
    nights.spend()
    assert nights.system.asked[-1].since == NOW - timedelta(days=2)
    nights.settings = {"look_back_days": "two"}
    with pytest.raises(ConnectorError, match="look_back_days"):
        nights.spend()


def test_everything_is_asked_for_again_once_in_a_while(nights: Nights) -> None:
    """What came later than the look-back is found then."""
    nights.system.put("1", NOW)
    nights.spend()
    nights.system.put("2", NOW - timedelta(days=60))
    assert [key for _ in range(31) for key in nights.ids()] == ["2"]
    assert [window.since for window in nights.system.asked].count(None) == 2


def test_a_cursor_goes_neither_back_nor_into_the_future(nights: Nights) -> None:
    nights.system.put("1", NOW)
    nights.system.put("2", datetime(2099, 1, 1, tzinfo=UTC))
    nights.spend()
    assert nights.state["streams"]["deals"]["cursor"] == iso(NOW)
    nights.system.deals.pop("1")
    nights.system.put("3", NOW - timedelta(days=1))
    nights.spend()
    assert nights.state["streams"]["deals"]["cursor"] == iso(NOW)


def test_a_deletion_is_told_once_and_without_its_history(nights: Nights) -> None:
    for key in "1234":
        nights.system.put(key, NOW)
    nights.spend()
    del nights.system.deals["2"]
    delivery = nights.ask()
    nights.state = delivery.state
    assert list(delivery.files) == ["crm/deals"]
    (row,) = [json.loads(line) for line in delivery.files["crm/deals"][0].read_text().splitlines()]
    assert (row["deal_id"], row["is_deleted"], row["stage"]) == ("2", "true", "won")
    assert nights.spend() == []


def test_what_was_deleted_by_mistake_comes_back(nights: Nights) -> None:
    for key in "1234":
        nights.system.put(key, NOW - timedelta(days=9))
    nights.system.put("5", NOW)
    nights.spend()
    kept = nights.system.deals.pop("2")
    assert [row["is_deleted"] for row in nights.spend()] == ["true"]
    # Older than the look-back: only the census sees it.
    nights.system.deals["2"] = kept
    (row,) = nights.spend()
    assert (row["deal_id"], row.get("is_deleted")) == ("2", None)


@pytest.mark.parametrize(("known", "gone", "stops"), [
    (10, 3, False), (10, 4, True), (200, 10, False), (200, 11, True), (2, 2, True),
])  # fmt: skip
def test_more_than_a_few_may_not_vanish_at_once(
    nights: Nights, known: int, gone: int, stops: bool
) -> None:
    for number in range(known):
        nights.system.put(str(number), NOW)
    nights.spend()
    for number in range(gone):
        del nights.system.deals[str(number)]
    if not stops:
        assert len(nights.spend()) == gone
        return
    with pytest.raises(UnansweredError):
        nights.spend()
    nights.settings = {"max_vanished_share": "1"}
    if gone < known:
        assert len(nights.spend()) == gone


def test_a_stream_without_a_time_of_change_is_its_own_census(tmp_path: Path) -> None:
    nights = Nights(tmp_path, deals(changed_at=None, census=None))
    for key in "1234":
        nights.system.put(key, NOW)
    nights.spend()
    del nights.system.deals["3"]
    nights.system.put("5", NOW)
    told = {row["deal_id"]: row.get("is_deleted") for row in nights.spend()}
    assert told == {"3": "true", "5": None}


def test_a_census_can_be_taken_less_often(tmp_path: Path) -> None:
    nights = Nights(tmp_path, deals(census_every=timedelta(days=3)))
    nights.system.put("1", NOW)
    for _ in range(7):
        nights.spend()
    assert nights.system.censuses == 3


def test_an_association_that_changes_without_its_record_is_told(tmp_path: Path) -> None:
    nights = Nights(tmp_path, deals(links=links, links_at_once=2))
    for number in range(5):
        nights.system.put(str(number), NOW - timedelta(days=20))
    nights.system.put("new", NOW)
    nights.system.ties = {"1": {"contact": "77"}}
    first = {row["deal_id"]: row["contact_id"] for row in nights.spend()}
    assert first["1"] == "77"
    assert first["2"] is None
    assert nights.spend() == []
    nights.system.ties = {"1": {"contact": "78"}, "3": {"contact": "79"}, "new": {"contact": "80"}}
    assert {row["deal_id"]: row["contact_id"] for row in nights.spend()} == {
        "1": "78",
        "3": "79",
        "new": "80",
    }
    nights.system.ties = {}
    assert {row["contact_id"] for row in nights.spend()} == {None}


def test_a_changed_mapping_is_replayed_from_disk(nights: Nights) -> None:
    nights.system.put("1", NOW - timedelta(days=30))
    nights.system.put("2", NOW)
    nights.spend()
    (nights.package / "mapping.py").write_text("second")
    assert nights.ids() == ["1", "2"]
    # The old one was not asked for again.
    assert nights.system.asked[-1].since is not None
    assert nights.ids() == []
    nights.settings = {"flavour": "sweet"}
    assert nights.ids() == ["1", "2"]


def test_a_night_that_breaks_off_keeps_nothing_of_a_stream(nights: Nights) -> None:
    for number in range(6):
        nights.system.put(str(number), NOW)
    nights.system.broken = UnansweredError("half-way")
    with pytest.raises(UnansweredError):
        nights.spend()
    nights.system.broken = None
    assert len(nights.spend()) == 6


def test_what_was_kept_but_never_landed_is_delivered_with_the_next_night(nights: Nights) -> None:
    nights.system.put("1", NOW)
    nights.spend()
    nights.system.put("2", NOW + timedelta(hours=1))
    nights.ask()
    nights.system.put("3", NOW + timedelta(hours=2))
    assert nights.ids() == ["2", "3"]


def test_a_night_that_is_killed_costs_nothing(nights: Nights) -> None:
    """Killed at any moment, without a chance to tidy up; the next one has everything, once."""
    chance, told = random.Random(5), []
    for number in range(12):
        for one in range(40):
            nights.system.put(f"{number}-{one}", NOW, filling="x" * 500)
        child = os.fork()
        if child == 0:
            while True:
                nights.ask()
        time.sleep(chance.uniform(0, 0.08))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        if number % 3 == 2:
            told += nights.ids()
    assert sorted(told) == sorted(nights.system.deals)


def test_a_state_without_its_records_asks_for_everything(nights: Nights) -> None:
    nights.system.put("1", NOW - timedelta(days=30))
    nights.system.put("2", NOW)
    nights.spend()
    for path in nights.folder.glob("records/deals/*"):
        path.unlink()
    assert nights.ids() == ["1", "2"]
    assert nights.system.asked[-1].since is None


def test_records_without_their_state_are_delivered_again(nights: Nights) -> None:
    """As after the database was lost: what the system has forgotten since is still there."""
    nights.system.put("old", NOW)
    nights.system.put("1", NOW)
    nights.system.put("2", NOW)
    nights.spend()
    del nights.system.deals["old"]
    nights.state = {}
    told = {row["deal_id"]: row.get("is_deleted") for row in nights.spend()}
    assert told == {"1": None, "2": None, "old": "true"}


def test_the_files_of_a_later_night_go_before(nights: Nights) -> None:
    nights.system.put("1", NOW)
    names = []
    for night in range(3):
        nights.system.put("1", NOW, stage=f"s{night}")
        delivery = nights.ask()
        nights.state = delivery.state
        names += [str(path.relative_to(delivery.root)) for path in delivery.files["crm/deals"]]
    assert names == sorted(names)
    assert len(set(names)) == 3


def test_a_stream_that_an_account_lacks_is_left_out_if_it_may_be(tmp_path: Path) -> None:
    nights = Nights(tmp_path, deals(optional=True))
    nights.system.broken = NotOfferedError("no deals in this edition")
    assert nights.spend() == []
    nights.system.broken = None
    nights.system.put("1", NOW)
    assert nights.ids() == ["1"]


def test_a_stream_that_an_account_must_have_is_missed(nights: Nights) -> None:
    nights.system.broken = NotOfferedError("no deals in this edition")
    with pytest.raises(NotOfferedError):
        nights.spend()


def test_it_lands_and_what_cant_be_mapped_costs_one_row(nights: Nights) -> None:
    settings = build_settings(home=nights.folder)
    for number in range(6):
        nights.system.put(str(number), NOW)
    del nights.system.deals["3"]["stage"]
    with duckdb.connect() as connection:
        delivery = nights.ask()
        # History of a deal is taken once the deal is there; the bad one has neither.
        land(connection, settings, "acme", delivery, "run")
        rows = connection.execute("select deal_id from raw.crm_deals order by 1").fetchall()
        assert rows == [(f"acme:{number}",) for number in (0, 1, 2, 4, 5)]
        bad = connection.execute("select entity, rule, record from quarantine.rows").fetchall()
        assert [(entity, rule) for entity, rule, _ in bad] == [("crm/deals", "unreadable_line")]
        assert "deals 3 of 00000001" in bad[0][2]
        # The next night lands on top of it: the later file wins though the time is the same.
        nights.state = delivery.state
        nights.system.put("1", NOW, stage="lost")
        land(connection, settings, "acme", nights.ask(), "run2")
        found = connection.execute("select stage from raw.crm_deals where deal_id = 'acme:1'")
        assert found.fetchall() == [("lost",)]


def test_a_landing_that_stops_keeps_the_old_state(nights: Nights) -> None:
    settings = build_settings(home=nights.folder, min_quarantined_rows=0)
    for number in range(6):
        nights.system.put(str(number), NOW)
        del nights.system.deals[str(number)]["stage"]
    with duckdb.connect() as connection, pytest.raises(LandingError):
        land(connection, settings, "acme", nights.ask(), "run")
