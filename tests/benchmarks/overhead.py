"""What the framework costs when there is nothing to compute: a warehouse of one row an entity.

`python -m tests.benchmarks.overhead plain BUILD MANIFEST REPORT.json` runs the models' own SQL, as
dbt compiled it, without dbt, Dagster or Great Expectations.
"""

import json
import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from tests.benchmarks.measuring import PROJECT, Measured, Steps, run_measured

ROWS: Mapping[str, str] = {
    "crm/reps": "rep_id,full_name,team\nR1,One Rep,Inbound desk\n",
    "crm/accounts": "account_id,name\nC1,One Account\n",
    "crm/contacts": "contact_id,account_id,phones\nP1,C1,+74950000001\n",
    "crm/leads": "lead_id,contact_id,owner_rep_id,lead_source,status,created_at,is_inquiry\n"
    "L1,P1,R1,web,working,2026-01-05T10:00:00Z,true\n",
    "crm/deals": "deal_id,lead_id,owner_rep_id,stage,amount,currency,created_at,closed_at\n"
    "D1,L1,R1,won,100,USD,2026-01-06T10:00:00Z,2026-01-07T10:00:00Z\n",
    "crm/activities": "activity_id,kind,direction,started_at,rep_id,lead_id,duration_seconds,outcome\n"
    "A1,call,outbound,2026-01-05T11:00:00Z,R1,L1,60,connected\n",
}


@dataclass
class Overhead:
    """The same night on (almost) nothing: first, again with nothing new, and as plain SQL."""

    first: Measured
    again: Measured
    plain: Measured
    parse_cold: Measured
    parse_partial: Measured
    import_seconds: float
    imports: dict[str, float]
    """Packages, and the seconds that their modules take to be imported (without what they import)."""


def measure_overhead(folder: Path) -> Overhead:
    """All of it, in homes of their own under `folder`."""
    shutil.rmtree(folder, ignore_errors=True)
    files, home, report = folder / "files", folder / "home", folder / "report.json"
    for entity, text in ROWS.items():
        path = files / f"{entity}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    environment = {"TOUCHLINE_HOME": str(home)}
    night = [sys.executable, "-m", "tests.benchmarks.measured_run", str(report), "run",
             "--source", "files", "--path", str(files)]  # fmt: skip
    first = run_measured(night, report=report, environment=environment)
    # Before the next night: what dbt compiled then may be for a few rows only.
    copy = folder / "plain" / "build.duckdb"
    copy.parent.mkdir()
    shutil.copy(home / "build.duckdb", copy)
    plain = run_measured(
        [
            *(sys.executable, "-m", "tests.benchmarks.overhead", "plain"),
            *(str(copy), str(home / "dbt_target"), str(folder / "plain.json")),
        ],
        report=folder / "plain.json",
    )
    again = run_measured(night, report=report, environment=environment)
    cold, partial = (
        run_measured(
            [str(Path(sys.executable).with_name("dbt")), "--quiet", "parse",
             "--project-dir", str(PROJECT / "dbt_project"),
             "--profiles-dir", str(PROJECT / "dbt_project"),
             "--target-path", str(folder / "target"), "--log-path", str(folder / "logs")],
            environment={**environment, "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"},
        )
        for _ in range(2)
    )  # fmt: skip
    total, imports = measure_imports(folder, night[4:], environment)
    return Overhead(first, again, plain, cold, partial, total, imports)


def measure_imports(
    folder: Path, arguments: list[str], environment: Mapping[str, str]
) -> tuple[float, dict[str, float]]:
    """Seconds in imports of a whole night, and the packages that take the most."""
    told = folder / "imports.txt"
    run_measured(
        ["sh", "-c", 'exec "$0" -X importtime -m orchestration.cli "$@" 2> ' + str(told),
         sys.executable, *arguments],
        environment=environment,
    )  # fmt: skip
    seconds: dict[str, float] = {}
    for own, module in _imported(told):
        package = module.strip().split(".")[0]
        seconds[package] = seconds.get(package, 0.0) + own / 1e6
    heaviest = sorted(seconds, key=lambda name: seconds[name], reverse=True)[:8]
    return sum(seconds.values()), {name: round(seconds[name], 2) for name in heaviest}


def _imported(told: Path) -> Iterator[tuple[int, str]]:
    """Microseconds of each module by itself."""
    for line in told.read_text().splitlines():
        if found := re.match(r"import time:\s+(\d+) \|\s+\d+ \| (.+)", line):
            yield int(found[1]), found[2]


def run_plain(build: Path, target: Path, report: Path) -> None:
    """Every model in its order, as dbt compiled it: one connection, one statement each."""
    manifest = json.loads((target / "manifest.json").read_text())
    models = {
        unique_id: node
        for unique_id, node in manifest["nodes"].items()
        if node["resource_type"] == "model"
    }
    measured = Steps()
    with measured.step("models"), duckdb.connect(str(build)) as connection:
        connection.execute("set timezone = 'UTC'")
        connection.execute(f"attach '{build.parent / 'touchline.duckdb'}' as touchline")
        connection.execute("create schema touchline.marts")
        for unique_id in _ordered(models):
            node = models[unique_id]
            compiled = target / "compiled" / "touchline" / node["original_file_path"]
            kind = "view" if node["config"]["materialized"] == "view" else "table"
            connection.execute(
                f"create or replace {kind} {node['database']}.{node['schema']}.{node['alias']} "
                f"as {compiled.read_text()}"
            )
    measured.write(report)


def _ordered(models: Mapping[str, Any]) -> Iterator[str]:
    """Each model after those that it reads."""
    done: set[str] = set()
    while len(done) < len(models):
        ready = [
            unique_id
            for unique_id, node in models.items()
            if unique_id not in done
            and all(p in done or p not in models for p in node["depends_on"]["nodes"])
        ]
        yield from ready
        done.update(ready)


if __name__ == "__main__":
    run_plain(*map(Path, sys.argv[2:5]))
