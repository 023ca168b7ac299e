"""`touchline run` as a user runs it: two nights of the demo company, then a folder with bad data."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

TOUCHLINE = Path(sys.executable).with_name("touchline")


@dataclass(frozen=True)
class Nights:
    home: Path
    first: subprocess.CompletedProcess[str]
    second: subprocess.CompletedProcess[str]
    empty: subprocess.CompletedProcess[str]
    """A night that brought nothing …"""
    in_force_at_the_empty: tuple[Path, Path]
    """… and what was in force before and after it."""
    bad: subprocess.CompletedProcess[str]
    published_by_the_second: Path
    in_place: Path
    """What the third night published …"""
    rebuilt: Path
    """… and what it would have, computing everything anew."""
    seen_by_an_open_reader: tuple[int, int]


def run(home: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("TOUCHLINE_")}
    return subprocess.run(
        [str(TOUCHLINE), *words],
        env={**kept, "TOUCHLINE_HOME": str(home), **environment},
        cwd=home.parent,
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )


def count_leads(connection: duckdb.DuckDBPyConnection) -> int:
    ((leads,),) = connection.execute("select count(*) from marts.fct_leads").fetchall()
    return int(leads)


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Nights:
    folder = tmp_path_factory.mktemp("nights")
    home = folder / "warehouse"
    current = home / "current" / "touchline.duckdb"
    demo = {"TOUCHLINE_DEMO_LEADS": "300", "TOUCHLINE_DEMO_DAYS": "120"}
    first = run(home, "run", **demo)
    reader = duckdb.connect(str(current), read_only=True)
    before = count_leads(reader)
    second = run(home, "run", **demo)
    after = count_leads(reader)
    reader.close()
    published = current.resolve()
    twin = folder / "twin"
    shutil.copytree(home, twin, symlinks=True)
    for where, words in ((home, ["run"]), (twin, ["run", "--rebuild"])):
        third = run(where, *words, **demo)
        assert third.returncode == 0, third.stdout + third.stderr
    in_place, rebuilt = current.resolve(), (twin / "current" / "touchline.duckdb").resolve()
    drop = folder / "drop" / "crm"
    drop.mkdir(parents=True)
    (drop / "reps.csv").write_text("rep_id,full_name\n1,Anna\n")
    files = ("run", "--source", "files", "--path", str(drop.parent))
    one_more = run(home, *files)
    assert one_more.returncode == 0, one_more.stdout + one_more.stderr
    before_empty = current.resolve()
    empty = run(home, *files)
    in_force = (before_empty, current.resolve())
    (drop / "leads.csv").write_text(
        "lead_id,status,created_at\n1,nobody mapped this,2026-06-01T10:00:00Z\n"
    )
    bad = run(home, *files)
    return Nights(
        home, first, second, empty, in_force, bad, published, in_place, rebuilt, (before, after)
    )


def test_the_first_night_ends_well_and_shows_the_scorecard(nights: Nights) -> None:
    assert nights.first.returncode == 0, nights.first.stdout + nights.first.stderr
    assert "scorecard.html" in nights.first.stdout
    assert (nights.home / "report" / "scorecard.html").stat().st_size > 10_000


def test_the_second_night_lives_one_more_day(nights: Nights) -> None:
    assert nights.second.returncode == 0, nights.second.stdout + nights.second.stderr
    with duckdb.connect(str(nights.published_by_the_second), read_only=True) as published:
        assert count_leads(published) > nights.seen_by_an_open_reader[0]


def test_a_normal_night_publishes_what_a_rebuild_would(nights: Nights) -> None:
    with duckdb.connect() as connection:
        for name, path in (("in_place", nights.in_place), ("rebuilt", nights.rebuilt)):
            connection.execute(f"attach '{path}' as {name} (read_only)")
        scopes = connection.execute(
            f"attach '{nights.home / 'build.duckdb'}' as build (read_only)"
        ).execute("select scope from build.raw.runs order by started_at limit 3")
        assert scopes.fetchall() == [("all",), ("affected",), ("affected",)]
        tables = connection.execute(
            "select table_name, string_agg(column_name, ', ' order by column_index) "
            "from duckdb_columns() where database_name = 'rebuilt' and schema_name = 'marts' "
            "group by table_name order by table_name"
        ).fetchall()
        assert len(tables) > 20
        for table, columns in tables:
            sides = [f"select {columns} from {db}.marts.{table}" for db in ("in_place", "rebuilt")]
            for one, other in (sides, sides[::-1]):
                rows = connection.execute(f"{one} except all {other} limit 3").fetchall()
                assert not rows, table


def test_a_night_that_brought_nothing_leaves_what_stands(nights: Nights) -> None:
    assert nights.empty.returncode == 0, nights.empty.stdout + nights.empty.stderr
    assert "nothing has changed since run" in nights.empty.stdout
    before, after = nights.in_force_at_the_empty
    assert before == after
    with duckdb.connect(str(nights.home / "build.duckdb"), read_only=True) as build:
        runs = build.execute("select run_id, scope from raw.runs order by started_at").fetchall()
        (last, _), (empty, scope) = runs[3:5]
        assert scope == "nothing"
        # What was found of the last night's tables is told of this one, raw's own anew.
        found = {
            run_id: build.execute(
                "select stage, table_name, expectation, passed from quality.results "
                "where run_id = ? and stage <> 'raw' order by all",
                [run_id],
            ).fetchall()
            for run_id in (last, empty)
        }
        assert found[last] == found[empty] != []
        raw = "select count(*) from quality.results where run_id = ? and stage = 'raw'"
        assert build.execute(raw, [empty]).fetchall() > [(20,)]


def test_a_reader_keeps_what_it_had_open(nights: Nights) -> None:
    before, after = nights.seen_by_an_open_reader
    assert before == after > 0


def test_bad_data_stop_the_night_and_yesterday_stays(nights: Nights) -> None:
    assert nights.bad.returncode == 1, nights.bad.stdout + nights.bad.stderr
    assert "nobody mapped this" in nights.bad.stdout
    # The demo company is asked no more: what its stages mean is known all the same.
    assert "demo deal" not in nights.bad.stdout
    current = nights.home / "current" / "touchline.duckdb"
    assert current.resolve() == nights.in_force_at_the_empty[1]


def test_what_is_published_is_whole_and_read_only(nights: Nights) -> None:
    published = nights.published_by_the_second
    assert published.stat().st_mode & 0o222 == 0
    assert not published.with_suffix(".duckdb.wal").exists()
    with duckdb.connect(str(published), read_only=True) as connection:
        tables = {
            name
            for (name,) in connection.execute(
                "select table_name from information_schema.tables where table_schema = 'marts'"
            ).fetchall()
        }
    assert {"fct_touches", "fct_leads", "fct_deals", "dim_reps", "dim_customers"} <= tables
    assert {"kpi_contact_ratio", "kpi_speed_to_lead", "kpi_closed_deals"} <= tables
    assert {"kpi_completed_contacts", "kpi_collateral_usage", "kpi_scorecard"} <= tables


def test_nobody_is_named_in_what_is_published(nights: Nights) -> None:
    with duckdb.connect(str(nights.published_by_the_second), read_only=True) as connection:
        columns = {
            name
            for (name,) in connection.execute(
                "select distinct column_name from information_schema.columns"
            ).fetchall()
        }
    assert not columns & {"email", "emails", "phone", "phones", "e164", "customer_name"}
    with duckdb.connect(str(nights.home / "build.duckdb"), read_only=True) as build:
        names = build.execute(
            "select name from raw.crm_accounts where name is not null union "
            # The reps' own stand in dim_reps.
            "select full_name from raw.crm_contacts "
            "where full_name not in (select full_name from raw.crm_reps)"
        ).fetchall()
    held = nights.published_by_the_second.read_bytes()
    assert len(names) > 100
    assert not [name for (name,) in names if name.encode() in held]


def test_the_logs_name_nobody(nights: Nights) -> None:
    with duckdb.connect(str(nights.home / "build.duckdb"), read_only=True) as build:
        numbers = build.execute(
            "select distinct written from raw.phone_numbers where e164 is not null limit 200"
        ).fetchall()
    said = "".join(path.read_text(errors="replace") for path in nights.home.glob("logs/**/*.log*"))
    assert said
    assert not [number for (number,) in numbers if number in said]
