"""A night that brought nothing: what was built, judged and published for the last one stands."""

from collections.abc import Mapping
from typing import Any

import duckdb

from orchestration.affected import Basis, Scope, is_as_it_was, read_baseline, record_baseline
from orchestration.assets.manifest import LAYERS, Manifest, check_name, tables_of
from orchestration.assets.release import published_name
from orchestration.settings import Settings
from orchestration.warehouse import Run, carry_done, find_undone

UNCHANGED: Mapping[str, Any] = {"unchanged": True}
"""Metadata of what a step left as it was."""


def find_standing(
    connection: duckdb.DuckDBPyConnection, manifest: Manifest, basis: Basis
) -> Scope | None:
    """«nothing», where everything was built and passed, and a build now would give the same."""
    baseline = read_baseline(connection)
    if baseline is None or not is_as_it_was(connection, basis):
        return None
    layers = [layer for layer in LAYERS if tables_of(manifest, layer)]
    needed = [*layers, *map(check_name, layers)]
    if find_undone(connection, needed, baseline.run_id):
        return None
    return Scope("nothing", f"nothing has changed since run {baseline.run_id}")


def keep_standing(
    connection: duckdb.DuckDBPyConnection, settings: Settings, run: Run, basis: Basis
) -> None:
    """What was built, found and published for the baseline is this run's; raw is judged anew."""
    from data_quality.results import repeat_results

    baseline = read_baseline(connection)
    assert baseline is not None
    anew = ["raw"]
    if find_undone(connection, [published_name(settings)], baseline.run_id):
        anew.append("published")
    carry_done(connection, baseline.run_id)
    repeat_results(connection, baseline.run_id, run.run_id, without=anew)
    record_baseline(connection, run.run_id, basis, links_too=False)


def is_standing(connection: duckdb.DuckDBPyConnection, run: Run, run_id: str, what: str) -> bool:
    """Whether `run_id` is such a night, and has nothing to do for `what`."""
    same = run.run_id == run_id and run.scope == "nothing"
    return same and not find_undone(connection, [what])
