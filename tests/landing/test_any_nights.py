"""The same files give the same marts, row for row, on whichever nights and in whichever order they come.

`TOUCHLINE_TEST_NIGHTS=50` tries more than the suite's few.
"""

import csv
import os
import random
import shutil
from collections import Counter
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from orchestration.landing import compute_as_of
from orchestration.settings import build_settings
from tests.kpis.warehouse import land_folder, open_warehouse, transform
from tests.reference.worlds import World, random_world, write_world

_TIMES = int(os.environ.get("TOUCHLINE_TEST_NIGHTS", "3"))
_LEFT_OUT = ("kpi_scorecard",)
_STALE = {
    "crm/leads": {"status": "disqualified", "owner_rep_id": "R4"},
    "crm/deals": {"stage": "lost", "amount": "1"},
    "crm/activities": {"kind": "meeting", "outcome": "held"},
    "crm/contacts": {"phones": "+7 495 123-45-99"},
}
"""What an older version of a row said."""

Marts = dict[str, Counter[str]]


def _write(path: Path, rows: list[dict[str, str]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    columns = list(dict.fromkeys(column for row in rows for column in row))
    with path.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, columns, restval="")
        writer.writeheader()
        writer.writerows(rows)


def _spread(world: World, folder: Path, chance: random.Random) -> None:
    """Every row in one of three files; of some rows an older version in a file of an earlier name."""
    for entity, rows in world.tables.items():
        files: dict[str, list[dict[str, str]]] = {}
        for row in rows:
            files.setdefault(f"{entity}-{chance.randint(1, 3)}.csv", []).append(row)
            if entity in _STALE and chance.random() < 0.5:
                stale = {**row, **_STALE[entity], "updated_at": ""}
                files.setdefault(f"{entity}-0-old.csv", []).append(stale)
        for name, some in files.items():
            _write(folder / name, some)


def _marts(connection: duckdb.DuckDBPyConnection, seeds: Path, as_of: datetime) -> Marts:
    assert compute_as_of(connection, build_settings()) == as_of
    transform(connection, as_of, seeds, leave_out=_LEFT_OUT)
    tables = connection.execute(
        "select table_name from information_schema.tables where table_schema = 'marts'"
    ).fetchall()
    return {
        table: Counter(map(repr, connection.execute(f"select * from marts.{table}").fetchall()))
        for (table,) in tables
    }


def _in_nights(
    source: Path, folder: Path, nights: list[list[str]], seeds: Path, as_of: datetime
) -> Marts:
    with open_warehouse() as connection:
        for number, names in enumerate(nights):
            for name in names:
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(source / name, folder / name)
            land_folder(connection, folder, f"night {number}")
        left = connection.execute("select entity, rule, record from quarantine.rows").fetchall()
        assert left == []
        return _marts(connection, seeds, as_of)


@pytest.mark.parametrize("seed", range(_TIMES))
def test_nights_and_order_of_arrival_do_not_matter(seed: int, tmp_path: Path) -> None:
    # In one file an entity on one night; spread over files on one night; cut into up to six
    # nights, the last day's files first as likely as not: a stage may come before its lead.
    chance = random.Random(seed)
    world = random_world(1000 + seed)
    whole = tmp_path / "whole"
    seeds = write_world(World(world.tables, world.seeds), whole, tmp_path / "seeds")
    spread = tmp_path / "spread"
    _spread(world, spread, chance)
    names = sorted(str(path.relative_to(spread)) for path in spread.rglob("*.csv"))
    count = chance.randint(2, 6)
    nights: list[list[str]] = [[] for _ in range(count)]
    for name in names:
        chance.choice(nights).append(name)
    nights = [night for night in nights if night]

    with open_warehouse() as connection:
        settings = land_folder(connection, whole)
        as_of = compute_as_of(connection, settings)
        wanted = _marts(connection, seeds, as_of)
    assert sum(map(len, wanted.values())) > len(wanted)
    for arrival in ([names], nights):
        folder = tmp_path / f"drop {len(arrival)}"
        found = _in_nights(spread, folder, arrival, seeds, as_of)
        different = {table for table in wanted if found[table] != wanted[table]}
        assert not different, f"{arrival}: {different}"
