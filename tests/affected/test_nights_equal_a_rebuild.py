"""Night by night, what is brought up to date in place is what a rebuild makes, to the last digit.

`TOUCHLINE_TEST_NIGHTS=50` tries more worlds than the suite's few.
"""

import csv
import os
import random
import shutil
from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.kpis.warehouse import land_folder, open_warehouse, transform, transform_night
from tests.reference.worlds import World, random_world, write_world

_TIMES = int(os.environ.get("TOUCHLINE_TEST_NIGHTS", "4"))
_NIGHTS = 6
_LEFT_OUT = ("kpi_scorecard",)
"""Some seconds a night, of nothing but the other tables."""
_OTHERWISE: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "crm/leads": {
        "status": ("new", "working", "qualified", "disqualified", "spam"),
        "is_deleted": ("true", "false"),
        "owner_rep_id": ("R1", "R2", "R4"),
        "is_inquiry": ("true", "false"),
    },
    "crm/deals": {
        "stage": ("qualification", "won", "lost"),
        "amount": ("1", "2500"),
        "currency": ("USD", "EUR", ""),
        "is_deleted": ("true", "false"),
        "account_id": ("", "A1", "A2"),
    },
    "crm/contacts": {
        "phones": ("+7 495 123-45-99", "8 (495) 123-45-67", ""),
        "is_deleted": ("true", "false"),
        "account_id": ("", "A1", "A2"),
    },
    "crm/activities": {
        "is_deleted": ("true", "false"),
        "outcome": ("held", "connected", "no answer"),
        "lead_id": ("",),
        "telephony_call_id": ("",),
    },
}
"""What another version of a row may say."""
_REPS_OTHERWISE = {"extension": "102", "team": "North", "is_active": "false", "phone": "4567"}

_MONDAY = datetime(2025, 3, 3)  # noqa: DTZ001  UTC, as all times of the marts
_COMPANIES = 8
_SHARED = ("rep_id", "owner_rep_id", "collateral_id")

Rows = list[tuple[str, dict[str, str]]]
Marts = dict[str, Counter[str]]


def _world(seed: int) -> World:
    """Small worlds side by side that share reps and collateral, and no customer."""
    tables: dict[str, list[dict[str, str]]] = {}
    for number in range(_COMPANIES):
        world = random_world(100 * seed + number, most=16)
        for entity, rows in world.tables.items():
            if entity in ("crm/reps", "crm/collateral", "crm/quotas"):
                tables.setdefault(entity, rows)
            else:
                tables.setdefault(entity, []).extend(_moved(row, number) for row in rows)
    return World(tables, world.seeds)


def _moved(row: Mapping[str, str], number: int) -> dict[str, str]:
    """The row in a world of its own: other ids, other addresses, other numbers of customers."""

    def moved(column: str, value: str) -> str:
        if not value or column in _SHARED:
            return value
        if column.endswith("_id"):
            return f"w{number}-{value}"
        if column in ("email", "emails"):
            return ";".join(f"w{number}.{one}" for one in value.split(";"))
        if column in ("phone", "phones", "from_number", "to_number"):
            for theirs in ("45-67", "4567", "4568", "0123", "0124"):
                value = value.replace(theirs, theirs[0] + str(number) + theirs[2:])
        return value

    return {column: moved(column, value) for column, value in row.items()}


def _cut(world: World, chance: random.Random) -> list[Rows]:
    """Rows by night: half at once, the rest of a company on two nights; some first otherwise."""
    nights: list[Rows] = [[] for _ in range(_NIGHTS)]
    own = {
        f"w{number}": sorted(chance.sample(range(1, _NIGHTS), 2)) for number in range(_COMPANIES)
    }
    for entity, rows in world.tables.items():
        for row in rows:
            company = next(iter(row.values())).split("-")[0]
            if company not in own:
                company = row.get("object_id", "").split("-")[0]
            if company not in own:
                # Of everybody; some reps were others once, and some come late.
                night = chance.choice((0, *range(_NIGHTS))) if entity == "crm/reps" else 0
                if night and chance.random() < 0.7:
                    column = chance.choice(sorted(_REPS_OTHERWISE))
                    nights[0].append((entity, {**row, column: _REPS_OTHERWISE[column]}))
                nights[night].append((entity, row))
                continue
            night = chance.choice((0, 0, *own[company]))
            changes = _OTHERWISE.get(entity)
            if changes and night and chance.random() < 0.6:
                column = chance.choice(sorted(changes))
                stale = {**row, column: chance.choice(changes[column]), "updated_at": ""}
                nights[chance.choice((0, own[company][0]))].append((entity, stale))
            nights[night].append((entity, row))
    return nights


def _drop(folder: Path, night: int, rows: Rows) -> None:
    """One file an entity; of two versions of a row in one night the later one is in the later file."""
    files: dict[str, list[dict[str, str]]] = {}
    seen: Counter[tuple[str, str]] = Counter()
    for entity, row in rows:
        key = (entity, next(iter(row.values())))
        files.setdefault(f"{entity}-{night}-{seen[key]}.csv", []).append(row)
        seen[key] += 1
    for name, some in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        columns = list(dict.fromkeys(column for row in some for column in row))
        with path.open("w", newline="") as stream:
            writer = csv.DictWriter(stream, columns, restval="")
            writer.writeheader()
            writer.writerows(some)


def _marts(connection: duckdb.DuckDBPyConnection) -> Marts:
    tables = connection.execute(
        "select table_name, string_agg('\"' || column_name || '\"', ', ' order by column_index) "
        "from duckdb_columns() where schema_name = 'marts' group by table_name"
    ).fetchall()
    return {
        table: Counter(
            map(repr, connection.execute(f"select {columns} from marts.{table}").fetchall())
        )
        for table, columns in tables
    }


def _difference(found: Marts, wanted: Marts) -> dict[str, Any]:
    return {
        table: {
            "too many": list(found[table] - wanted[table])[:3],
            "missing": list(wanted[table] - found[table])[:3],
        }
        for table in wanted
        if found[table] != wanted[table]
    }


@pytest.mark.parametrize("seed", range(_TIMES))
def test_nights_in_place_are_what_a_rebuild_makes(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    world = _world(seed)
    seeds = write_world(world, tmp_path / "whole", tmp_path / "seeds")
    shutil.rmtree(tmp_path / "whole")
    drop = tmp_path / "drop"
    kinds: Counter[str] = Counter()
    # Now and then the marts see less than has landed, and time goes on without anything new.
    moments = sorted(_MONDAY + timedelta(hours=chance.randrange(24 * 110)) for _ in range(_NIGHTS))
    with ExitStack() as stack:
        in_place = stack.enter_context(open_warehouse())
        rebuilt = stack.enter_context(open_warehouse())
        for night, rows in enumerate(_cut(world, chance)):
            _drop(drop, night, rows)
            for connection in (in_place, rebuilt):
                settings = land_folder(connection, drop, f"night {night}", max_quarantined_share=1)
            as_of = moments[night]
            scope = transform_night(
                in_place, settings, as_of, f"night {night}", seeds, leave_out=_LEFT_OUT
            )
            kinds[scope.kind] += 1
            print(night, as_of, scope)  # what pytest shows of a failure
            transform(rebuilt, as_of, seeds, leave_out=_LEFT_OUT)
            assert not _difference(_marts(in_place), _marts(rebuilt)), (night, scope)
    assert kinds["affected"] > 0, kinds
