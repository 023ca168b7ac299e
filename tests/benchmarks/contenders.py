"""Who is measured, each in a process of its own, on the same drop folder."""

import json
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import duckdb

from tests.benchmarks.companies import Company, bytes_of
from tests.benchmarks.comparing import Difference, compare, compare_core
from tests.benchmarks.measuring import Measured, run_measured
from tests.benchmarks.postgres_core import binaries

MEMORY_LIMIT = "4GiB"
"""Of touchline, the hand-written SQL and the scan; PostgreSQL is set up for as much."""
_CORE = {"Polars": "polars", "pandas": "pandas", "PostgreSQL": "postgres"}
"""Who makes the core of the facts and KPIs, and the folder that it is left in."""


@dataclass
class Result:
    """One contender on one company."""

    name: str
    cost: Measured
    rows: int
    read_bytes: int
    written_bytes: int
    differences: list[str] = field(default_factory=list)
    """From the hand-written SQL's figures (its own: from touchline's)."""
    checked: str = ""
    """What was compared."""


@dataclass(frozen=True)
class Bench:
    """Where everything lies."""

    home: Path
    company: Company
    packages: Path
    """Polars, which is no part of touchline's environment."""

    @property
    def touchline_home(self) -> Path:
        return self.company.folder / "touchline"

    @property
    def published(self) -> Path:
        return self.touchline_home / "current" / "touchline.duckdb"

    @property
    def limit(self) -> Path:
        return self.company.folder / "limit.duckdb"

    def report(self, name: str) -> Path:
        return self.company.folder / f"{name}.report.json"

    def module(self, name: str, *arguments: object, environment: Mapping[str, str]) -> Measured:
        """A module of this folder that leaves the costs of its steps in a report."""
        report = self.report(name.rpartition(".")[2])
        return run_measured(
            [sys.executable, "-m", f"tests.benchmarks.{name}", str(report), *map(str, arguments)],
            report=report,
            environment=environment,
        )


def run_touchline(bench: Bench, name: str) -> Result:
    """A night; the first one in a home builds everything."""
    cost = bench.module(
        "measured_run",
        *("run", "--source", "files", "--path", bench.company.files),
        environment={
            "TOUCHLINE_HOME": str(bench.touchline_home),
            "TOUCHLINE_MEMORY_LIMIT": MEMORY_LIMIT,
        },
    )
    rows = _rows_of_last_night(bench.touchline_home / "build.duckdb")
    written = bytes_of(bench.touchline_home)
    return Result(name, cost, rows, bytes_of(bench.company.files), written)


def run_limit(bench: Bench, rows: int) -> Result:
    cost = bench.module(
        "hand_written", bench.company.files, bench.limit, MEMORY_LIMIT, environment={}
    )
    return _result(bench, "hand-written SQL", cost, rows, bench.limit)


def run_scan(bench: Bench, rows: int) -> Result:
    database = bench.company.folder / "scan.duckdb"
    cost = bench.module("scanning", bench.company.files, database, environment={})
    result = _result(bench, "scan and write", cost, rows, database)
    database.unlink(missing_ok=True)
    return result


def run_polars(bench: Bench, rows: int) -> Result:
    out = bench.company.folder / _CORE["Polars"]
    cost = bench.module(
        "frames.polars_core",
        bench.company.files,
        out,
        environment={"PYTHONPATH": str(bench.packages)},
    )
    return _result(bench, "Polars", cost, rows, out)


def run_pandas(bench: Bench, rows: int) -> Result:
    out = bench.company.folder / _CORE["pandas"]
    cost = bench.module("frames.pandas_core", bench.company.files, out, environment={})
    return _result(bench, "pandas", cost, rows, out)


def run_postgres(bench: Bench, rows: int) -> Result:
    out = bench.company.folder / _CORE["PostgreSQL"]
    out.mkdir(exist_ok=True)
    cost = bench.module("postgres_core", bench.company.files, out, environment={})
    # The process is only who asks: the server's time and memory stand in its steps.
    cost.cpu_seconds = sum(step.cpu_seconds for step in cost.steps)
    cost.wall_seconds = sum(step.wall_seconds for step in cost.steps)
    cost.peak_bytes = max((step.peak_bytes for step in cost.steps), default=0)
    return _result(bench, "PostgreSQL", cost, rows, out)


def check(bench: Bench, results: list[Result]) -> None:
    """Hold the figures of each against those of the hand-written SQL."""
    for result in results:
        if result.cost.code or not bench.limit.exists():
            continue
        if result.name == "hand-written SQL" and bench.published.exists():
            result.checked = "every row of the facts and KPI tables, every column of MARTS.md"
            found = compare(bench.published, bench.limit)
        elif result.name in _CORE:
            result.checked = "every touch; the five KPIs by month, company and reps"
            found = compare_core(bench.limit, bench.company.folder / _CORE[result.name])
        else:
            continue
        result.differences = _told(found)


OTHERS: Mapping[str, Callable[[Bench, int], Result]] = {
    "scan": run_scan,
    "limit": run_limit,
    "polars": run_polars,
    "pandas": run_pandas,
    "postgres": run_postgres,
}


# Frames take some 7 GiB at a million leads; the goals ask for these at a million.
_MOST_LEADS = {"polars": 2_000_000, "pandas": 2_000_000, "postgres": 2_000_000}


def missing(name: str, packages: Path, leads: int = 0) -> str:
    """Why a contender can't run here; nothing where it can."""
    if name == "postgres" and binaries() is None:
        return "PostgreSQL is not installed here (apt-get install postgresql)"
    if name == "polars" and not (packages / "polars").is_dir() and find_spec("polars") is None:
        return "Polars is not there: `make bench` installs it"
    if name in _MOST_LEADS and leads > _MOST_LEADS[name]:
        return f"{name} is left out above {_MOST_LEADS[name]:,} leads: it takes hours, or more memory than there is"
    return ""


def forget(bench: Bench) -> None:
    """What contenders left; the company's own files stay."""
    for path in bench.company.folder.iterdir():
        if path.name in ("drop", "truth"):
            continue
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def _result(bench: Bench, name: str, cost: Measured, rows: int, out: Path) -> Result:
    written = bytes_of(out) if out.exists() else 0
    return Result(name, cost, rows, bytes_of(bench.company.files), written)


def _told(found: list[Difference]) -> list[str]:
    return [str(difference) for difference in found]


def _rows_of_last_night(build: Path) -> int:
    if not build.exists():
        return 0
    with duckdb.connect(str(build), read_only=True) as connection:
        ((rows,),) = connection.execute(
            "select coalesce(sum(rows_in), 0) from quality.loads where run_id = "
            "(select run_id from raw.runs order by started_at desc limit 1)"
        ).fetchall()
    return int(rows)


def save(results: list[Result], path: Path) -> None:
    """For the page, and for whoever wants to compare two days."""
    from dataclasses import asdict

    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([asdict(result) for result in results], indent=1))
