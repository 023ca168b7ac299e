"""What was measured -> tables on the screen, and the generated part of docs/performance.md."""

import json
import os
import platform
import subprocess
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from tests.benchmarks.contenders import Result
from tests.benchmarks.goals import Costs, judge
from tests.benchmarks.measuring import PROJECT, Measured, StepCost
from tests.benchmarks.overhead import Overhead
from tests.benchmarks.postgres_core import binaries

PAGE = PROJECT / "docs" / "performance.md"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
_MIB = 2**20
_SLOWEST = 12


def load_results(folder: Path) -> dict[int, list[Result]]:
    """By leads: what `contenders.save` kept."""
    return {
        int(path.stem): [
            Result(**{**told, "cost": _measured(told["cost"])})
            for told in json.loads(path.read_text())
        ]
        for path in sorted(folder.glob("[0-9]*.json"), key=lambda path: int(path.stem))
    }


def load_overhead(path: Path) -> Overhead | None:
    if not path.exists():
        return None
    told = json.loads(path.read_text())
    names = ("first", "again", "plain", "parse_cold", "parse_partial")
    return Overhead(**{**told, **{name: _measured(told[name]) for name in names}})


def _measured(told: dict[str, Any]) -> Measured:
    return Measured(**{**told, "steps": [StepCost(**step) for step in told["steps"]]})


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Markdown; columns of figures on the right."""
    yield "| " + " | ".join(header) + " |"
    yield "|" + "|".join(["---", *["--:"] * (len(header) - 1)]) + "|"
    for row in rows:
        yield "| " + " | ".join(row) + " |"


def goal_lines(results: dict[int, list[Result]], clone: Measured | None) -> Iterator[str]:
    costs: Costs = {leads: {r.name: r.cost for r in found} for leads, found in results.items()}
    verdicts = {True: "met", False: "**missed**", None: ""}
    yield from table(
        ("figure, in one run on one machine", "goal", "measured", ""),
        [
            (goal.figure, goal.wanted, goal.found, verdicts[goal.is_met])
            for goal in judge(costs, clone)
        ],
    )


def contender_lines(found: Sequence[Result]) -> Iterator[str]:
    full = next((r for r in found if r.name == "touchline" and not r.cost.code), None)
    rows = []
    for result in found:
        cost = result.cost
        if cost.code:
            rows.append((result.name, f"failed ({cost.code})", *[""] * 7))
            continue
        ratio = f"{cost.cpu_seconds / full.cost.cpu_seconds:.2f}" if full is not None else ""
        rows.append((
            result.name,
            f"{cost.cpu_seconds:,.1f}",
            f"{cost.wall_seconds:,.1f}",
            f"{cost.peak_bytes / _MIB:,.0f}",
            f"{result.rows:,}",
            f"{result.rows / cost.cpu_seconds:,.0f}",
            f"{result.read_bytes / _MIB:,.0f}",
            f"{result.written_bytes / _MIB:,.0f}",
            ratio,
        ))  # fmt: skip
    yield from table(
        ("", "CPU s", "wall s", "peak MiB", "rows", "rows a CPU s", "MiB read", "MiB left",
         "CPU : touchline"),
        rows,
    )  # fmt: skip


def step_lines(result: Result) -> Iterator[str]:
    yield from table(
        ("step", "CPU s", "wall s", "peak MiB"),
        [
            (
                step.name.replace("__", "/").replace("_", " "),
                f"{step.cpu_seconds:,.1f}",
                f"{step.wall_seconds:,.1f}",
                f"{step.peak_bytes / _MIB:,.0f}",
            )
            for step in result.cost.steps
        ],
    )
    nodes = {
        name.split("/")[-1]: seconds
        for step in result.cost.steps
        for name, seconds in step.nodes.items()
    }
    slowest = sorted(nodes, key=lambda name: nodes[name], reverse=True)[:_SLOWEST]
    if slowest:
        yield ""
        told = ", ".join(f"`{name}` {nodes[name]:.1f}" for name in slowest)
        yield f"Models that took longest (seconds; two at a time): {told}."


def overhead_lines(overhead: Overhead) -> Iterator[str]:
    def row(name: str, cost: Measured) -> tuple[str, str, str, str]:
        return (
            name,
            f"{cost.cpu_seconds:.1f}",
            f"{cost.wall_seconds:.1f}",
            f"{cost.peak_bytes / _MIB:,.0f}",
        )

    yield from table(
        ("one row an entity", "CPU s", "wall s", "peak MiB"),
        [
            row("`touchline run`, first night (dbt parses all)", overhead.first),
            row("`touchline run`, nothing new", overhead.again),
            row("the models' SQL, plainly (with the start of Python)", overhead.plain),
            row("`dbt parse`, cold", overhead.parse_cold),
            row("`dbt parse`, partial", overhead.parse_partial),
        ],
    )
    yield ""
    heaviest = ", ".join(f"{name} {seconds:.1f}" for name, seconds in overhead.imports.items())
    yield (
        f"Imports of a whole night take {overhead.import_seconds:.1f} s "
        f"(`python -X importtime`, itself slower); by package: {heaviest}."
    )
    framework = overhead.again.cpu_seconds - overhead.plain.cpu_seconds
    yield f"So the framework costs **{framework:.1f} CPU s** a night over its models' SQL."


def machine_lines() -> Iterator[str]:
    cpuinfo = Path("/proc/cpuinfo").read_text()
    model = next(
        (line.split(":", 1)[1].strip() for line in cpuinfo.splitlines() if "model name" in line),
        platform.machine(),
    )
    meminfo = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text().splitlines())
    memory = int(meminfo["MemTotal"].split()[0]) / 2**20
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=PROJECT, capture_output=True, text=True,
        check=False,
    ).stdout.strip()  # fmt: skip
    versions = [f"Python {platform.python_version()}"]
    for package in ("duckdb", "dbt-core", "dagster", "great-expectations", "polars", "pandas"):
        try:
            versions.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            versions.append(f"{package} (not here)")
    programs = binaries()
    if programs is not None:
        told = subprocess.run(
            [str(programs / "postgres"), "--version"], capture_output=True, text=True, check=False
        )
        versions.append(told.stdout.strip().removeprefix("postgres (PostgreSQL) ")
                        .join(["PostgreSQL ", ""]))  # fmt: skip
    load = " ".join(f"{value:.1f}" for value in os.getloadavg())
    yield f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, commit {commit}."
    yield f"{model}, {os.cpu_count()} cores, {memory:.0f} GiB; load average at the end {load}."
    yield ", ".join(versions) + "."


def page_lines(
    results: dict[int, list[Result]],
    overhead: Overhead | None,
    clone: Measured | None,
    notes: Sequence[str],
) -> Iterator[str]:
    yield from machine_lines()
    yield ""
    yield "### Goals"
    yield ""
    yield from goal_lines(results, clone)
    for leads, found in results.items():
        yield ""
        yield f"### {leads:,} leads"
        yield ""
        yield from contender_lines(found)
        yield ""
        for result in found:
            if result.checked:
                said = "; ".join(result.differences) or "no difference"
                yield f"- {result.name}, {result.checked}: {said}."
        for result in found:
            if result.cost.steps and not result.cost.code:
                yield ""
                yield f"<details><summary>{result.name}: steps</summary>"
                yield ""
                yield from step_lines(result)
                yield ""
                yield "</details>"
    if overhead is not None:
        yield ""
        yield "### Start-up and framework"
        yield ""
        yield from overhead_lines(overhead)
    if notes:
        yield ""
        yield from (f"- {note}." for note in notes)


def write_page(lines: Sequence[str]) -> None:
    """Between the markers; the rest of the page is a person's."""
    text = PAGE.read_text()
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}\n{chr(10).join(lines)}\n{END}{after}")
