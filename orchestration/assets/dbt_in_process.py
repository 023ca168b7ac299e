"""dbt inside this process: a `dbt build` of its own costs ten seconds a layer, most of it start-up.

All that leans on internals of pinned versions (dbt's runner, events and nodes, dbt-duckdb's
connection) is in this file; TOUCHLINE_DBT_SUBPROCESS=true goes without.
"""

import json
import logging
import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Any

import duckdb

from orchestration.errors import DbtError
from orchestration.runs import redact
from orchestration.settings import DBT_PROJECT_DIR, Settings

_RESULT_EVENTS = {"LogSeedResult", "LogModelResult"}
_SUCCESS = "success"

# dbt's own log file holds what a database choked on, and writing it costs a fifth of a layer.
_LEVELS = {"info": logging.INFO, "warn": logging.WARNING, "error": logging.ERROR}
_log = logging.getLogger("touchline.dbt")

_manifests: dict[tuple[Path, str], Any] = {}


def parse(settings: Settings, stable_vars: Mapping[str, Any], key: str) -> Any:
    """Have dbt read its project, and write manifest.json; gives dbt's own manifest.

    With the vars that are the same every night: another one would cost a full parse. The manifest
    is kept as it is, too: of its own files dbt takes two seconds to find that nothing has changed.
    """
    result = _invoke(settings, ["parse", "--vars", json.dumps(dict(stable_vars)), "--write-json"])
    if isinstance(result.exception, KeyboardInterrupt):
        raise result.exception
    if not result.success:
        raise DbtError(f"dbt can't read its project: {result.exception}")
    _kept_manifest(settings).write_bytes(pickle.dumps((key, result.result)))
    _manifests[settings.home, key] = result.result
    return result.result


def read_manifest(settings: Settings, stable_vars: Mapping[str, Any], key: str) -> Any:
    """The manifest as dbt knows it; parsed where none is kept of `key`: the project, its vars."""
    if (settings.home, key) in _manifests:
        return _manifests[settings.home, key]
    # Whatever can be wrong with it (an older dbt's, half of it, none), the next parse puts right.
    with suppress(Exception):
        kept_key, manifest = pickle.loads(_kept_manifest(settings).read_bytes())  # noqa: S301
        if kept_key == key:
            _manifests[settings.home, key] = manifest
            return manifest
    return parse(settings, stable_vars, key)


def _kept_manifest(settings: Settings) -> Path:
    return settings.dbt_target_dir / "manifest.pickle"


@dataclass(frozen=True)
class NodeResult:
    """What became of a model, a seed or a test."""

    unique_id: str
    status: str
    """dbt's: success, pass, warn, fail, error, skipped."""
    message: str = ""
    failures: int | None = None
    rows: int | None = None
    """Of a table that has just been built."""
    seconds: float | None = None
    """How long dbt took for it."""


def execute(
    settings: Settings, manifest: Any, command: str, arguments: Sequence[str]
) -> Iterator[NodeResult]:
    """`dbt run` or `dbt seed`; what succeeds is told as it comes, what does not at the end.

    Not `dbt build`: to select and run a test takes it twenty times as long as the test's SQL does.
    """
    _forget_compiled(manifest)
    events: SimpleQueue[Any] = SimpleQueue()

    def work() -> None:
        given = [command, *arguments, "--no-write-json"]
        events.put(_invoke(settings, given, manifest, events.put))

    # A daemon, so that an interrupted run ends without waiting for the model in work.
    worker = Thread(target=work, daemon=True)
    worker.start()
    while True:
        event = events.get()
        if hasattr(event, "success"):
            break
        node = event.data.node_info
        if node.node_status == _SUCCESS:
            # A view has no rows of its own: to count them is to run it.
            is_table = node.materialized != "view"
            rows = _count_rows(node.node_relation.relation_name) if is_table else None
            seconds = float(event.data.execution_time)
            yield NodeResult(node.unique_id, _SUCCESS, rows=rows, seconds=seconds)
    worker.join()
    if event.exception is not None:
        raise DbtError(f"dbt broke: {event.exception}")
    for result in event.result.results:
        if str(result.status) != _SUCCESS:
            yield NodeResult(result.node.unique_id, str(result.status), result.message or "")


def compile_tests(
    settings: Settings, manifest: Any, variables: Mapping[str, Any]
) -> dict[str, str]:
    """Unique id -> SQL that gives the rows that break it, of every data test."""
    _forget_compiled(manifest)
    given = ["compile", "--select", "resource_type:test", "--vars", json.dumps(dict(variables))]
    done = _invoke(settings, [*given, "--no-populate-cache", "--no-write-json"], manifest)
    close_connections()
    if not done.success:
        raise DbtError(f"dbt can't compile its tests: {done.exception}")
    return {
        result.node.unique_id: result.node.compiled_code
        for result in done.result.results
        if result.node.resource_type == "test"
    }


def build_in_subprocess(
    settings: Settings, names: Sequence[str], arguments: Sequence[str]
) -> Iterator[NodeResult]:
    """`dbt build` by a program of its own: models, seeds and tests, told when all is done."""
    results = settings.dbt_target_dir / "run_results.json"
    results.unlink(missing_ok=True)
    command = [
        str(Path(sys.executable).with_name("dbt")),
        *("--log-format", "json", "--log-level", "info"),
        *("build", "--select", *names, *arguments, *_where(settings)),
        # Unit tests look at the SQL, not at tonight's data: they are a test's business.
        *("--indirect-selection", "empty", "--exclude-resource-type", "unit_test"),
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
    if not results.exists():
        raise DbtError("dbt stopped before it built anything; the run's log says why")
    for told in json.loads(results.read_text())["results"]:
        yield NodeResult(told["unique_id"], told["status"], told["message"] or "", told["failures"])


def close_connections() -> None:
    """dbt-duckdb keeps the file open after a run; the next opener would be shut out."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.adapters.factory import FACTORY

    adapters: dict[str, Any] = dict(FACTORY.adapters)
    for adapter in adapters.values():
        adapter.cleanup_connections()
    DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]


def _count_rows(relation: str) -> int | None:
    """By dbt's own connection, which holds the file; its adapter takes 30 ms, DuckDB one."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    environment: Any = DuckDBConnectionManager.env()
    with suppress(duckdb.Error), closing(environment.conn.cursor()) as cursor:
        return int(cursor.execute(f"select count(*) from {relation}").fetchall()[0][0])
    return None


def _invoke(
    settings: Settings,
    arguments: Sequence[str],
    manifest: Any = None,
    tell_result: Callable[[Any], None] | None = None,
) -> Any:
    from dbt.cli.main import dbtRunner

    def tell(event: Any) -> None:
        if tell_result is not None and event.info.name in _RESULT_EVENTS:
            tell_result(event)
        if event.info.level in _LEVELS:
            _log.log(_LEVELS[event.info.level], redact(event.info.msg))

    with _same_process(_profile_environment(settings)):
        return dbtRunner(manifest=manifest, callbacks=[tell]).invoke(
            ["--log-level", "none", *arguments, *_where(settings)]
        )


def _forget_compiled(manifest: Any) -> None:
    """A node that an earlier invocation compiled would lose the ephemeral models in it."""
    for node in manifest.nodes.values():
        if getattr(node, "extra_ctes_injected", False):
            node.extra_ctes_injected = False
            node.extra_ctes = []


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
        "TOUCHLINE_MARTS_FILE": str(settings.marts_file),
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
