"""The drop folder: which files it hands over, in which order, and when again."""

import os
from pathlib import Path

import pytest

from orchestration.connectors.base import ConnectorError, Context, Delivery
from orchestration.connectors.files import CONNECTOR
from orchestration.landing.contract import load_contract
from orchestration.landing.stages import CONNECTORS_DIR


def deliver(
    folder: Path, state: object = None, *, full_refresh: bool = False, **settings: str
) -> Delivery:
    given = {"path": str(folder), **settings}
    kept = state if isinstance(state, dict) else {}
    return CONNECTOR.extract(Context(given, kept, folder, full_refresh))


def names(delivery: Delivery, entity: str) -> list[str]:
    return [path.name for path in delivery.files[entity]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in (
        "leads.csv",
        "leads-2.csv",
        "leads-10.jsonl",
        "leads-old.PARQUET",
        "leads-2.ndjson",
    ):
        _touch(tmp_path / "crm" / name)
    for name in ("leads.csv.bak", "leadsx.csv", "leads.xlsx", ".leads.csv", "deals.txt"):
        _touch(tmp_path / "crm" / name)
    _touch(tmp_path / "telephony" / "calls-2025-03.csv")
    return tmp_path


def _touch(path: Path) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text("x")


def test_every_entity_of_the_contract_is_looked_for(folder: Path) -> None:
    assert set(deliver(folder).files) == set(load_contract())


def test_an_entitys_files_are_found_by_name(folder: Path) -> None:
    """`leads.csv` first, then `leads-<anything>` by name; what is no such file is left alone."""
    delivery = deliver(folder)
    found = names(delivery, "crm/leads")
    assert found == [
        "leads.csv",
        "leads-10.jsonl",
        "leads-2.csv",
        "leads-2.ndjson",
        "leads-old.PARQUET",
    ]
    assert names(delivery, "telephony/calls") == ["calls-2025-03.csv"]
    assert names(delivery, "crm/deals") == []
    assert delivery.root == folder


def test_a_collaterals_events_are_not_collateral(tmp_path: Path) -> None:
    _touch(tmp_path / "crm" / "collateral_events.csv")
    _touch(tmp_path / "crm" / "collateral-1.csv")
    delivery = deliver(tmp_path)
    assert names(delivery, "crm/collateral") == ["collateral-1.csv"]
    assert names(delivery, "crm/collateral_events") == ["collateral_events.csv"]


def test_only_what_is_new_or_changed_comes_again(folder: Path) -> None:
    first = deliver(folder)
    assert not any(deliver(folder, first.state).files.values())
    changed = folder / "crm" / "leads-2.csv"
    changed.write_text("xy")
    touched = folder / "crm" / "leads.csv"
    os.utime(touched, ns=(1, 1))
    _touch(folder / "crm" / "leads-3.csv")
    second = deliver(folder, first.state)
    assert names(second, "crm/leads") == ["leads.csv", "leads-2.csv", "leads-3.csv"]
    assert not any(deliver(folder, second.state).files.values())


def test_a_file_that_was_taken_out_stays_known(folder: Path) -> None:
    first = deliver(folder)
    gone = folder / "crm" / "leads-2.csv"
    content, times = gone.read_text(), gone.stat()
    gone.unlink()
    second = deliver(folder, first.state)
    gone.write_text(content)
    os.utime(gone, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert not any(deliver(folder, second.state).files.values())


def test_a_full_refresh_brings_everything(folder: Path) -> None:
    state = deliver(folder).state
    assert len(names(deliver(folder, state, full_refresh=True), "crm/leads")) == 5


def test_zone_and_encoding_are_handed_on(folder: Path) -> None:
    plain = deliver(folder)
    assert (plain.time_zone, plain.encoding) == ("UTC", "utf-8")
    told = deliver(folder, time_zone="Europe/Moscow", encoding="windows-1251")
    assert (told.time_zone, told.encoding) == ("Europe/Moscow", "windows-1251")


def test_a_folder_that_is_none_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConnectorError, match="TOUCHLINE_FILES_PATH"):
        deliver(tmp_path / "nowhere")
    with pytest.raises(ConnectorError, match=r"nothing like crm/leads\.csv"):
        deliver(tmp_path)


def test_its_stages_are_those_of_the_landing_contract() -> None:
    """LANDING.md, "native stages, as mapped by default"."""
    lines = (CONNECTORS_DIR / "files" / "stages.csv").read_text().splitlines()[1:]
    found = {tuple(line.split(",")[:2]): tuple(line.split(",")[2:]) for line in lines}
    wanted = {
        "lead": {"lead": "new working", "prospect": "qualified converted", "lost": "disqualified"},
        "deal": {"opportunity": "qualification proposal negotiation", "won": "won", "lost": "lost"},
    }
    assert found == {
        **{
            (kind, stage): (step, "false")
            for kind, steps in wanted.items()
            for step, stages in steps.items()
            for stage in stages.split()
        },
        **{("lead", stage): ("", "true") for stage in ("spam", "duplicate", "test")},
    }
