"""The goals of the issue as ratios, from what was measured."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tests.benchmarks.measuring import Measured

FULL, DAY, FIXED, EMPTY = "touchline", "touchline, a day", "touchline, fixed night", "empty night"
LIMIT, PANDAS, POSTGRES = "hand-written SQL", "pandas", "PostgreSQL"
_SMALL, _LARGE = 1_000_000, 5_000_000
"""Leads; each has about ten touches."""
_GIB = 2**30

Costs = Mapping[int, Mapping[str, Measured]]
"""By leads and name."""


@dataclass(frozen=True)
class Goal:
    """One line of the table."""

    figure: str
    wanted: str
    found: str
    is_met: bool | None
    """Nothing where it was not measured."""


def judge(costs: Costs, clone: Measured | None) -> Iterator[Goal]:
    """Every goal, met or not, or not measured."""
    yield _ratio("full build at 10 M touches, CPU : hand-written SQL", 2.0, costs, _SMALL,
                 FULL, LIMIT)  # fmt: skip
    yield _ratio("the same at 50 M", 1.6, costs, _LARGE, FULL, LIMIT)
    yield _ratio("one night (about 0.3 % of rows) : full build, CPU, at 50 M", 0.05, costs,
                 _LARGE, DAY, FULL)  # fmt: skip
    yield _between("one night at 50 M : at 10 M, the same number of changed rows, CPU", 1.5, costs)
    yield _ratio("full build at 10 M : pandas, CPU", 0.5, costs, _SMALL, FULL, PANDAS)
    yield _ratio("full build at 10 M : pandas, peak memory", 0.25, costs, _SMALL, FULL, PANDAS,
                 what="peak_bytes")  # fmt: skip
    yield _ratio("full build at 10 M : PostgreSQL with the same SQL, CPU", 0.5, costs, _SMALL,
                 FULL, POSTGRES)  # fmt: skip
    yield _absolute("peak memory at 50 M", "4 GiB", _find(costs, _LARGE, FULL), "peak_bytes",
                    4 * _GIB, _GIB, "GiB")  # fmt: skip
    largest = max(costs, default=0)
    yield _absolute(f"an empty night at {largest * 10 // 1_000_000} M, wall time", "15 s",
                    _find(costs, largest, EMPTY), "wall_seconds", 15, 1, "s")  # fmt: skip
    yield _absolute("demo: clone to scorecard, wall time, packages cached", "90 s", clone,
                    "wall_seconds", 90, 1, "s")  # fmt: skip


def _find(costs: Costs, leads: int, name: str) -> Measured | None:
    found = costs.get(leads, {}).get(name)
    return found if found is not None and found.code == 0 else None


def _ratio(
    figure: str,
    most: float,
    costs: Costs,
    leads: int,
    of: str,
    to: str,
    what: str = "cpu_seconds",
) -> Goal:
    one, other = _find(costs, leads, of), _find(costs, leads, to)
    wanted = f"≤ {most:g}"
    if one is None or other is None or not getattr(other, what):
        return Goal(figure, wanted, "not measured", None)
    ratio = getattr(one, what) / getattr(other, what)
    return Goal(figure, wanted, f"{ratio:.2f}", ratio <= most)


def _between(figure: str, most: float, costs: Costs) -> Goal:
    small, large = _find(costs, _SMALL, FIXED), _find(costs, _LARGE, FIXED)
    if small is None or large is None:
        return Goal(figure, f"≤ {most:g}", "not measured", None)
    ratio = large.cpu_seconds / small.cpu_seconds
    return Goal(figure, f"≤ {most:g}", f"{ratio:.2f}", ratio <= most)


def _absolute(
    figure: str,
    wanted: str,
    cost: Measured | None,
    what: str,
    most: float,
    unit: float,
    name: str,
) -> Goal:
    if cost is None or cost.code:
        return Goal(figure, f"≤ {wanted}", "not measured", None)
    value = getattr(cost, what)
    return Goal(figure, f"≤ {wanted}", f"{value / unit:.1f} {name}", value <= most)
