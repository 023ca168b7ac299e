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

    told = Progress.on_event
    began: dict[str, tuple[float, float]] = {}
    nodes: dict[str, float] = {}

    def on_event(self: Progress, entry: Any) -> None:
        event = entry.dagster_event
        kind = event.event_type_value if event is not None else ""
        if kind == "STEP_START":
            _before(costs)
            nodes.clear()
            began[event.step_key] = (time.monotonic(), cpu_seconds())
        elif kind == "ASSET_MATERIALIZATION":
            made = event.step_materialization_data.materialization
            if "seconds" in made.metadata:
                nodes[made.asset_key.to_user_string()] = float(made.metadata["seconds"].value)
        elif kind in {"STEP_SUCCESS", "STEP_FAILURE"} and event.step_key in began:
            wall, cpu = began.pop(event.step_key)
            costs.append(
                StepCost(
                    event.step_key,
                    time.monotonic() - wall,
                    cpu_seconds() - cpu,
                    peak_bytes(reset=True),
                    dict(nodes),
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
