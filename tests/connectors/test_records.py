"""The store of native records: append-only, the latest of each key, whole or not at all."""

import gzip
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from orchestration.connectors.records import LINKS, Kept, RecordStore

DAY = datetime(2026, 7, 1, tzinfo=UTC)


def keep(store: RecordStore, run: int, *records: Kept, stream: str = "deals") -> list[bool]:
    with store.writing(stream, run) as writer:
        return [writer.keep(record) for record in records]


def versions(store: RecordStore, after: int = 0) -> list[tuple[str, object, int, bool]]:
    return [(k.key, k.record.get("v"), k.run, k.gone) for k in store.newer_than("deals", after)]


@pytest.fixture
def store(tmp_path: Path) -> RecordStore:
    return RecordStore(tmp_path)


def test_only_what_is_new_or_different_is_kept(store: RecordStore) -> None:
    assert keep(store, 1, Kept("a", {"v": 1}), Kept("b", {"v": 1})) == [True, True]
    assert keep(store, 2, Kept("a", {"v": 1}), Kept("b", {"v": 2})) == [False, True]
    assert versions(store) == [("a", 1, 1, False), ("b", 2, 2, False)]
    assert versions(store, after=1) == [("b", 2, 2, False)]
    assert store.last_run() == 2
    assert store.count("deals") == 2


def test_every_version_stays_on_disk(store: RecordStore, tmp_path: Path) -> None:
    keep(store, 1, Kept("a", {"v": 1}))
    keep(store, 2, Kept("a", {"v": 2}))
    lines = [
        line
        for path in sorted(tmp_path.glob("deals/*.jsonl.gz"))
        for line in gzip.decompress(path.read_bytes()).decode().splitlines()
    ]
    assert len(lines) == 2


def test_within_a_night_an_older_version_does_not_win(store: RecordStore) -> None:
    """Pages shift while they are read: the same record comes twice, the older one later."""
    newer, older = Kept("a", {"v": 2}, DAY), Kept("a", {"v": 1}, DAY - timedelta(hours=1))
    assert keep(store, 1, newer, older) == [True, False]
    # On another night the system has gone back on it.
    assert keep(store, 2, older) == [True]
    assert versions(store) == [("a", 1, 2, False)]


def test_gone_and_back_again(store: RecordStore) -> None:
    keep(store, 1, Kept("a", {"v": 1}))
    keep(store, 2, Kept("a", {"v": 1}, gone=True))
    assert store.keys("deals") == set()
    assert store.keys("deals", gone=True) == {"a"}
    keep(store, 3, Kept("a", {"v": 1}))
    assert store.keys("deals") == {"a"}


def test_a_stream_is_kept_whole_or_not_at_all(store: RecordStore, tmp_path: Path) -> None:
    with pytest.raises(AttributeError):
        keep(store, 1, Kept("a", {"v": 1}), None)  # type: ignore[arg-type]
    assert store.count("deals") == 0
    assert list(tmp_path.glob("deals/*")) == []


def test_an_index_that_is_gone_is_made_anew(store: RecordStore, tmp_path: Path) -> None:
    keep(store, 1, Kept("a", {"v": 1}, DAY), Kept("b", {"v": 1, LINKS: [1]}))
    keep(store, 2, Kept("a", {"v": 2}, DAY), Kept("b", {"v": 1, LINKS: [1]}, gone=True))
    before = versions(store)
    store.close()
    (tmp_path / "index.sqlite").unlink()
    again = RecordStore(tmp_path)
    assert versions(again) == before
    assert again.keys("deals") == {"a"}
    assert keep(again, 3, Kept("a", {"v": 2}, DAY)) == [False]


def test_a_file_that_the_index_missed_is_caught_up_with(store: RecordStore, tmp_path: Path) -> None:
    """As after a kill between the file's renaming and the index's commit."""
    keep(store, 1, Kept("a", {"v": 1}))
    index = (tmp_path / "index.sqlite").read_bytes()
    keep(store, 2, Kept("a", {"v": 2}))
    store.close()
    (tmp_path / "index.sqlite").write_bytes(index)
    (tmp_path / "deals" / "00000003.jsonl.part").write_text("half a line")
    again = RecordStore(tmp_path)
    assert versions(again) == [("a", 2, 2, False)]
    assert not list(tmp_path.glob("deals/*.part"))


def test_records_that_are_gone_from_disk_are_gone_from_the_index(
    store: RecordStore, tmp_path: Path
) -> None:
    keep(store, 1, Kept("a", {"v": 1}))
    keep(store, 2, Kept("b", {"v": 1}))
    store.close()
    (tmp_path / "deals" / "00000001.jsonl.gz").unlink()
    assert RecordStore(tmp_path).keys("deals") == {"b"}


def test_links_that_changed_are_found(store: RecordStore) -> None:
    keep(store, 1, Kept("a", {LINKS: [1]}), Kept("b", {LINKS: [2]}), Kept("c", {}))
    assert store.changed_links("deals", {"a": [1], "b": [2, 3], "c": None}) == {"b"}


def test_half_a_surrogate_pair_is_replaced(store: RecordStore) -> None:
    keep(store, 1, Kept("a", {"v": "x\ud800y"}))
    assert versions(store) == [("a", "x\ufffdy", 1, False)]
    assert keep(store, 2, Kept("a", {"v": "x\ud800y"})) == [False]


def test_what_a_night_has_kept_it_can_read_back(store: RecordStore, tmp_path: Path) -> None:
    """A record changed before it was deleted: it comes, and is gone by the same night's census."""
    keep(store, 1, Kept("a", {"v": 1}), Kept("b", {"v": 1}))
    with store.writing("deals", 2) as writer:
        writer.keep(Kept("a", {"v": 2}))
        for kept in list(store.of_keys("deals", ["a", "b"])):
            writer.keep(Kept(kept.key, kept.record, gone=True))
    assert versions(store) == [("b", 1, 2, True), ("a", 2, 2, True)]
    assert versions(RecordStore(tmp_path)) == versions(store)


def test_a_file_that_lost_its_end_is_told(store: RecordStore, tmp_path: Path) -> None:
    keep(store, 1, *(Kept(f"{n}", {"v": n}) for n in range(100)))
    (path,) = tmp_path.glob("deals/*.jsonl.gz")
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(EOFError):
        versions(store)
