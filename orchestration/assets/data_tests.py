"""dbt's data tests: compiled by dbt once a change of the project, run each night as plain SQL.

dbt takes 20 ms and more to compile, select, run and tell of a test whose SQL takes one. What it
compiles is kept; the verdict is found as dbt finds it, by the test's own settings.
"""

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import duckdb

from orchestration.assets import dbt_in_process
from orchestration.assets.dbt_in_process import NodeResult
from orchestration.assets.manifest import Manifest, dbt_manifest, project_key
from orchestration.settings import Settings

_log = logging.getLogger("touchline.dbt")

AS_OF = "9876-05-04 03:02:01"
"""Stands for the night's moment in what is compiled."""


def run_data_tests(
    connection: duckdb.DuckDBPyConnection,
    manifest: Manifest,
    compiled: Mapping[str, str],
    chosen: Sequence[str],
) -> Iterator[NodeResult]:
    """The tests `chosen` (unique ids); one that can't be computed is an error of its own."""
    for unique_id in chosen:
        config = manifest["nodes"][unique_id]["config"]
        try:
            told = connection.execute(_sql_of(compiled[unique_id], config)).fetchall()[0]
        except duckdb.Error as error:
            yield NodeResult(unique_id, "error", str(error))
        else:
            failures, status = int(told[0] or 0), _verdict(config, *told[1:])
            if status == "warn":
                name = manifest["nodes"][unique_id]["name"]
                _log.warning("%s rows break %s, which stops nothing", failures, name)
            yield NodeResult(unique_id, status, failures=failures)


def compile_data_tests(
    settings: Settings, variables: Mapping[str, Any], as_of: str
) -> dict[str, str]:
    """Unique id -> SQL, for tonight; `variables` are the run's but for `as_of`."""
    # Normal nights and rebuilds take turns.
    path = settings.dbt_target_dir / f"data_tests_{variables.get('scope', 'all')}.json"
    key = json.dumps([project_key(settings), dict(variables)])
    known = json.loads(path.read_text()) if path.exists() else {}
    if known.get("key") != key:
        given = {**variables, "as_of": AS_OF}
        tests = dbt_in_process.compile_tests(settings, dbt_manifest(settings), given)
        known = {"key": key, "tests": tests}
        path.write_text(json.dumps(known))
    return {name: sql.replace(AS_OF, as_of) for name, sql in known["tests"].items()}


def _sql_of(compiled: str, config: Mapping[str, Any]) -> str:
    failures = config["fail_calc"]
    limit = f"limit {config['limit']}" if config["limit"] else ""
    return (
        f"select {failures} as failures, {failures} {config['warn_if']}, "
        f"{failures} {config['error_if']} from ({compiled}\n{limit}) as failing_rows"
    )


def _verdict(config: Mapping[str, Any], should_warn: bool, should_error: bool) -> str:
    if should_error and config["severity"].upper() == "ERROR":
        return "fail"
    return "warn" if should_warn else "pass"
