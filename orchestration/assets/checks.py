"""Great Expectations as blocking asset checks: one step a layer, one check a table."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import dagster as dg

from orchestration.assets.manifest import LAYERS, Manifest, check_name, tables_of
from orchestration.assets.unchanged import is_standing
from orchestration.errors import BrokenCheckError
from orchestration.settings import Settings
from orchestration.warehouse import open_build, read_run, record_done

NAME = "expectations"


def build_checks(
    settings: Settings, manifest: Manifest, raw: dg.AssetsDefinition
) -> list[dg.AssetChecksDefinition]:
    """A step for raw and for each dbt layer; seeds go with the layer that builds them."""
    landed = sorted(key.path[-1] for key in raw.keys)
    schemas = {
        "raw": {"raw": landed},
        **{layer: {layer: tables_of(manifest, layer)} for layer in LAYERS},
    }
    schemas[LAYERS[0]]["seeds"] = tables_of(manifest, "seeds")
    return [
        _build_check(settings, stage, {s: names for s, names in tables.items() if names})
        for stage, tables in schemas.items()
        if tables.get(stage)
    ]


def check_spec(schema: str, table: str) -> dg.AssetCheckSpec:
    return dg.AssetCheckSpec(
        NAME,
        asset=[schema, table],
        blocking=True,
        description=f"data_quality/suites/{schema}/{table}.py, and what holds for all of {schema}.",
    )


def _build_check(
    settings: Settings, stage: str, tables: Mapping[str, Sequence[str]]
) -> dg.AssetChecksDefinition:
    @dg.multi_asset_check(
        name=check_name(stage),
        specs=[check_spec(schema, table) for schema, names in tables.items() for table in names],
        pool="duckdb",
        required_resource_keys={"night"},
    )
    def check(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        from data_quality.results import read_results
        from data_quality.runner import run_stage, save_results

        with open_build(settings) as connection:
            run = read_run(connection)
            if stage != "raw" and is_standing(
                connection, run, context.run.run_id, check_name(stage)
            ):
                results = read_results(connection, run.run_id)
                for schema, names in tables.items():
                    yield from asset_check_results(schema, names, results)
                return
        reports = [
            run_stage(settings.build_file, schema, run_id=context.run.run_id, tables=names)
            for schema, names in tables.items()
        ]
        results = [result for report in reports for result in report.results]
        with open_build(settings) as connection:
            save_results(connection, results)
            if all(report.passed for report in reports):
                record_done(connection, check_name(stage))
        refuse_broken(results)
        for schema, names in tables.items():
            yield from asset_check_results(schema, names, results)

    return check


def refuse_broken(results: Sequence[Any]) -> None:
    """A check that broke has not failed: nobody knows what the data are like."""
    broken = [result.message for result in results if result.broke]
    if broken:
        raise BrokenCheckError("\n".join(broken))


def asset_check_results(
    schema: str, tables: Sequence[str], results: Sequence[Any]
) -> Iterator[dg.AssetCheckResult]:
    """One result a table: passed, where each of its rules did; warnings stop nothing."""
    by_table: dict[str, list[Any]] = defaultdict(list)
    for result in results:
        if result.stage == schema:
            by_table[result.table].append(result)
    for table in tables:
        bad = [result for result in by_table[table] if not result.passed]
        failed = [result for result in bad if result.severity == "error"]
        yield dg.AssetCheckResult(
            asset_key=[schema, table],
            check_name=NAME,
            passed=not bad,
            severity=dg.AssetCheckSeverity.ERROR if failed else dg.AssetCheckSeverity.WARN,
            metadata={
                "expectations": len(by_table[table]),
                "failed": len(failed),
                "warnings": len(bad) - len(failed),
                **{result.expectation: result.message for result in bad},
            },
        )
