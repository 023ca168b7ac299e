"""`touchline run` in this process, with what each step took told to a file at the end.

`python -m tests.benchmarks.measured_run REPORT.json run --source files …`: exactly the program that
a person starts, only watched. It must not import what touchline would not, or it would measure that.
"""

import json
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.benchmarks.measuring import StepCost, cpu_seconds, peak_bytes

_BEGAN = time.monotonic()


def watch_steps(costs: list[StepCost]) -> None:
    """Have every step of a run leave its cost in `costs`."""
    from orchestration.progress import Progress
    from orchestration.settings import build_settings

    told = Progress.on_event
    began: dict[str, tuple[float, float]] = {}

    def on_event(self: Progress, entry: Any) -> None:
        event = entry.dagster_event
        kind = event.event_type_value if event is not None else ""
        if kind == "STEP_START":
            _before(costs)
            began[event.step_key] = (time.monotonic(), cpu_seconds())
        elif kind in {"STEP_SUCCESS", "STEP_FAILURE"} and event.step_key in began:
            wall, cpu = began.pop(event.step_key)
            costs.append(
                StepCost(
                    event.step_key,
                    time.monotonic() - wall,
                    cpu_seconds() - cpu,
                    peak_bytes(reset=True),
                    _nodes(build_settings().dbt_target_dir / "run_results.json"),
                )
            )
        told(self, entry)

    Progress.on_event = on_event  # type: ignore[method-assign]


def _before(costs: list[StepCost]) -> None:
    """All that comes before the first step: imports, dbt's parsing, the graph."""
    if not costs:
        costs.append(
            StepCost("start", time.monotonic() - _BEGAN, cpu_seconds(), peak_bytes(reset=True))
        )


def _nodes(results: Path) -> dict[str, float]:
    """Each layer writes over the results of the one before; a step without dbt has none."""
    if not results.exists():
        return {}
    found = json.loads(results.read_text())["results"]
    results.unlink()
    return {result["unique_id"]: float(result["execution_time"]) for result in found}


def main() -> None:
    """Run, and tell what it took."""
    report, *arguments = sys.argv[1:]
    costs: list[StepCost] = []
    from orchestration.cli import app

    watch_steps(costs)
    code: int | str | None = 0
    try:
        app(arguments)
    except SystemExit as exit_:
        code = exit_.code
    last = StepCost("end", 0.0, 0.0, peak_bytes())
    in_steps = [cost for cost in costs if cost.name != "end"]
    last.wall_seconds = time.monotonic() - _BEGAN - sum(cost.wall_seconds for cost in in_steps)
    last.cpu_seconds = cpu_seconds() - sum(cost.cpu_seconds for cost in in_steps)
    Path(report).write_text(json.dumps([asdict(cost) for cost in [*costs, last]], indent=1))
    raise SystemExit(code)


if __name__ == "__main__":
    main()
