"""What a process costs: CPU time rather than wall time, since the machine is seldom alone."""

import json
import os
import resource
import subprocess
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import TemporaryFile
from threading import Event, Thread

PROJECT = Path(__file__).parents[2]


@dataclass
class StepCost:
    """What went by between a step's start and its end, in the whole process."""

    name: str
    wall_seconds: float
    cpu_seconds: float
    peak_bytes: int
    nodes: dict[str, float] = field(default_factory=dict)
    """dbt's nodes and their seconds; two run at a time, so they add up to more than the step."""


def cpu_seconds() -> float:
    """User and system time of this process and of the children that it has waited for."""
    return sum(
        usage.ru_utime + usage.ru_stime
        for usage in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


def peak_bytes(*, reset: bool = False) -> int:
    """The most memory that this process had at once, since the last reset."""
    status = Path("/proc/self/status").read_text()
    peak = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    if reset:
        # 5 sets the high-water mark back to what is in use now (man 5 proc).
        Path("/proc/self/clear_refs").write_text("5")
    return int(peak.split()[1]) * 1024


@dataclass
class Steps:
    """The steps of a contender that runs in a process of its own."""

    costs: list[StepCost] = field(default_factory=list)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Measure what goes on within."""
        peak_bytes(reset=True)
        wall, cpu = time.monotonic(), cpu_seconds()
        yield
        self.costs.append(
            StepCost(name, time.monotonic() - wall, cpu_seconds() - cpu, peak_bytes())
        )

    def write(self, report: Path) -> None:
        report.write_text(json.dumps([asdict(cost) for cost in self.costs], indent=1))


@contextmanager
def tree_bytes(root: int, every: float = 0.1) -> Iterator[Callable[[], int]]:
    """The most memory that a process and its descendants had at once, looked at now and then.

    What they share (PostgreSQL's buffers) counts once.
    """
    peak, done = 0, Event()

    def look() -> None:
        nonlocal peak
        while not done.wait(every):
            own, shared = 0, 0
            for pid in _descendants(root):
                with suppress(OSError):
                    told = dict(
                        line.split(":", 1)
                        for line in Path(f"/proc/{pid}/status").read_text().splitlines()
                    )
                    own += int(told.get("RssAnon", "0 kB").split()[0])
                    shared = max(shared, int(told.get("RssShmem", "0 kB").split()[0]))
            peak = max(peak, (own + shared) * 1024)

    watcher = Thread(target=look, daemon=True)
    watcher.start()
    try:
        yield lambda: peak
    finally:
        done.set()
        watcher.join()


def _descendants(root: int) -> list[int]:
    children: dict[int, list[int]] = defaultdict(list)
    for status in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            # The name of the program, in brackets, may hold anything.
            parent = status.read_text().rpartition(")")[2].split()[1]
            children[int(parent)].append(int(status.parent.name))
    found, waiting = [], [root]
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        waiting += children[pid]
    return found


@dataclass
class Measured:
    """A process from its start to its end."""

    wall_seconds: float
    cpu_seconds: float
    peak_bytes: int
    code: int = 0
    steps: list[StepCost] = field(default_factory=list)
    told: str = ""
    """The end of what it said, where it failed."""

    def step(self, name: str) -> StepCost | None:
        return next((step for step in self.steps if step.name == name), None)


def run_measured(
    command: Sequence[str],
    *,
    report: Path | None = None,
    environment: Mapping[str, str] | None = None,
    cwd: Path = PROJECT,
) -> Measured:
    """Run it, and tell what it cost; `report`: where it leaves the costs of its steps."""
    if report is not None:
        report.unlink(missing_ok=True)
    began = time.monotonic()
    with TemporaryFile("w+") as said:
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "", **(environment or {})},
            stdout=said,
            stderr=subprocess.STDOUT,
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        text = said.read()
    wall = time.monotonic() - began
    steps = []
    if report is not None and report.exists():
        steps = [StepCost(**step) for step in json.loads(report.read_text())]
    # The kernel's account of the whole begins with what this process had when it started it.
    peak = max((step.peak_bytes for step in steps), default=usage.ru_maxrss * 1024)
    return Measured(
        wall,
        usage.ru_utime + usage.ru_stime,
        peak,
        process.returncode,
        steps,
        "\n".join(text.splitlines()[-15:]) if process.returncode else "",
    )
