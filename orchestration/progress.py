"""What a run shows while it goes on: a live table in a terminal, plain lines elsewhere."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

_MARKS = {
    "waiting": ("·", "dim"),
    "running": ("▶", "cyan"),
    "done": ("✓", "green"),
    "failed": ("✗", "red bold"),
    "skipped": ("-", "dim"),
    "retrying": ("↻", "yellow"),
}


@dataclass
class Step:
    """One line of the table."""

    label: str
    expected: int
    """Tables or checks that it makes."""
    what: str
    """What it makes, in words; nothing for a delivery, which tells its files."""
    state: str = "waiting"
    made: int = 0
    rows: int | None = None
    failed: int = 0
    warned: int = 0
    started: float = 0.0
    seconds: float = 0.0
    note: str = ""

    @property
    def amount(self) -> str:
        if self.state in ("waiting", "skipped") or not self.what:
            return ""
        of = f"/{self.expected}" if self.state == "running" and self.expected > 1 else ""
        unit = self.what if self.made != 1 or of else self.what.removesuffix("s")
        bad = "".join(
            f", {count} {verdict}"
            for count, verdict in ((self.failed, "failed"), (self.warned, "warned"))
            if count
        )
        return f"{self.made:,}{of} {unit}{bad}" if self.made or of else ""

    @property
    def elapsed(self) -> float:
        return time.monotonic() - self.started if self.state == "running" else self.seconds


class Entry(Protocol):
    """What Dagster tells its listeners (an EventLogEntry)."""

    @property
    def dagster_event(self) -> Any: ...


@dataclass
class Progress:
    """Keeps the steps' state by Dagster's events, and shows it."""

    console: Console
    steps: Mapping[str, Step] = field(default_factory=dict)
    _live: Live | None = None

    @contextmanager
    def shown(self) -> Iterator[None]:
        if not self.console.is_terminal:
            yield
            return
        with Live(self, console=self.console, refresh_per_second=4, transient=False) as live:
            self._live = live
            yield

    def on_event(self, entry: Entry) -> None:
        event = entry.dagster_event
        step = self.steps.get(event.step_key) if event is not None and event.step_key else None
        if step is None:
            return
        handler = getattr(self, f"_on_{event.event_type_value.lower()}", None)
        if handler is not None:
            handler(step, event)

    def _on_step_start(self, step: Step, _: Any) -> None:
        step.state, step.started = "running", time.monotonic()
        step.made = step.failed = step.warned = 0
        self._tell(f"{step.label} …")

    def _on_asset_materialization(self, step: Step, event: Any) -> None:
        metadata = event.step_materialization_data.materialization.metadata
        if "unchanged" in metadata:
            step.note = "as it was"
        elif step.what != "checks":
            step.made += 1
        if "dagster/row_count" in metadata:
            step.rows = (step.rows or 0) + int(metadata["dagster/row_count"].value)
        elif "files" in metadata:
            files = int(metadata["files"].value)
            step.note = "1 file" if files == 1 else f"{files:,} files"

    def _on_asset_check_evaluation(self, step: Step, event: Any) -> None:
        if step.what == "checks":
            step.made += 1
        evaluation = event.asset_check_evaluation_data
        if not evaluation.passed:
            step.failed += evaluation.severity.value == "ERROR"
            step.warned += evaluation.severity.value == "WARN"

    def _on_step_success(self, step: Step, _: Any) -> None:
        self._end(step, "done")

    def _on_step_failure(self, step: Step, _: Any) -> None:
        self._end(step, "failed")

    def _on_step_skipped(self, step: Step, _: Any) -> None:
        step.state = "skipped"

    def _on_step_up_for_retry(self, step: Step, event: Any) -> None:
        wait = event.step_retry_data.seconds_to_wait
        step.note = f"asked again in {wait:.0f} s" if wait else "asked again"
        self._end(step, "retrying")

    def _end(self, step: Step, state: str) -> None:
        step.seconds, step.state = step.elapsed, state
        rows = "" if step.rows is None else f"{step.rows:,} rows"
        told = ", ".join(part for part in (step.amount, rows, step.note) if part)
        self._tell(f"{step.label} {state} in {step.seconds:.1f} s{': ' if told else ''}{told}")

    def _tell(self, line: str) -> None:
        if self._live is None:
            self.console.print(Text(f"{time.strftime('%H:%M:%S')}  {line}"), soft_wrap=True)

    def __rich__(self) -> Table:
        table = Table(box=None, pad_edge=False, header_style="dim")
        for title, justify in (("", "left"), ("step", "left"), ("made", "left")):
            table.add_column(title, justify=justify)  # type: ignore[arg-type]
        table.add_column("rows", justify="right")
        table.add_column("time", justify="right")
        for step in self.steps.values():
            mark, style = _MARKS[step.state]
            told = ", ".join(part for part in (step.amount, step.note) if part)
            table.add_row(
                Text(mark, style=style),
                Text(step.label, style="dim" if step.state == "waiting" else ""),
                Text(told, style="red" if step.failed else ""),
                "" if step.rows is None else f"{step.rows:,}",
                f"{step.elapsed:.1f} s" if step.elapsed else "",
            )
        return table
