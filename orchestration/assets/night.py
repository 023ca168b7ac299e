"""What holds for a run as a whole, whoever starts it: alone in its home, and kept in the diary."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import dagster as dg

from orchestration.assets.release import current_release
from orchestration.home import hold_run_lock, prepare_home
from orchestration.runs import RunRecord, finish_record, now, write_record
from orchestration.settings import Settings

_UNFINISHED = [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED]


def build_night(settings: Settings) -> dg.ResourceDefinition:
    """A resource, since in one process it lives exactly as long as the run."""

    def night(context: dg.InitResourceContext) -> Iterator[None]:
        run_id = str(context.run_id)
        instance = context.instance
        assert instance is not None
        with hold_run_lock(settings):
            prepare_home(settings)
            bury_dead_runs(instance, run_id)
            forget_old_runs(instance, settings)
            record = RunRecord(run_id=run_id, started_at=now())
            write_record(settings, record)
            try:
                yield
            finally:
                failures = _failures(instance, run_id)
                finish_record(settings, record, failures, current_release(settings))
                write_record(settings, record)

    return dg.ResourceDefinition(resource_fn=night, description="One run at a time.")


def bury_dead_runs(instance: dg.DagsterInstance, run_id: str) -> None:
    """Under the lock no other run is alive: one that says so would block the queue for hours."""
    for run in instance.get_runs(filters=dg.RunsFilter(statuses=_UNFINISHED)):
        if run.run_id != run_id:
            with suppress(dg.DagsterError):
                instance.report_run_failed(run, "The process of this run has died.")
            instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)


def forget_old_runs(instance: dg.DagsterInstance, settings: Settings) -> None:
    """Dagster keeps all its history: a megabyte or two a night."""
    for run in instance.get_runs()[settings.runs_kept :]:
        instance.delete_run(run.run_id)
        events = settings.dagster_home / "history" / "runs"
        for leftover in events.glob(f"{run.run_id}.db*"):
            leftover.unlink(missing_ok=True)


def _failures(instance: dg.DagsterInstance, run_id: str) -> list[tuple[str, Any]]:
    entries = instance.all_logs(run_id, of_type=dg.DagsterEventType.STEP_FAILURE)
    return [
        (str(event.step_key), event.step_failure_data.error)
        for entry in entries
        if (event := entry.dagster_event) is not None and event.step_failure_data.error is not None
    ]
