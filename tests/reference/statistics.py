"""The statistics of KPIS.md, written out."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import exp, log, sqrt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Z_95 = 1.959963984540054


def ratio(numerator: float, denominator: float) -> float | None:
    """None where there is nothing to divide by."""
    return float(numerator) / float(denominator) if denominator else None


def wilson(successes: int, trials: int) -> tuple[float | None, float | None]:
    """The 95 % score interval of a share."""
    if trials == 0:
        return None, None
    share = successes / trials
    spread = Z_95 * sqrt(share * (1 - share) / trials + Z_95**2 / (4 * trials**2))
    centre = share + Z_95**2 / (2 * trials)
    scale = 1 + Z_95**2 / trials
    # Rounding must not lift the limit of no success at all above 0.
    low = (centre - spread) / scale if successes else 0.0
    high = (centre + spread) / scale if successes < trials else 1.0
    return low, high


def share_columns(name: str, successes: int, trials: int) -> dict[str, float | None]:
    low, high = wilson(successes, trials)
    return {name: ratio(successes, trials), f"{name}_low": low, f"{name}_high": high}


def percentile(values: Iterable[float], fraction: float) -> float | None:
    """Linear interpolation between the nearest ranks (percentile_cont)."""
    ordered = sorted(values)
    if not ordered:
        return None
    position = fraction * (len(ordered) - 1)
    lower = int(position)
    upper = min(lower + 1, len(ordered) - 1)
    return ordered[lower] + (ordered[upper] - ordered[lower]) * (position - lower)


def median(values: Iterable[float]) -> float | None:
    return percentile(values, 0.5)


def mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def risk_ratio(
    successes: int, trials: int, other_successes: int, other_trials: int
) -> tuple[float | None, float | None, float | None]:
    """The ratio of two shares with its 95 % interval by the log method."""
    if trials == 0 or other_trials == 0 or other_successes == 0:
        return None, None, None
    value = (successes / trials) / (other_successes / other_trials)
    if successes == 0:
        return value, None, None
    error = sqrt(1 / successes - 1 / trials + 1 / other_successes - 1 / other_trials)
    return value, exp(log(value) - Z_95 * error), exp(log(value) + Z_95 * error)


@dataclass(frozen=True)
class Wait:
    """How long somebody waited, and whether the wait ended in what was waited for."""

    seconds: float
    is_over: bool


@dataclass(frozen=True)
class SurvivalStep:
    """At `seconds` `happened` of the `at_risk` had it; `surviving` still wait just after."""

    seconds: float
    at_risk: int
    happened: int
    surviving: Fraction


def kaplan_meier(waits: Iterable[Wait]) -> list[SurvivalStep]:
    """A wait that was cut off at the time of an event was still at risk at it."""
    everybody = list(waits)
    surviving = Fraction(1)
    steps = []
    for seconds in sorted({wait.seconds for wait in everybody if wait.is_over}):
        at_risk = sum(wait.seconds >= seconds for wait in everybody)
        happened = sum(wait.seconds == seconds and wait.is_over for wait in everybody)
        surviving *= 1 - Fraction(happened, at_risk)
        steps.append(SurvivalStep(seconds, at_risk, happened, surviving))
    return steps


def survival_quantile(steps: Iterable[SurvivalStep], fraction: Fraction) -> float | None:
    """The first time by which at least `fraction` have had it; None where that never came."""
    return next((step.seconds for step in steps if step.surviving <= 1 - fraction), None)
