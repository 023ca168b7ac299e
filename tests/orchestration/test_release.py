"""A release is swapped in whole: readers go on, the next one sees the new, a kill leaves the old."""

import signal
import stat
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.assets import release
from orchestration.errors import PublishError
from orchestration.settings import PROJECT_DIR, Settings
from orchestration.warehouse import Run, open_build, record_done, record_run

from .nodes import MANIFEST


@pytest.fixture
def built(settings: Settings) -> Settings:
    """A build file and its marts as a night leaves them."""
    settings.releases_dir.mkdir(parents=True)
    with open_build(settings) as connection:
        connection.execute("create schema raw; create schema seeds")
        connection.execute("create table seeds.kpi_definitions as select 'leads' as kpi")
    build_night(settings, 1)
    return settings


def build_night(settings: Settings, night: int, name: str = "cast(null as text)") -> None:
    with open_build(settings) as connection:
        record_run(connection, Run(f"night {night}", datetime(2026, 1, night)))  # noqa: DTZ001
        connection.execute(
            "create or replace table marts.fct_leads as select i as lead_id, "
            f"{name} as customer_name, {night}::bigint as n from range({night}) t(i)"
        )
        connection.execute("create or replace table marts.kpi_leads__dbt_tmp as select 1 as n")
        for what in ("check_raw", "marts", "check_marts"):
            record_done(connection, what)


def publish(settings: Settings) -> Path:
    candidate, _ = release.make_candidate(settings, MANIFEST)
    return release.release(settings, candidate)


def read(path: Path, sql: str) -> list[Any]:
    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def test_a_release_is_one_sealed_file_of_what_is_public(built: Settings) -> None:
    path = publish(built)
    assert built.published_file.resolve() == path
    assert stat.S_IMODE(path.stat().st_mode) == 0o444
    assert [file.name for file in path.parent.iterdir()] == ["touchline.duckdb"]
    described = read(
        path,
        "select table_schema || '.' || table_name || '.' || column_name, data_type "
        "from information_schema.columns where table_schema <> 'reference'",
    )
    assert dict(described) == {"marts.fct_leads.lead_id": "BIGINT", "marts.fct_leads.n": "BIGINT"}
    # Clients from 1.4 on read it, whatever the build file is written in.
    found = read(path, "select tags['storage_version'] from duckdb_databases() where not internal")
    assert found == [("v1.4.0+",)]
    assert read(path, "from reference.kpi_definitions") == [("leads",)]
    assert read(path, "select run_id, as_of::date::text from reference.release") == [
        ("night 1", "2026-01-01")
    ]
    comments = read(path, "select comment from duckdb_columns() where column_name = 'lead_id'")
    assert comments == [("It's the lead.",)]


def test_names_are_published_only_if_somebody_asks(built: Settings) -> None:
    build_night(built, 2, "'Ann'")
    with pytest.raises(PublishError, match=r"marts\.fct_leads\.customer_name is personal"):
        publish(built)
    asked = built.model_copy(update={"publish_personal_data": True})
    assert read(publish(asked), "select customer_name from marts.fct_leads limit 1") == [("Ann",)]


def test_open_readers_go_on_and_the_next_one_sees_the_new_release(built: Settings) -> None:
    publish(built)
    with duckdb.connect(str(built.published_file), read_only=True) as old:
        build_night(built, 2)
        publish(built)
        assert old.execute("select max(n) from marts.fct_leads").fetchall() == [(1,)]
        # In this very process too: DuckDB keeps databases by their path.
        assert read(built.published_file, "select max(n) from marts.fct_leads") == [(2,)]
        assert old.execute("select max(n) from marts.fct_leads").fetchall() == [(1,)]


def test_old_releases_go_but_never_the_one_in_force(built: Settings) -> None:
    for night in range(1, 12):
        build_night(built, night)
        publish(built)
    kept = sorted(path.name for path in built.releases_dir.iterdir())
    assert len(kept) == built.releases_kept
    assert release.current_release(built) == kept[-1]


def test_two_nights_mixed_are_not_published(built: Settings) -> None:
    publish(built)
    with open_build(built) as connection:
        # Landed, and killed before the marts were built.
        record_run(connection, Run("night 2", datetime(2026, 1, 2)))  # noqa: DTZ001
    with pytest.raises(PublishError, match=r"not done since the last landing .* marts"):
        publish(built)
    assert read(built.published_file, "select run_id from reference.release") == [("night 1",)]


def test_a_candidate_that_is_not_what_was_built_is_refused(
    built: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def torn(source: Path, target: Path) -> None:
        target.write_bytes(source.read_bytes()[:-1] + b"x")

    def emptied(*arguments: Any, **settings: Any) -> None:
        drop(*arguments, **settings)
        arguments[0].execute("truncate marts.fct_leads")

    drop = release._drop_unpublished
    with monkeypatch.context() as patch:
        patch.setattr("shutil.copyfile", torn)
        with pytest.raises(PublishError, match="is not what was built: it differs from"):
            publish(built)
    monkeypatch.setattr(release, "_drop_unpublished", emptied)
    with pytest.raises(PublishError, match=r"marts\.fct_leads .* is not what was built"):
        publish(built)
    assert not built.published_file.exists()


def test_marts_with_a_log_beside_them_are_not_copied(
    built: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = release._count_what_is_built

    def killed(*arguments: Any) -> dict[str, int]:
        rows = count(*arguments)
        built.marts_file.with_name("touchline.duckdb.wal").touch()
        return rows

    monkeypatch.setattr(release, "_count_what_is_built", killed)
    with pytest.raises(PublishError, match="write-ahead log"):
        publish(built)


def test_no_room_for_a_release(built: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: _Usage)
    with pytest.raises(PublishError, match="bytes are free"):
        publish(built)


class _Usage:
    free = 1


PUBLISHER = """
import sys
from tests.orchestration.nodes import MANIFEST
from orchestration.assets import release
from orchestration.settings import build_settings
settings = build_settings()
print("ready", flush=True)
while True:
    candidate, _ = release.make_candidate(settings, MANIFEST)
    release.release(settings, candidate)
"""


def test_a_killed_publisher_leaves_a_whole_release(built: Settings) -> None:
    publish(built)
    for wait in (0.0, 0.05, 0.2):
        process = subprocess.Popen(
            [sys.executable, "-c", PUBLISHER], cwd=PROJECT_DIR, stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(wait)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert read(built.published_file, "select count(*), max(n) from marts.fct_leads") == [
            (1, 1)
        ]
        assert read(built.published_file, "select count(*) from reference.release") == [(1,)]
