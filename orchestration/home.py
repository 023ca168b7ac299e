"""TOUCHLINE_HOME as a run needs it: nobody else in it, swept, and with room to write."""

import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from orchestration.settings import PROJECT_DIR, Settings

_held: dict[Path, int] = {}


class HomeError(Exception):
    """A run can't begin; the message says why and what to do."""


@contextmanager
def hold_run_lock(settings: Settings) -> Iterator[None]:
    """One run at a time in one home, whoever started it; the system frees it if the run dies.

    Within a process it may be taken again: the command line takes it early, the job once more.
    """
    path = settings.home / "run.lock"
    if _held.get(path):
        _held[path] += 1
        try:
            yield
        finally:
            _held[path] -= 1
        return
    settings.home.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise HomeError(_describe_holder(settings.home, lock.read())) from None
        _held[path] = 1
        lock.truncate(0)
        lock.write(json.dumps({"pid": os.getpid(), "since": _now()}))
        lock.flush()
        try:
            yield
        finally:
            lock.truncate(0)
            del _held[path]


def is_running(settings: Settings) -> bool:
    """Whether a run holds the lock now."""
    path = settings.home / "run.lock"
    if not path.exists():
        return False
    with path.open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def prepare_home(settings: Settings) -> None:
    """Before a run, under its lock: folders, what a killed run left, the room to write."""
    for folder in (settings.home, settings.tmp_dir, settings.logs_dir, settings.dagster_home):
        folder.mkdir(parents=True, exist_ok=True)
    write_dagster_yaml(settings)
    sweep(settings)
    refuse_full_disk(settings)


def sweep(settings: Settings) -> None:
    """DuckDB removes no spilled file of a killed process, and half a release is never of use."""
    for leftover in (*settings.tmp_dir.glob("*"), *settings.releases_dir.glob(".*")):
        if leftover.is_dir() and not leftover.is_symlink():
            shutil.rmtree(leftover, ignore_errors=True)
        else:
            leftover.unlink(missing_ok=True)
    for link in settings.home.glob(".current-*"):
        link.unlink(missing_ok=True)


def refuse_full_disk(settings: Settings) -> None:
    """A disk that fills up while a table is built costs a night; said before, it costs a minute."""
    free = shutil.disk_usage(settings.home).free
    files = (settings.build_file, settings.marts_file)
    built = sum(path.stat().st_size for path in files if path.exists())
    needed = max(int(built * settings.free_space_factor), settings.min_free_mb * 2**20)
    if free < needed:
        raise HomeError(
            f"{settings.home}: {free / 2**20:,.0f} MiB are free and a run may need "
            f"{needed / 2**20:,.0f}. Make room, or set TOUCHLINE_HOME to a larger disk "
            "(the factor is TOUCHLINE_FREE_SPACE_FACTOR)"
        )


def write_dagster_yaml(settings: Settings) -> Path:
    """Dagster reads its instance's settings from its home; ours stand in the repository."""
    settings.dagster_home.mkdir(parents=True, exist_ok=True)
    target = settings.dagster_home / "dagster.yaml"
    template = (PROJECT_DIR / "orchestration" / "dagster.yaml").read_text()
    wanted = template.replace("{home}", str(settings.dagster_home))
    if not target.exists() or target.read_text() != wanted:
        target.write_text(wanted)
    return target


def _describe_holder(home: Path, text: str) -> str:
    try:
        holder = json.loads(text)
        who = f" (process {holder['pid']}, since {holder['since']} UTC)"
    except (ValueError, KeyError):
        who = ""
    return (
        f"another run is writing to {home}{who}. Wait for it to end, or give this one a home of "
        "its own with TOUCHLINE_HOME"
    )


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S")
