"""What every vendor's connector has to do, whichever it is: run over all that are found.

Longer than most: one list of cases, and each is short.

Those over HTTP are asked through servers that answer like the vendor (tests/sandbox).
"""

import copy
import csv
import gzip
import json
import logging
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from orchestration.connectors import discover
from orchestration.connectors.base import ConnectorError, UnansweredError
from orchestration.connectors.http import DeniedError
from orchestration.connectors.night import VendorConnector
from orchestration.landing.contract import load_contract
from orchestration.landing.stages import CONNECTORS_DIR
from tests.sandbox import sandbox, sandbox_names
from tests.sandbox.account import Account, Row, Rows, row_key
from tests.sandbox.company import SIZE, at, only, small_company
from tests.sandbox.night import Nights, expected, landed, only_held
from tests.sandbox.server import Fault, serving

VENDORS = sorted(
    name for name, connector in discover().items() if isinstance(connector, VendorConnector)
)
STREAMS = [
    (name, stream.name) for name in VENDORS for stream in getattr(discover()[name], "streams", ())
]
_ACCOUNTS = {
    name: sandbox(name).build_account(only(small_company(), {})) for name in sandbox_names()
}
OVER_HTTP = [name for name in _ACCOUNTS if _ACCOUNTS[name].OVER_HTTP]
LINKED = [name for name in OVER_HTTP if _ACCOUNTS[name].NEXT_AT]
DELETING = [name for name in _ACCOUNTS if _ACCOUNTS[name].NOTICES_DELETION]
STEPS = ("lead", "prospect", "opportunity", "won", "lost", "")
UNFILLED = "as long as this line stands, the contract test fails"
README_PARTS = ("## Settings", "## Rights", "## Limits", "## What it can't tell")


@pytest.fixture
def nights(
    request: pytest.FixtureRequest, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> Iterator[Nights]:
    """The vendor of the test's parameter, serving the small company three records a page.

    Whatever the test did, the secret is in no log and no file afterwards.
    """
    name = request.param
    caplog.set_level(logging.DEBUG)
    company = small_company()
    account: Account = sandbox(name).build_account(only(company, _ACCOUNTS[name].HOLDS))
    account.page_size = 3
    with serving(account) as server:
        spent = Nights(name, server, account, tmp_path)
        yield spent
    assert account.secret not in caplog.text
    for path in tmp_path.rglob("*"):
        if path.is_file():
            raw = path.read_bytes()
            content = gzip.decompress(raw) if path.suffix == ".gz" else raw
            assert account.secret.encode() not in content, path


def main_rows(nights: Nights) -> list[Row]:
    return list(nights.account.rows[nights.account.MAIN].values())


def stamp(entity: str) -> str:
    """What a change of a row, or a late row, is dated by."""
    return load_contract()[entity].latest_by or "started_at"


def add(nights: Nights, number: int, when: str) -> None:
    """One more row of MAIN, like its first, of this moment."""
    account = nights.account
    row = dict(main_rows(nights)[0])
    for name in load_contract()[account.MAIN].key:
        row[name] = f"{row[name]}{number:04d}"
    times = {
        column.name: when
        for column in load_contract()[account.MAIN].columns
        if column.kind == "time" and row.get(column.name)
    }
    account.put(
        account.MAIN, {**row, **times, **({"linked_id": None} if "linked_id" in row else {})}
    )


def change(nights: Nights, row: Row, **more: str) -> None:
    nights.account.put(nights.account.MAIN, {**row, **nights.account.CHANGED, **more})


def told_all(nights: Nights) -> bool:
    found, held = only_held(nights.account, nights.told), expected(nights.account)
    assert found == held
    return found == held


# On paper.


def test_every_vendor_has_something_that_answers_like_it() -> None:
    assert set(VENDORS) == set(sandbox_names())


@pytest.mark.parametrize("name", VENDORS)
def test_the_readme_says_what_is_needed(name: str) -> None:
    text = (CONNECTORS_DIR / name / "README.md").read_text()
    for part in README_PARTS:
        assert part in text, f"{name}/README.md has no {part!r}"
    assert UNFILLED not in text
    for setting in discover()[name].settings:
        assert f"TOUCHLINE_{name}_{setting.key}".upper() in text


@pytest.mark.parametrize("name", VENDORS)
def test_stages_mean_something(name: str) -> None:
    rows = list(csv.DictReader((CONNECTORS_DIR / name / "stages.csv").open()))
    keys = [(row["object_type"], row["native_stage"]) for row in rows]
    assert len(set(keys)) == len(keys)
    for row in rows:
        assert row["object_type"] in ("lead", "deal")
        assert row["funnel_step"] in STEPS
        assert row["is_excluded"] in ("true", "false")


def fixture_rows(name: str, stream_name: str) -> tuple[list[Rows], Any]:
    """The rows that each record of `fixtures/<stream>.json` is mapped to, and what they must be."""
    connector = discover()[name]
    assert isinstance(connector, VendorConnector)
    stream = next(one for one in connector.streams if one.name == stream_name)
    folder = CONNECTORS_DIR / name / "fixtures"
    records = json.loads((folder / f"{stream_name}.json").read_text())
    wanted = json.loads((folder / f"{stream_name}.rows.json").read_text())
    mapped: list[Rows] = [
        {entity: [dict(row) for row in rows] for entity, rows in stream.to_rows(one, {}).items()}
        for one in records
    ]
    assert records
    return mapped, wanted


@pytest.mark.parametrize(("name", "stream"), STREAMS)
def test_recorded_answers_become_the_rows_that_they_must(name: str, stream: str) -> None:
    mapped, wanted = fixture_rows(name, stream)
    assert mapped == wanted


@pytest.mark.parametrize(("name", "stream"), STREAMS)
def test_rows_are_as_the_contract_says(name: str, stream: str) -> None:
    connector = discover()[name]
    assert isinstance(connector, VendorConnector)
    declared = next(one.entities for one in connector.streams if one.name == stream)
    for entity, row in (
        (entity, row)
        for record in fixture_rows(name, stream)[0]
        for entity, rows in record.items()
        for row in rows
    ):
        assert entity in declared
        columns = {column.name: column for column in load_contract()[entity].columns}
        assert set(row) <= set(columns)
        assert all(row.get(name) for name, column in columns.items() if column.required), row
        for column, value in row.items():
            assert value is None or (isinstance(value, str) and value == value.strip() != ""), row
            assert value is None or not columns[column].values or value in columns[column].values


def told_stages(name: str) -> list[Row]:
    """What the recorded answers say of stages themselves."""
    folder = CONNECTORS_DIR / name / "fixtures"
    return [
        row
        for stream in getattr(discover()[name], "streams", ())
        if stream.to_stages
        for record in json.loads((folder / f"{stream.name}.json").read_text())
        for row in stream.to_stages(record)
    ]


@pytest.mark.parametrize("name", VENDORS)
def test_every_stage_of_the_recorded_answers_is_mapped(name: str) -> None:
    with (CONNECTORS_DIR / name / "stages.csv").open() as handle:
        known: set[tuple[str | None, str | None]] = {
            (row["object_type"], row["native_stage"]) for row in csv.DictReader(handle)
        }
    known |= {(row["object_type"], row["native_stage"]) for row in told_stages(name)}
    found: set[tuple[str | None, str | None]] = set()
    for stream in getattr(discover()[name], "streams", ()):
        for record in fixture_rows(name, stream.name)[0]:
            found |= {("lead", row["status"]) for row in record.get("crm/leads", ())}
            found |= {("deal", row["stage"]) for row in record.get("crm/deals", ())}
            found |= {
                (row["object_type"], row["stage"]) for row in record.get("crm/stage_changes", ())
            }
    assert found - known == set()


# Night after night.


@pytest.mark.parametrize("nights", _ACCOUNTS, indirect=True)
def test_the_first_night_brings_everything(nights: Nights) -> None:
    nights.spend()
    assert len(nights.told[nights.account.MAIN]) == SIZE
    assert told_all(nights)


@pytest.mark.parametrize("nights", _ACCOUNTS, indirect=True)
def test_a_night_brings_only_what_changed(nights: Nights) -> None:
    nights.spend()
    assert not nights.spend().get(nights.account.MAIN)
    row = main_rows(nights)[4]
    change(nights, row)
    add(nights, 1, at(13))
    told = nights.spend()
    assert len(told[nights.account.MAIN]) == 2
    assert told_all(nights)


@pytest.mark.parametrize("nights", _ACCOUNTS, indirect=True)
def test_a_night_that_died_is_asked_for_again_from_any_state(nights: Nights) -> None:
    states, landings = [], []
    for day in (13, 14, 15):
        nights.spend()
        states.append(copy.deepcopy(dict(nights.state)))
        landings.append(copy.deepcopy(nights.told))
        add(nights, day, at(day))
        # It asks and keeps what it is told, but nothing of it lands.
        nights.ask()
    for state, told in zip(states, landings, strict=True):
        nights.told = landed(told, nights.ask(state=state))
        assert told_all(nights)


@pytest.mark.parametrize("nights", _ACCOUNTS, indirect=True)
def test_a_state_of_the_future_loses_nothing(nights: Nights) -> None:
    nights.spend()
    state = copy.deepcopy(dict(nights.state))
    for stream in state["streams"].values():
        if stream["cursor"]:
            stream["cursor"] = "2099-01-01T00:00:00Z"
    nights.state = state
    add(nights, 1, at(13))
    nights.spend()
    assert told_all(nights)


@pytest.mark.parametrize("nights", _ACCOUNTS, indirect=True)
def test_a_row_of_the_future_does_not_move_the_cursor(nights: Nights) -> None:
    add(nights, 1, "2099-01-01T00:00:00+00:00")
    nights.spend()
    nights.account.remove(nights.account.MAIN, *row_key(nights.account.MAIN, main_rows(nights)[-1]))
    nights.more_settings = {"max_vanished_share": "1"}
    for day in (13, 14):
        add(nights, day, at(day))
        nights.spend()
    held = expected(nights.account)[nights.account.MAIN]
    found = only_held(nights.account, nights.told)[nights.account.MAIN]
    assert {key: found.get(key) for key in held} == held


@pytest.mark.parametrize("nights", _ACCOUNTS, indirect=True)
def test_everything_over_again_is_the_same_set(nights: Nights) -> None:
    first = nights.spend(full=True)
    second = nights.spend(full=True)
    assert first == second
    assert told_all(nights)


@pytest.mark.parametrize("nights", _ACCOUNTS, indirect=True)
def test_many_rows_of_one_moment_all_come(nights: Nights) -> None:
    nights.spend()
    for number in range(8):
        add(nights, number, at(13))
    nights.spend()
    for number in range(8, 15):
        add(nights, number, at(13))
    nights.spend()
    assert told_all(nights)


@pytest.mark.parametrize("nights", _ACCOUNTS, indirect=True)
def test_what_comes_late_is_found(nights: Nights) -> None:
    """Dated before the latest that was seen, by less than the look-back."""
    nights.spend()
    add(nights, 1, at(10.5))
    change(nights, main_rows(nights)[8])
    nights.spend()
    assert told_all(nights)


@pytest.mark.parametrize("nights", DELETING, indirect=True)
def test_what_was_deleted_is_told_so(nights: Nights) -> None:
    nights.spend()
    key = row_key(nights.account.MAIN, main_rows(nights)[2])
    nights.account.remove(nights.account.MAIN, *key)
    told = nights.spend()[nights.account.MAIN]
    assert [row.get("is_deleted") for row in told.values()] == ["true"]
    assert (
        nights.told[nights.account.MAIN].keys()
        > expected(nights.account)[nights.account.MAIN].keys()
    )


# When things go wrong.


@pytest.mark.parametrize("nights", OVER_HTTP, indirect=True)
@pytest.mark.parametrize(
    "fault",
    [
        Fault("status", times=2, status=500),
        Fault("status", status=503, skip=1),
        Fault("stall", skip=1),
        Fault("truncate", skip=1),
        Fault("html", skip=1),
        Fault("body", skip=1),
    ],
    ids=lambda fault: fault.kind,
)
def test_a_passing_fault_costs_nothing(nights: Nights, fault: Fault) -> None:
    nights.sandbox.faults = [copy.copy(fault)]
    nights.spend()
    assert nights.sandbox.faults[0].times == 0
    assert told_all(nights)


@pytest.mark.parametrize("nights", OVER_HTTP, indirect=True)
def test_it_waits_as_long_as_it_is_told_to(nights: Nights) -> None:
    nights.sandbox.faults = [Fault("status", status=429, headers={"Retry-After": "1"})]
    began = time.monotonic()
    nights.spend()
    assert time.monotonic() - began >= 1
    assert told_all(nights)


@pytest.mark.parametrize("nights", OVER_HTTP, indirect=True)
@pytest.mark.parametrize(
    "fault",
    [
        Fault("status", times=1000, status=500),
        Fault("html", times=1000),
        Fault("body", times=1000),
        Fault("truncate", times=1000),
    ],
    ids=lambda fault: fault.kind,
)
def test_a_fault_that_lasts_stops_the_night_and_loses_nothing(nights: Nights, fault: Fault) -> None:
    nights.spend()
    add(nights, 1, at(13))
    nights.sandbox.faults = [copy.copy(fault)]
    with pytest.raises(UnansweredError):
        nights.spend()
    nights.sandbox.faults = []
    nights.spend()
    assert told_all(nights)


@pytest.mark.parametrize("nights", OVER_HTTP, indirect=True)
@pytest.mark.parametrize("kind", ["empty_page", "null_page"])
def test_an_answer_cut_short_does_not_look_like_a_short_answer(nights: Nights, kind: Any) -> None:
    nights.sandbox.faults = [Fault(kind, where=nights.account.is_next_page)]
    with pytest.raises(UnansweredError):
        nights.spend()
    nights.spend()
    assert told_all(nights)


@pytest.mark.parametrize("nights", LINKED, indirect=True)
def test_a_page_that_leads_to_itself_ends(nights: Nights) -> None:
    nights.sandbox.faults = [Fault("self_link", where=nights.account.is_next_page, times=1000)]
    with pytest.raises(UnansweredError):
        nights.spend()
    nights.sandbox.faults = []
    nights.spend()
    assert told_all(nights)


@pytest.mark.parametrize("nights", OVER_HTTP, indirect=True)
def test_records_that_come_twice_are_told_once(nights: Nights) -> None:
    nights.sandbox.faults = [nights.account.page_fault("repeat", times=1000)]
    delivery = nights.ask()
    lines = [
        line
        for path in delivery.files[nights.account.MAIN]
        for line in path.read_text().splitlines()
    ]
    assert len(lines) == len(set(lines)) == SIZE


@pytest.mark.parametrize("nights", OVER_HTTP, indirect=True)
def test_an_empty_answer_replaces_nothing(nights: Nights) -> None:
    nights.spend()
    before = copy.deepcopy(nights.told)
    account = nights.account
    kept, account.rows = account.rows, {entity: {} for entity in account.rows}
    with pytest.raises(UnansweredError):
        nights.spend(full=True)
    account.rows = kept
    nights.spend(full=True)
    assert nights.told == before


@pytest.mark.parametrize("nights", [n for n in DELETING if n in OVER_HTTP], indirect=True)
def test_half_of_all_do_not_vanish_in_a_night(nights: Nights) -> None:
    nights.spend()
    for row in main_rows(nights)[:6]:
        nights.account.remove(nights.account.MAIN, *row_key(nights.account.MAIN, row))
    with pytest.raises(UnansweredError, match=r"would vanish.*MAX_VANISHED_SHARE"):
        nights.spend()
    nights.more_settings = {"max_vanished_share": "1"}
    told = nights.spend()[nights.account.MAIN]
    assert sum(row.get("is_deleted") == "true" for row in told.values()) == 6


@pytest.mark.parametrize("nights", OVER_HTTP, indirect=True)
@pytest.mark.parametrize("status", [401, 403])
def test_a_token_that_is_no_good_is_told_by_its_setting(nights: Nights, status: int) -> None:
    nights.spend()
    nights.account.denied = status
    with pytest.raises(DeniedError) as caught:
        nights.spend()
    assert f"TOUCHLINE_{nights.connector.name.upper()}_" in str(caught.value)
    assert nights.account.secret not in repr(caught.value)
    assert caught.value.__context__ is None
    assert caught.value.__cause__ is None
    nights.account.denied = None
    nights.spend()
    assert told_all(nights)


@pytest.mark.parametrize("nights", OVER_HTTP, indirect=True)
def test_a_wrong_token_is_no_empty_account(nights: Nights) -> None:
    url = nights.sandbox.url
    right = nights.account.settings(url)
    secrets = [one.key for one in nights.connector.settings if one.secret]
    nights.more_settings = {
        key: value.replace(nights.account.secret, "SECRET-MARKER-of-somebody-else")
        for key, value in right.items()
        if key in secrets
    }
    assert nights.more_settings
    with pytest.raises(ConnectorError) as caught:
        nights.spend()
    assert "SECRET-MARKER" not in str(caught.value)
    assert f"TOUCHLINE_{nights.connector.name.upper()}_" in str(caught.value)
