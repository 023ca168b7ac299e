"""dbt inside this process: a `dbt build` of its own costs ten seconds a layer, most of it start-up.

All that leans on internals of pinned versions (dbt's runner, dagster-dbt's event, dbt-duckdb's
connection) is in this file; TOUCHLINE_DBT_SUBPROCESS=true goes without.
"""

import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Any

import duckdb

from orchestration.errors import DbtError
from orchestration.runs import redact
from orchestration.settings import DBT_PROJECT_DIR, Settings

RawEvent = dict[str, Any]
RESULT_EVENTS = {"LogSeedResult", "LogModelResult", "LogSnapshotResult", "LogTestResult"}

# dbt's own log file holds what a database choked on, and writing it costs a fifth of a layer.
_LEVELS = {"info": logging.INFO, "warn": logging.WARNING, "error": logging.ERROR}
_log = logging.getLogger("touchline.dbt")

_manifests: dict[tuple[Path, str], Any] = {}


def parse(
    settings: Settings, stable_vars: Mapping[str, Any], key: str, *, write: bool = True
) -> Any:
    """Have dbt read its project, and write manifest.json; gives dbt's own manifest.

    With the vars that are the same every night: another one would cost a full parse.
    """
    arguments = ["parse", "--vars", json.dumps(dict(stable_vars))]
    result = _invoke(settings, [*arguments, "--write-json" if write else "--no-write-json"])
    if isinstance(result.exception, KeyboardInterrupt):
        raise result.exception
    if not result.success:
        raise DbtError(f"dbt can't read its project: {result.exception}")
    _manifests[settings.home, key] = result.result
    return result.result


def parse_once(settings: Settings, stable_vars: Mapping[str, Any], key: str) -> Any:
    """The same, once in a process; `key` stands for the project's files and vars.

    Not written again: the metrics in it alone would cost three seconds.
    """
    known = _manifests.get((settings.home, key))
    return parse(settings, stable_vars, key, write=False) if known is None else known


def build(settings: Settings, manifest: Any, arguments: Sequence[str]) -> Iterator[RawEvent]:
    """`dbt build` with these arguments; yields the event of each result as it comes."""
    events: SimpleQueue[Any] = SimpleQueue()

    def work() -> None:
        events.put(_invoke(settings, ["build", *arguments], manifest, events))

    # A daemon, so that an interrupted run ends without waiting for the model in work.
    worker = Thread(target=work, daemon=True)
    worker.start()
    while True:
        event = events.get()
        if hasattr(event, "success"):
            break
        yield event
    worker.join()
    if event.exception is not None:
        raise DbtError(f"dbt broke: {event.exception}")


def build_in_subprocess(settings: Settings, arguments: Sequence[str]) -> Iterator[RawEvent]:
    """The same by a program of its own, which says on its output what happens."""
    command = [
        str(Path(sys.executable).with_name("dbt")),
        "--log-format",
        "json",
        "--log-level",
        "info",
        *("build", *arguments, *_where(settings)),
    ]
    with subprocess.Popen(  # noqa: S603  our own arguments
        command,
        cwd=settings.dbt_project_dir,
        env={**os.environ, **_profile_environment(settings)},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        for line in process.stdout or ():
            with suppress(json.JSONDecodeError):
                event = json.loads(line)
                _log.log(
                    _LEVELS.get(event["info"]["level"], logging.INFO), redact(event["info"]["msg"])
                )
                if event["info"]["name"] in RESULT_EVENTS:
                    yield event


def count_rows(relation: str) -> int | None:
    """Rows of a relation that dbt has just built, by dbt's own connection: it holds the file.

    Not by its adapter, which takes 30 ms to count what DuckDB counts in one.
    """
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    environment: Any = DuckDBConnectionManager.env()
    with suppress(duckdb.Error), closing(environment.conn.cursor()) as cursor:
        return int(cursor.execute(f"select count(*) from {relation}").fetchall()[0][0])
    return None


def close_connections() -> None:
    """dbt-duckdb keeps the file open after a run; the next opener would be shut out."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.adapters.factory import FACTORY

    adapters: dict[str, Any] = dict(FACTORY.adapters)
    for adapter in adapters.values():
        adapter.cleanup_connections()
    DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]


def _invoke(
    settings: Settings,
    arguments: Sequence[str],
    manifest: Any = None,
    events: "SimpleQueue[Any] | None" = None,
) -> Any:
    from dbt.cli.main import dbtRunner
    from google.protobuf.json_format import MessageToDict

    def tell(event: Any) -> None:
        if events is not None and event.info.name in RESULT_EVENTS:
            events.put(MessageToDict(event, preserving_proto_field_name=True))
        if event.info.level in _LEVELS:
            _log.log(_LEVELS[event.info.level], redact(event.info.msg))

    with _same_process(_profile_environment(settings)):
        return dbtRunner(manifest=manifest, callbacks=[tell]).invoke(
            ["--log-level", "none", *arguments, *_where(settings)]
        )


def _where(settings: Settings) -> list[str]:
    return [
        *("--project-dir", str(settings.dbt_project_dir)),
        *("--profiles-dir", str(DBT_PROJECT_DIR)),
        *("--target-path", str(settings.dbt_target_dir), "--log-path", str(settings.logs_dir)),
        *("--log-level-file", "none", "--no-use-colors", "--no-version-check"),
    ]


def _profile_environment(settings: Settings) -> dict[str, str]:
    """What dbt_project/profiles.yml reads."""
    return {
        "TOUCHLINE_BUILD_FILE": str(settings.build_file),
        "TOUCHLINE_THREADS": str(settings.threads),
        "TOUCHLINE_MEMORY_LIMIT": settings.memory_limit,
        "TOUCHLINE_TMP_DIR": str(settings.tmp_dir),
    }


@contextmanager
def _same_process(environment: Mapping[str, str]) -> Iterator[None]:
    """Dbt moves the process into its project's folder and wants to be told by its environment."""
    folder, before = Path.cwd(), {name: os.environ.get(name) for name in environment}
    os.environ.update(environment)
    try:
        yield
    finally:
        os.chdir(folder)
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
