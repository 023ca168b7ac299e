"""The ways that rows can take into raw all give the same rows, quarantine and ledger.

Files are read where they lie or are copied first; what is judged stands in memory or in the build
file, and becomes the entity's table or is merged into it.
"""

import json
import random
from collections import Counter
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration import landing
from orchestration.landing import LandingError
from orchestration.landing.conform import CONFORMED
from orchestration.landing.reading import Reading
from tests.landing.nights import Nights, open_nights

_TIMES = ("2025-03-{0:02}T10:00:00Z", "2025-03-{0:02} 10:00", "202503{0:02}T100000+0300", "soon")
_NAMES = ("Ann", "  Ann\u00a0", 'Ann, ""the"" Lee', "two\nlines", "Иван", "", "\u3000x", "a\tb")
_TRUTH = ("true", " Yes", "N", "perhaps", "", "0")
_NUMBERS = ("1", "1 234,56", "\u00a07", "-2", "NaN", "many", "")


def leads(chance: random.Random, count: int) -> list[dict[str, str]]:
    return [
        {
            "lead_id": chance.choice((f"L{chance.randrange(40)}", f" L{number} ", "", "ж")),
            "status": chance.choice(("new", " working ", "")),
            "created_at": chance.choice(_TIMES).format(chance.randrange(1, 32)),
            "updated_at": chance.choice((*_TIMES, "", "0000-00-00", "2999-01-01")).format(
                chance.randrange(1, 28)
            ),
            "is_inquiry": chance.choice(_TRUTH),
            "lead_source": chance.choice(_NAMES),
        }
        for number in range(count)
    ]


def stage_changes(chance: random.Random, count: int) -> list[dict[str, str]]:
    return [
        {
            "object_type": chance.choice(("lead", "LEAD", "deal", "call", "")),
            "object_id": chance.choice((f"L{chance.randrange(60)}", " L1 ", "")),
            "stage": chance.choice(("new", "working", "")),
            "changed_at": chance.choice(_TIMES).format(chance.randrange(1, 28)),
        }
        for _ in range(count)
    ]


def deals(chance: random.Random, count: int) -> list[dict[str, str]]:
    return [
        {
            "deal_id": f"D{chance.randrange(30)}",
            "stage": "won",
            "created_at": _TIMES[0].format(chance.randrange(1, 28)),
            "amount": chance.choice(_NUMBERS),
            "pipeline": chance.choice(_NAMES),
        }
        for _ in range(count)
    ]


_MAKERS = {"crm/leads": leads, "crm/stage_changes": stage_changes, "crm/deals": deals}


def drop_night(nights: Nights, night: int, chance: random.Random) -> None:
    """Some files of each entity, of each kind, some of them in the place of older ones."""
    for entity, make in _MAKERS.items():
        for number in range(chance.randrange(1, 4)):
            rows = make(chance, chance.randrange(25))
            name = f"{entity}-{chance.choice((night, 0))}{number}"
            _WRITERS[chance.randrange(len(_WRITERS))](nights, name, rows, chance)


def _write_csv(
    nights: Nights, name: str, rows: list[dict[str, str]], chance: random.Random
) -> None:
    columns = list(_MAKERS[name.split("-", maxsplit=1)[0]](random.Random(0), 1)[0])
    chance.shuffle(columns)
    lines = [",".join(columns)]
    lines += [",".join(f'"{row[column]}"' for column in columns) for row in rows]
    if chance.random() < 0.3:
        lines.insert(
            chance.randrange(1, len(lines) + 1), chance.choice(("a,b", "x" * 9, ",,,,,,,"))
        )
    end = chance.choice(("\n", "\r\n", "\r"))
    text = chance.choice(("", "\ufeff")) + end.join([*lines, ""])
    nights.drop(f"{name}.csv", text.replace("Ann", "A\0nn") if chance.random() < 0.1 else text)


def _write_clean_csv(
    nights: Nights, name: str, rows: list[dict[str, str]], _chance: random.Random
) -> None:
    plain = [{key: cell.replace("\n", " ") for key, cell in row.items()} for row in rows]
    _write_csv(nights, name, plain, random.Random(1))


def _write_jsonl(
    nights: Nights, name: str, rows: list[dict[str, str]], chance: random.Random
) -> None:
    lines = [json.dumps(row) for row in rows]
    if chance.random() < 0.3:
        lines.insert(0, '{"lead_id": ')
    nights.drop(f"{name}.jsonl", "\n".join([*lines, ""]))


def _write_parquet(
    nights: Nights, name: str, rows: list[dict[str, str]], chance: random.Random
) -> None:
    """Of text, or of what a system makes that knows its types; in the order of columns that it likes."""
    path = nights.folder / f"{name}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    columns = list(_MAKERS[name.split("-", maxsplit=1)[0]](random.Random(0), 1)[0])
    chance.shuffle(columns)
    typed = {
        "updated_at": "try_cast({} as timestamptz)",
        "is_inquiry": "try_cast({} as boolean)",
        "amount": "try_cast({} as decimal(10, 2))",
        "lead_source": "[{0}, {0}]",
    }
    forms = typed if chance.random() < 0.5 else {}
    picked = ", ".join(f"{forms.get(c, '{}').format(c)} as {c}" for c in columns)
    with duckdb.connect() as connection:
        connection.execute(f"create table rows ({', '.join(f'{c} varchar' for c in columns)})")
        if rows:
            connection.executemany(
                f"insert into rows values ({', '.join('?' * len(columns))})",
                [[row[c] for c in columns] for row in rows],
            )
        connection.execute(f"copy (select {picked} from rows) to '{path}' (format parquet)")


_WRITERS = (_write_csv, _write_clean_csv, _write_jsonl, _write_parquet, _write_parquet)


def _all_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(landing, "_is_much", lambda *_: False)


def _all_in_the_build_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(landing, "_is_much", lambda *_: True)


def _all_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Reading, "open", Reading.copy_all)


def _everything_judged_again(monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = iter(range(1_000))
    monkeypatch.setattr(landing, "describe_rules", lambda _: str(next(numbers)))


def land_nights(folder: Path, seed: int, zone: str) -> dict[str, Counter[str]]:
    """Every table that landing fills, after three nights."""
    chance = random.Random(seed)
    settings = {"max_quarantined_share": 1.0}
    with open_nights(folder, {"time_zone": zone}, **settings) as nights:
        nights.drop_rows("crm/leads.csv", {"lead_id": "L1", "status": "new", "created_at": ""})
        for night in range(3):
            drop_night(nights, night, chance)
            nights.land()
        tables = [f"raw.{entity.replace('/', '_')}" for entity in _MAKERS]
        found = {table: _rows(nights.select(f"select * from {table}")) for table in tables}
        found["rows"] = _rows(
            nights.select("select * exclude (quarantined_at) from quarantine.rows")
        )
        found["loads"] = _rows(nights.select("select * from quality.loads"))
        found["columns"] = _rows(
            nights.select(
                "select table_name, column_name, column_index, data_type from duckdb_columns() "
                "where schema_name = 'raw' and table_name <> 'arriving'"
            )
        )
        return found


def _rows(rows: list[dict[str, Any]]) -> Counter[str]:
    return Counter(repr(row) for row in rows)


@pytest.mark.parametrize("seed", range(4))
def test_every_way_gives_the_same(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    zone = ("UTC", "Europe/Berlin")[seed % 2]
    wanted = land_nights(tmp_path / "wanted", seed, zone)
    assert sum(wanted["rows"].values()) > 20
    assert sum(wanted["raw.crm_leads"].values()) > 2
    for other in (
        _all_in_memory,
        _all_in_the_build_file,
        _all_copied,
        _everything_judged_again,
    ):
        with monkeypatch.context() as patched:
            other(patched)
            found = land_nights(tmp_path / other.__name__, seed, zone)
        different = {table for table in wanted if found[table] != wanted[table]}
        assert not different, other.__name__


def test_a_run_that_was_killed_leaves_nothing_behind(nights: Nights) -> None:
    """What it had judged is judged again, and a table half done is none of raw's."""
    nights.connection.execute("create table raw.arriving as select 1 as lead_id")
    nights.drop_rows(
        "crm/leads.csv", {"lead_id": "L1", "status": "new", "created_at": "2025-03-03"}
    )
    nights.land()
    assert len(nights.raw("crm/leads")) == 1
    assert not nights.select("select 1 from duckdb_tables() where table_name = 'arriving'")


def test_an_entity_that_stops_leaves_raw_as_it_was(nights: Nights) -> None:
    rows = [{"lead_id": f"L{n}", "status": "new", "created_at": "soon"} for n in range(60)]
    nights.drop_rows("crm/leads.csv", *rows)
    with pytest.raises(LandingError):
        nights.land()
    assert nights.raw("crm/leads") == []
    assert not nights.select("select 1 from duckdb_tables() where table_name = 'arriving'")


def test_files_of_one_schema_are_read_at_once(
    nights: Nights, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And without a copy: the rest of these tests would not see it."""
    chance = random.Random(5)
    for number in range(5):
        _write_parquet(nights, f"crm/deals-{number}", deals(chance, 3), random.Random(1))
    queries: list[list[str]] = []
    asked = Reading.queries

    def watched(self: Reading) -> list[str]:
        queries.append(asked(self))
        return queries[-1]

    monkeypatch.setattr(Reading, "queries", watched)
    nights.land()
    ((read, copied),) = [told for told in queries if len(told) > 1]
    assert read.count("read_parquet") == 1
    assert "crm/deals-4.parquet" in read
    assert "incoming" in copied
    assert CONFORMED == "conformed"
    assert not nights.select("select 1 from incoming")
