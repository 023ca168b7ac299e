"""One run at a time in a home, swept before it starts, with room on the disk."""

import json
import multiprocessing
import os
from pathlib import Path
from typing import NamedTuple

import pytest

from orchestration.home import HomeError, hold_run_lock, is_running, prepare_home, sweep
from orchestration.settings import Settings, build_settings


class Usage(NamedTuple):
    total: int
    used: int
    free: int


def _hold(
    path: str, ready: "multiprocessing.Queue[int]", done: "multiprocessing.Queue[int]"
) -> None:
    with hold_run_lock(build_settings(home=Path(path))):
        ready.put(os.getpid())
        done.get()


def test_a_second_run_is_refused_and_told_who_holds_the_lock(settings: Settings) -> None:
    context = multiprocessing.get_context("spawn")
    ready, done = context.Queue(), context.Queue()
    other = context.Process(target=_hold, args=(str(settings.home), ready, done))
    other.start()
    try:
        pid = ready.get(timeout=60)
        assert is_running(settings)
        with pytest.raises(HomeError, match=rf"process {pid}, since .* TOUCHLINE_HOME"):
            hold_run_lock(settings).__enter__()
        other.kill()
        other.join()
        # The system frees the lock of a process that was killed.
        assert not is_running(settings)
        with hold_run_lock(settings):
            pass
    finally:
        other.kill()


def test_one_process_may_take_its_lock_twice(settings: Settings) -> None:
    with hold_run_lock(settings):
        with hold_run_lock(settings):
            pass
        assert json.loads((settings.home / "run.lock").read_text())["pid"] == os.getpid()
    assert not is_running(settings)


def test_what_a_killed_run_left_is_swept(settings: Settings) -> None:
    prepare_home(settings)
    spilled = settings.tmp_dir / "duckdb_temp" / "block"
    half = settings.releases_dir / ".20260101T000000" / "touchline.duckdb"
    whole = settings.releases_dir / "20260101T000000" / "touchline.duckdb"
    for path in (spilled, half, whole):
        path.parent.mkdir(parents=True)
        path.touch()
    (settings.home / ".current-20260101T000000").symlink_to("releases/nowhere")
    sweep(settings)
    assert not list(settings.tmp_dir.iterdir())
    assert [path.name for path in settings.releases_dir.iterdir()] == ["20260101T000000"]
    assert not list(settings.home.glob(".current-*"))


def test_a_full_disk_is_told_before_the_run(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in (settings.build_file, settings.marts_file):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * 2**20)
    monkeypatch.setattr("shutil.disk_usage", lambda _: Usage(0, 0, 6 * 2**20 - 1))
    with pytest.raises(HomeError, match="6 MiB are free and a run may need 6"):
        prepare_home(settings)
    monkeypatch.setattr("shutil.disk_usage", lambda _: Usage(0, 0, 6 * 2**20))
    prepare_home(settings)


def test_dagsters_instance_is_set_up_as_ours_says(settings: Settings) -> None:
    prepare_home(settings)
    target = settings.dagster_home / "dagster.yaml"
    assert "default_limit: 1" in target.read_text()
    target.write_text("")
    prepare_home(settings)
    assert "default_limit: 1" in target.read_text()
