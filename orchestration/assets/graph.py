"""The graph as a whole: every step, its checks, the nightly and its schedule."""

import dagster as dg

from orchestration.assets.checks import build_checks
from orchestration.assets.ingest import build_ingest
from orchestration.assets.manifest import load_manifest
from orchestration.assets.night import build_night
from orchestration.assets.publish import build_publish
from orchestration.assets.raw import build_raw
from orchestration.assets.transform import build_layers
from orchestration.settings import Settings

NIGHTLY = "nightly"


def build_definitions(settings: Settings) -> dg.Definitions:
    """All of it, for the settings' sources; parses dbt's project where that is stale."""
    manifest = load_manifest(settings)
    raw = build_raw(settings, manifest)
    job = dg.define_asset_job(
        NIGHTLY,
        selection=dg.AssetSelection.all(),
        description="From the sources to a published release; stops where a check fails.",
    )
    return dg.Definitions(
        assets=[
            *build_ingest(settings),
            raw,
            *build_layers(settings, manifest),
            *build_publish(settings, manifest),
        ],
        asset_checks=build_checks(settings, manifest, raw),
        jobs=[job],
        schedules=[
            dg.ScheduleDefinition(
                name=f"{NIGHTLY}_schedule",
                job=job,
                cron_schedule=settings.schedule,
                execution_timezone=settings.business_timezone,
                default_status=dg.DefaultScheduleStatus.RUNNING,
            )
        ],
        # DuckDB has one writer, and a process can't share it: one run is one process.
        executor=dg.in_process_executor,
        resources={"night": build_night(settings)},
    )
