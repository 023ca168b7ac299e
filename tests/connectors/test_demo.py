"""The demo company: made the same whichever way, within the contract, and true to its own truth.

Longer than most: all of it looks at the same two made companies.
"""

from __future__ import annotations

import ast
import csv
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import phonenumbers
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from orchestration.connectors.base import ConnectorError, Context, Delivery
from orchestration.connectors.demo import CONNECTOR, phones
from orchestration.connectors.demo.company import SPAN_DAYS, Company, parse_company
from orchestration.connectors.demo.deals import STAGES
from orchestration.connectors.demo.draws import DAY, NEVER
from orchestration.connectors.demo.lead_rows import STATUSES
from orchestration.connectors.demo.unit import build_unit, crm_arrivals

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "orchestration/connectors/demo"
SMALL = {"leads": "240", "days": "70", "start_day": "2026-06-28"}
NIGHTS = 10
Row = dict[str, Any]


def contract() -> dict[str, dict[str, dict[str, Any]]]:
    """Entity -> column -> what the contract says of it."""
    found = {}
    for path in sorted((ROOT / "dbt_project/models/staging").glob("*/_*__sources.yml")):
        for source in yaml.safe_load(path.read_text())["sources"]:
            for table in source["tables"]:
                entity = table.get("config", {}).get("meta", {}).get("entity")
                if entity:
                    found[entity] = {
                        column["name"]: column.get("config", {}).get("meta", {})
                        for column in table["columns"]
                    }
    return found


def night(workdir: Path, settings: Row, state: Row | None = None, **more: Any) -> Delivery:
    return CONNECTOR.extract(Context(settings, state or {}, workdir, **more))


def rows_of(delivery: Delivery, entity: str) -> list[Row]:
    return [
        row for path in delivery.files.get(entity, ()) for row in pq.read_table(path).to_pylist()
    ]


def truth_of(workdir: Path, table: str, day: str = "*") -> list[Row]:
    paths = sorted((workdir / "truth").glob(f"{day}/{table}*.parquet"))
    return [row for path in paths for row in pq.read_table(path).to_pylist()]


def moment(text: str | None) -> datetime:
    try:
        found = datetime.fromisoformat(text or "")
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def final(deliveries: list[Delivery]) -> dict[str, dict[tuple[Any, ...], Row]]:
    """The latest row of each key: by updated_at, then by order of delivery."""
    company: dict[str, dict[tuple[Any, ...], Row]] = {}
    for entity, columns in contract().items():
        key = [name for name, meta in columns.items() if meta.get("key")]
        latest: dict[tuple[Any, ...], Row] = {}
        for delivery in deliveries:
            for row in rows_of(delivery, entity):
                name = tuple(row[column] for column in key)
                before = latest.get(name)
                if before is None or moment(row.get("updated_at")) >= moment(
                    before.get("updated_at")
                ):
                    latest[name] = row
        company[entity] = latest
    return company


@pytest.fixture(scope="module")
def default(tmp_path_factory: pytest.TempPathFactory) -> tuple[Delivery, Path]:
    """The first night of the company of default size."""
    workdir = tmp_path_factory.mktemp("default")
    return night(workdir, {}), workdir


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Delivery], Path]:
    """The history and two weeks of nights."""
    workdir = tmp_path_factory.mktemp("nights")
    deliveries = [night(workdir, SMALL)]
    for _ in range(NIGHTS):
        deliveries.append(night(workdir, SMALL, dict(deliveries[-1].state)))
    return deliveries, workdir


def test_every_entity_is_there_as_text_within_the_contract(
    default: tuple[Delivery, Path],
) -> None:
    delivery, _ = default
    entities = contract()
    assert set(delivery.files) == set(entities)
    for entity, paths in delivery.files.items():
        for path in paths:
            schema = pq.read_schema(path)
            assert set(schema.names) <= set(entities[entity])
            required = {name for name, meta in entities[entity].items() if meta.get("required")}
            assert required <= set(schema.names)
            assert {str(kind) for kind in schema.types} == {"string"}
        names = [str(path.relative_to(delivery.root)) for path in paths]
        assert names == sorted(names)


def test_nights_one_by_one_make_the_same_company_as_one_night(
    nights: tuple[list[Delivery], Path], tmp_path: Path
) -> None:
    deliveries, _ = nights
    state = dict(deliveries[-1].state)
    assert state == {"day": "2026-07-08"}
    again = night(tmp_path, SMALL, state, full_refresh=True)
    assert again.state == state
    one_by_one, at_once = final(deliveries), final([again])
    for entity, rows in at_once.items():
        assert rows == one_by_one[entity], entity


def test_a_full_refresh_without_state_does_not_fall_back_in_time(
    nights: tuple[list[Delivery], Path], tmp_path: Path
) -> None:
    _, workdir = nights
    for day in sorted(path.name for path in (workdir / "drop").iterdir()):
        (tmp_path / "drop" / day).mkdir(parents=True)
    assert night(tmp_path, SMALL, full_refresh=True).state == {"day": "2026-07-08"}


def test_same_settings_make_the_same_bytes_and_another_seed_other_ones(tmp_path: Path) -> None:
    first, second, other = (
        night(tmp_path / name, {**SMALL, "seed": seed})
        for name, seed in (("a", "7"), ("b", "7"), ("c", "8"))
    )
    bytes_of = [
        {
            str(path.relative_to(delivery.root)): path.read_bytes()
            for paths in delivery.files.values()
            for path in paths
        }
        for delivery in (first, second, other)
    ]
    assert bytes_of[0] == bytes_of[1]
    assert bytes_of[0] != bytes_of[2]


def test_a_night_brings_its_day_and_some_late_rows(nights: tuple[list[Delivery], Path]) -> None:
    deliveries, _ = nights
    start = date.fromisoformat(SMALL["start_day"])
    waits: Counter[int] = Counter()
    for number, delivery in enumerate(deliveries[1:], start=1):
        for row in rows_of(delivery, "crm/activities"):
            if row["activity_id"].startswith("A"):
                happened = max(moment(row["started_at"]), moment(row["updated_at"]))
                waits[(start + timedelta(days=number) - happened.astimezone(UTC).date()).days] += 1
    assert set(waits) <= set(range(7))
    assert waits[0] + waits[1] > 0.9 * waits.total()
    assert sum(waits[days] for days in range(2, 7)) > 0
    changed = Counter(
        entity
        for delivery in deliveries[1:]
        for entity in ("crm/reps", "crm/quotas", "crm/leads", "crm/deals", "crm/owner_changes")
        if rows_of(delivery, entity)
    )
    assert changed["crm/leads"] == NIGHTS
    assert changed["crm/quotas"] == 1


def test_about_ten_touches_a_lead(default: tuple[Delivery, Path]) -> None:
    delivery, workdir = default
    touches = truth_of(workdir, "touch_leads")
    assert 16_000 < len(touches) < 23_000
    core = {row["lead_id"] for row in rows_of(delivery, "crm/leads") if row["lead_id"][-1] == "0"}
    assert len({lead for lead in core if lead.startswith("L")}) in range(1_960, 2_001)
    assert len(rows_of(delivery, "crm/reps")) == 12
    assert {row["team"] for row in rows_of(delivery, "crm/reps")} == {
        "Inbound desk",
        "Field sales",
        "Key accounts",
    }


def test_what_the_truth_names_exists(default: tuple[Delivery, Path]) -> None:
    delivery, workdir = default
    activities = {row["activity_id"]: row for row in rows_of(delivery, "crm/activities")}
    calls: dict[str, list[Row]] = {}
    for leg in rows_of(delivery, "telephony/calls"):
        if leg["call_id"].startswith("T"):
            calls.setdefault(leg["linked_id"] or leg["call_id"], []).append(leg)
    pairs = truth_of(workdir, "pairs")
    assert len({pair["activity_id"] for pair in pairs}) == len(pairs)
    assert len({pair["call_key"] for pair in pairs}) == len(pairs)
    for pair in pairs:
        activity, legs = activities[pair["activity_id"]], calls[pair["call_key"]]
        start = min(moment(leg["started_at"]) for leg in legs)
        assert abs((moment(activity["started_at"]) - start).total_seconds()) <= 90
        assert {leg["direction"] for leg in legs} == {activity["direction"]}
        named = activity["telephony_call_id"]
        assert bool(named) == pair["is_explicit"]
        assert not named or named in {pair["call_key"], *(leg["call_id"] for leg in legs)}

    leads = {row["lead_id"] for row in rows_of(delivery, "crm/leads")}
    paths = {row["lead_id"] for row in truth_of(workdir, "lead_paths")}
    touches = truth_of(workdir, "touch_leads")
    assert paths == {lead for lead in leads if not lead.startswith("X")}
    for touch in touches:
        assert touch["activity_id"] or touch["call_key"]
        assert touch["activity_id"] in activities or touch["activity_id"] is None
        assert touch["call_key"] in calls or touch["call_key"] is None
        assert touch["lead_id"] is None or touch["lead_id"] in leads or not touch["decidable"]
    assert len({(t["activity_id"], t["call_key"]) for t in touches}) == len(touches)
    both = {
        (t["activity_id"], t["call_key"]) for t in touches if t["activity_id"] and t["call_key"]
    }
    assert both == {(pair["activity_id"], pair["call_key"]) for pair in pairs}


def test_every_good_row_refers_to_something(default: tuple[Delivery, Path]) -> None:
    delivery, _ = default
    entities = contract()
    ids = {
        entity: {row[name] for row in rows_of(delivery, entity)}
        for entity, columns in entities.items()
        for name in [next(column for column, meta in columns.items() if meta.get("key"))]
    }
    for entity, columns in entities.items():
        for column, meta in columns.items():
            target = meta.get("references")
            if target not in ids:
                continue
            named = [row[column] for row in rows_of(delivery, entity) if row.get(column)]
            dangling = sum(name not in ids[target] for name in named)
            # Rows whose lead is late by some days, and those that are broken on purpose.
            assert dangling <= max(2, 0.01 * len(named)), (entity, column, dangling)


def test_paths_are_those_of_the_stage_history(default: tuple[Delivery, Path]) -> None:
    delivery, workdir = default
    history: dict[tuple[str, str], datetime] = {}
    for row in rows_of(delivery, "crm/stage_changes"):
        if row["object_type"] and row["object_id"][0] in "LD":
            name = (row["object_id"], row["stage"])
            history[name] = max(moment(row["changed_at"]), history.get(name, moment(None)))
    won = 0
    for path in truth_of(workdir, "lead_paths"):
        deal = f"D{int(path['lead_id'][1:]) * 10:012d}"
        if path["won_at"]:
            won += 1
            assert history[deal, "won"] == path["won_at"].replace(tzinfo=UTC)
            assert path["prospect_at"] <= path["opportunity_at"] <= path["won_at"]
        if path["opportunity_at"]:
            opened = path["opportunity_at"].replace(tzinfo=UTC)
            assert history[deal, "qualification"] == opened
            assert history[path["lead_id"], "converted"] == opened
        assert not (path["won_at"] and path["lost_at"])
    assert won > 60


def test_shares_of_dirt(default: tuple[Delivery, Path]) -> None:
    delivery, workdir = default
    pairs = truth_of(workdir, "pairs")
    touches = truth_of(workdir, "touch_leads")
    assert 0.36 < share(pair["is_explicit"] for pair in pairs) < 0.44
    assert 0.93 < share(pair["decidable"] for pair in pairs) < 1
    assert 0.9 < share(touch["decidable"] for touch in touches) < 0.99
    calls = [touch for touch in touches if touch["kind"] == "call"]
    assert 0.08 < share(not touch["call_key"] for touch in calls) < 0.18
    assert 0.08 < share(not touch["activity_id"] for touch in calls) < 0.2
    times = [row["started_at"] for row in rows_of(delivery, "crm/activities")]
    assert 0.6 < share(time.endswith("Z") for time in times) < 0.8
    assert 0.1 < share(time.endswith("+03:00") for time in times) < 0.25

    legs = Counter(row["linked_id"] for row in rows_of(delivery, "telephony/calls"))
    assert max(count for call, count in legs.items() if call) >= 4
    directions = Counter(row["direction"] for row in rows_of(delivery, "telephony/calls"))
    assert directions["internal"] > 100
    leads = rows_of(delivery, "crm/leads")
    assert {row["status"] for row in leads} >= set(STATUSES)
    for column, wanted in (("merged_into_id", 20), ("is_deleted", 5)):
        assert sum(row[column] not in (None, "false") for row in leads) >= wanted
    assert sum(row["contact_id"] is None for row in leads) > 30
    contacts = {
        row["contact_id"]: row["merged_into_id"] for row in rows_of(delivery, "crm/contacts")
    }
    assert any(contacts.get(heir) for heir in contacts.values()), "a chain of merges"
    deals = rows_of(delivery, "crm/deals")
    assert {row["stage"] for row in deals} >= set(STAGES)
    assert any(row["stage"] == "won" and row["amount"] is None for row in deals)
    assert {"RUB", "USD", "GBP", "EUR"} <= {row["currency"] for row in deals}
    answered = [path["first_contact_at"] for path in truth_of(workdir, "lead_paths")]
    assert 0.02 < share(found is None for found in answered) < 0.3


def share(flags: Any) -> float:
    values = [bool(flag) for flag in flags]
    return sum(values) / len(values)


def test_bad_rows_are_few_and_counted(default: tuple[Delivery, Path]) -> None:
    delivery, workdir = default
    counted: Counter[str] = Counter()
    repeated: Counter[str] = Counter()
    for row in truth_of(workdir, "bad_rows"):
        (repeated if row["rule"] == "repeated_row" else counted)[row["entity"]] += row["count"]
    keys = {
        entity: next(column for column, meta in columns.items() if meta.get("key"))
        for entity, columns in contract().items()
    } | {"crm/stage_changes": "object_id", "crm/owner_changes": "object_id"}
    for entity, key in keys.items():
        rows = rows_of(delivery, entity)
        assert sum(row[key].startswith("X") for row in rows) == counted[entity], entity
        assert counted[entity] <= 0.01 * len(rows) + 1
    assert counted.total() > 100
    assert repeated["crm/activities"] > 10


def test_two_calls_are_seldom_near_enough_to_be_taken_for_one(
    default: tuple[Delivery, Path],
) -> None:
    _, workdir = default
    by_lead: dict[tuple[str, str], list[datetime]] = {}
    for touch in truth_of(workdir, "touch_leads"):
        if touch["kind"] == "call" and touch["survivor_lead_id"]:
            key = (touch["survivor_lead_id"], touch["direction"])
            by_lead.setdefault(key, []).append(touch["started_at"])
    gaps = [
        (later - earlier).total_seconds()
        for times in map(sorted, by_lead.values())
        for earlier, later in pairwise(times)
    ]
    assert share(gap < 240 for gap in gaps) < 0.005


def test_telephone_numbers_are_valid_distinct_and_spelled_in_many_ways() -> None:
    keys = np.concatenate([np.arange(3_000), np.arange(9_000_000, 9_003_000)])
    values = phones.numbers(keys, keys % 3)
    assert len(np.unique(values)) == len(values)
    for spelled in (phones.spelled_by_people, phones.spelled_by_switch):
        texts = spelled(values, keys).to_pylist()
        for value, text in zip(values.tolist(), texts, strict=True):
            plain = "+" + text[2:] if text.startswith("00") else text
            number = phonenumbers.parse(plain, "RU")
            assert phonenumbers.is_valid_number(number), text
            assert number.country_code == (7, 1, 44)[value // 10**10], text
            assert number.national_number == value % 10**10, text
    shapes = {"".join("9" if sign.isdigit() else sign for sign in text) for text in texts}
    people = phones.spelled_by_people(values, keys).to_pylist()
    shapes |= {"".join("9" if sign.isdigit() else sign for sign in text) for text in people}
    assert len(shapes) > 15
    assert any("доб." in text for text in people)
    assert any("\N{NO-BREAK SPACE}" in text for text in people)


def test_nothing_of_a_lead_comes_after_its_span() -> None:
    company = Company(leads=40_000, seed=3, start_day=20_600, days=60)
    unit = build_unit(company, 1)
    created = unit.leads.created[unit.leads.core] // DAY
    # Five days late at most, and what is mended within four days after that.
    last = crm_arrivals(unit.touches) + 5 - created[unit.touches.lead]
    deals = unit.deals
    events = np.concatenate([deals.times, deals.corrected_at[:, None]], axis=1)
    closed = np.where(events < NEVER, events, 0).max(axis=1) // DAY + 5 - created[deals.lead]
    assert max(last.max(), closed.max()) < SPAN_DAYS


def test_leads_of_a_day_do_not_depend_on_the_nights_before() -> None:
    company = parse_company(SMALL)
    days = np.arange(company.first_day, company.first_day + 400)
    counts = np.diff(company.leads_before(days))
    assert counts.min() >= 0
    assert company.leads_before(np.array([company.start_day + 1]))[0] == 240
    numbers = np.arange(600)
    created = company.created_days(numbers)
    assert (company.leads_before(created) <= numbers).all()
    assert (company.leads_before(created + 1) > numbers).all()


def test_skill_and_speed_show(tmp_path: Path) -> None:
    night(tmp_path, {"leads": "12000", "days": "200"})
    paths = truth_of(tmp_path, "lead_paths")
    reps = {row["rep_id"]: row for row in truth_of(tmp_path, "reps")}
    rates = {}
    for opener in (0.5, 1.0, 1.7):
        of = [p for p in paths if reps[p["first_owner_rep_id"]]["opener_skill"] == opener]
        offered = [p for p in of if p["opportunity_at"]]
        rates[opener] = (share(p["prospect_at"] for p in of), share(p["won_at"] for p in offered))
    assert rates[0.5][0] < rates[1.0][0] < rates[1.7][0]
    assert rates[1.7][1] < 0.75 * rates[0.5][1], "who opens well closes badly"
    waits = [
        (bool(p["prospect_at"]), min(found) - p["clock_started_at"])
        for p in paths
        if p["is_inquiry"]
        and (found := [t for t in (p["first_attempt_at"], p["first_contact_at"]) if t])
    ]
    fast = share(prospect for prospect, wait in waits if wait <= timedelta(hours=1))
    slow = share(prospect for prospect, wait in waits if wait > timedelta(hours=1))
    assert fast > 1.3 * slow


def test_its_stages_are_those_of_the_files_connector() -> None:
    with (FOLDER / "stages.csv").open(newline="") as stream:
        stages = list(csv.DictReader(stream))
    with (FOLDER.parent / "files/stages.csv").open(newline="") as stream:
        assert stages == list(csv.DictReader(stream))
    assert {row["native_stage"] for row in stages} == {*STATUSES, *STAGES}


@pytest.mark.parametrize(
    "wrong", [{"leads": "many"}, {"leads": "0"}, {"start_day": "30.06.2026"}, {"seed": "-1"}]
)
def test_a_wrong_setting_is_told(wrong: Row, tmp_path: Path) -> None:
    with pytest.raises(ConnectorError, match="demo: "):
        night(tmp_path, wrong)


def test_it_needs_neither_dagster_dbt_great_expectations_nor_duckdb() -> None:
    allowed = {"numpy", "pyarrow", "orchestration"}
    for path in FOLDER.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
                if names[0].startswith("orchestration"):
                    assert names[0].startswith("orchestration.connectors."), path
            for name in names:
                top = name.split(".")[0]
                assert top in allowed or top in STANDARD, (path, name)


STANDARD = {
    "collections",
    "dataclasses",
    "datetime",
    "functools",
    "pathlib",
    "shutil",
    "typing",
    "zoneinfo",
}


def test_a_file_holds_words_as_plain_strings(default: tuple[Delivery, Path]) -> None:
    delivery, _ = default
    table = pq.read_table(delivery.files["crm/leads"][0])
    assert table.schema.field("status").type == pa.string()
