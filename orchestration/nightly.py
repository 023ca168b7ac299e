"""The nightly in this process: the job that Dagster schedules, without its servers."""

import logging
import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

from rich.console import Console

from orchestration.home import hold_run_lock, prepare_home
from orchestration.progress import Progress, Step
from orchestration.runs import RunRecord, finish_record, now, read_records, redact, write_record
from orchestration.settings import Settings

if TYPE_CHECKING:
    import dagster as dg

_LOGS_KEPT = 30


def run_nightly(settings: Settings, console: Console, only: str | None = None) -> RunRecord:
    """Run the job, or only the groups of `only` (an asset selection); shows what it does."""
    with hold_run_lock(settings):
        prepare_home(settings)
        run_id = str(uuid.uuid4())
        with _logging(settings, run_id) as log:
            console.print("reading the project …", style="dim")
            return _execute(settings, console, run_id, log, only)


def log_file(settings: Settings, run_id: str) -> Path:
    """Where everything that a run had to say is kept."""
    return settings.logs_dir / f"run-{run_id}.log"


def _execute(
    settings: Settings, console: Console, run_id: str, log: logging.Logger, only: str | None
) -> RunRecord:
    import dagster as dg
    from dagster import DagsterExecutionInterruptedError

    from data_quality.session import import_great_expectations
    from orchestration.assets.graph import NIGHTLY, build_definitions

    os.environ["DAGSTER_HOME"] = str(settings.dagster_home)
    definitions = build_definitions(settings)
    job = definitions.resolve_job_def(NIGHTLY)
    steps, selection = _steps(job, definitions), None
    if only is not None:
        graph = definitions.resolve_asset_graph()
        selection = sorted(dg.AssetSelection.from_string(only).resolve(graph))
        chosen = {graph.get(key).assets_def.op.name for key in selection}
        steps = {name: step for name, step in steps.items() if name in chosen}
    # Three seconds, most of which fit in where the first steps wait for DuckDB.
    Thread(target=import_great_expectations, daemon=True).start()
    progress = Progress(console, steps)
    with dg.DagsterInstance.from_config(str(settings.dagster_home)) as instance:
        instance.add_event_listener(run_id, progress.on_event)
        instance.add_event_listener(run_id, lambda entry: _log_entry(log, entry))
        with progress.shown(), suppress(DagsterExecutionInterruptedError, KeyboardInterrupt):
            job.execute_in_process(
                instance=instance,
                run_id=run_id,
                raise_on_error=False,
                asset_selection=selection,
                # What Dagster says goes to the log file by the listener above.
                run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
            )
        record = next((r for r in read_records(settings) if r.run_id == run_id), None)
        if record is None:
            # The run failed before its first step: its resource kept no diary.
            record = RunRecord(run_id=run_id, started_at=now())
            errors = [
                ("run", error)
                for entry in instance.all_logs(run_id)
                if (error := _error_of(entry.dagster_event)) is not None
            ]
            write_record(settings, finish_record(settings, record, errors, None))
        return record


def _steps(job: "dg.JobDefinition", definitions: "dg.Definitions") -> dict[str, Step]:
    """Every step of the job in its order, with how much it is going to make."""
    import dagster as dg

    made: dict[str, tuple[int, str]] = {}
    for definition in definitions.assets or ():
        assert isinstance(definition, dg.AssetsDefinition)
        is_delivery = definition.op.name.startswith("landing__")
        made[definition.op.name] = (len(definition.keys), "" if is_delivery else "tables")
    for definition in definitions.asset_checks or ():
        made[definition.op.name] = (len(list(definition.check_specs)), "checks")
    names = [node.name for node in job.nodes_in_topological_order]
    return {name: Step(name.replace("__", "/").replace("_", " "), *made[name]) for name in names}


def _error_of(event: Any) -> Any:
    return None if event is None else getattr(event.event_specific_data, "error", None)


def _log_entry(log: logging.Logger, entry: Any) -> None:
    event = entry.dagster_event
    step = f"{entry.step_key}: " if entry.step_key else ""
    kind = f"{event.event_type_value} " if event is not None else ""
    log.log(entry.level, "%s%s%s", step, kind, redact(entry.user_message))
    if (error := _error_of(event)) is not None:
        log.error(redact(error.to_string()))


@contextmanager
def _logging(settings: Settings, run_id: str) -> Iterator[logging.Logger]:
    """Whatever the libraries say goes into one file a run, and not to the screen."""
    root, log = logging.getLogger(), logging.getLogger("touchline")
    handler = logging.FileHandler(log_file(settings, run_id), encoding="utf-8")
    formatter = logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s")
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    before = root.level, list(root.handlers)
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    log.setLevel(logging.DEBUG)
    logging.captureWarnings(capture=True)
    try:
        yield log
    finally:
        logging.captureWarnings(capture=False)
        root.setLevel(before[0])
        root.handlers = before[1]
        handler.close()
        _drop_old_logs(settings)


def _drop_old_logs(settings: Settings) -> None:
    logs = sorted(settings.logs_dir.glob("run-*.log"), key=lambda path: path.stat().st_mtime)
    for old in logs[:-_LOGS_KEPT]:
        old.unlink(missing_ok=True)
