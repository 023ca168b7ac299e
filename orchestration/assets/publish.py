"""The last step: a candidate is made, judged, and only then what people and tools open."""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from orchestration.assets import release
from orchestration.assets.checks import asset_check_results, check_spec, refuse_broken
from orchestration.assets.manifest import Manifest, node_of, published_tables
from orchestration.assets.unchanged import UNCHANGED, is_standing
from orchestration.errors import ChecksFailedError
from orchestration.settings import Settings
from orchestration.warehouse import forget_done, open_build, read_run, record_done


def build_publish(settings: Settings, manifest: Manifest) -> list[dg.AssetsDefinition]:
    """One step for all tables: they are swapped in together or not at all."""
    tables = published_tables(manifest)
    if not tables:
        return []

    @dg.multi_asset(
        name="publish",
        specs=[
            dg.AssetSpec(
                ["published", table],
                deps=[[node["schema"], node["alias"]]],
                group_name="published",
                description=node["description"],
                kinds={"duckdb"},
            )
            for table in tables
            for node in [node_of(manifest, table)]
        ],
        check_specs=[check_spec("published", table) for table in tables],
        pool="duckdb",
        required_resource_keys={"night"},
    )
    def publish(context: dg.AssetExecutionContext) -> Iterator[Any]:
        from data_quality.results import read_results

        with open_build(settings, read_only=True) as connection:
            run = read_run(connection)
            name = release.published_name(settings)
            stands = is_standing(connection, run, context.run_id, name)
            results = read_results(connection, run.run_id) if stands else []
        if stands:
            for table in tables:
                yield dg.MaterializeResult(asset_key=["published", table], metadata=UNCHANGED)
            yield from asset_check_results("published", list(tables), results)
            return
        candidate, rows = release.make_candidate(settings, manifest)
        try:
            results = _judge(settings, candidate, context.run_id, list(tables))
        except BaseException:
            release.discard(candidate)
            raise
        failed = [r for r in results if not r.passed and r.severity == "error"]
        if failed:
            release.discard(candidate)
            yield from asset_check_results("published", list(tables), results)
            raise ChecksFailedError("\n".join(result.message for result in failed))
        replaced = release.published_name(settings)
        path = release.release(settings, candidate)
        with open_build(settings) as connection:
            forget_done(connection, replaced)
            record_done(connection, release.published_name(settings))
        for table in tables:
            yield dg.MaterializeResult(
                asset_key=["published", table],
                metadata={"dagster/row_count": rows[table], "path": dg.MetadataValue.path(path)},
            )
        yield from asset_check_results("published", list(tables), results)

    return [publish]


def _judge(settings: Settings, candidate: Any, run_id: str, tables: list[str]) -> list[Any]:
    from data_quality.runner import run_stage, save_results

    report = run_stage(
        candidate,
        "published",
        run_id=run_id,
        tables=tables,
        compare_with=settings.marts_file,
        allow_personal_data=settings.publish_personal_data,
    )
    results = list(report.results)
    with open_build(settings) as connection:
        save_results(connection, results)
    refuse_broken(results)
    return results
