"""What a run shows while it goes on."""

import io
from types import SimpleNamespace
from typing import Any

from rich.console import Console

from orchestration.progress import Progress, Step


def entry(step: str | None, kind: str, **more: Any) -> SimpleNamespace:
    event = SimpleNamespace(step_key=step, event_type_value=kind, **more)
    return SimpleNamespace(dagster_event=event)


def made(rows: int) -> dict[str, Any]:
    metadata = {"dagster/row_count": SimpleNamespace(value=rows)}
    return {
        "step_materialization_data": SimpleNamespace(
            materialization=SimpleNamespace(metadata=metadata)
        )
    }


def judged(severity: str | None = None) -> dict[str, Any]:
    evaluation = SimpleNamespace(passed=severity is None, severity=SimpleNamespace(value=severity))
    return {"asset_check_evaluation_data": evaluation}


def go_on(progress: Progress) -> None:
    for event in (
        entry("marts", "STEP_START"),
        entry("marts", "ASSET_MATERIALIZATION", **made(1200)),
        entry("marts", "ASSET_MATERIALIZATION", **made(34)),
        entry("marts", "STEP_SUCCESS"),
        entry("check_marts", "STEP_START"),
        entry("check_marts", "ASSET_CHECK_EVALUATION", **judged()),
        entry("check_marts", "ASSET_CHECK_EVALUATION", **judged("ERROR")),
        entry("check_marts", "ASSET_CHECK_EVALUATION", **judged("WARN")),
        entry("check_marts", "STEP_FAILURE"),
        entry("publish", "STEP_SKIPPED"),
        entry(None, "PIPELINE_FAILURE"),
        SimpleNamespace(dagster_event=None),
    ):
        progress.on_event(event)


def build(console: Console) -> Progress:
    steps = {
        "marts": Step("marts", 2, "tables"),
        "check_marts": Step("check marts", 3, "checks"),
        "publish": Step("publish", 2, "tables"),
    }
    return Progress(console, steps)


def test_plain_lines_where_there_is_no_terminal() -> None:
    shown = io.StringIO()
    progress = build(Console(file=shown, width=40))
    with progress.shown():
        go_on(progress)
    lines = [line[10:] for line in shown.getvalue().splitlines()]
    assert lines == [
        "marts …",
        "marts done in 0.0 s: 2 tables, 1,234 rows",
        "check marts …",
        "check marts failed in 0.0 s: 3 checks, 1 failed, 1 warned",
    ]


def test_a_live_table_in_a_terminal() -> None:
    shown = io.StringIO()
    console = Console(file=shown, width=80, force_terminal=True, color_system=None)
    progress = build(console)
    with progress.shown():
        go_on(progress)
    last = shown.getvalue().rsplit("step", maxsplit=1)[1]
    last = " ".join(last.split())
    assert "✓ marts 2 tables" in last
    assert "1,234" in last
    assert "✗ check marts 3 checks, 1 failed, 1 warned" in last
    assert "- publish" in last
    assert "…" not in last
