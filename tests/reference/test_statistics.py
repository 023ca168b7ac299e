"""The reference's own statistics against scipy's."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import CensoredData, binomtest, ecdf
from scipy.stats.contingency import relative_risk

from tests.reference.statistics import (
    SurvivalStep,
    Wait,
    kaplan_meier,
    percentile,
    risk_ratio,
    survival_quantile,
    wilson,
)

waits = st.lists(
    st.builds(
        Wait,
        seconds=st.sampled_from([0.0, 60.0, 300.0, 301.0, 3600.0, 86400.0]),
        is_over=st.booleans(),
    ),
    min_size=1,
    max_size=40,
)


@given(waits)
def test_kaplan_meier_is_scipys(sample: list[Wait]) -> None:
    answered = [wait.seconds for wait in sample if wait.is_over]
    waiting = [wait.seconds for wait in sample if not wait.is_over]
    ours = kaplan_meier(sample)
    if not answered:
        assert ours == []
        return
    curve = ecdf(CensoredData(uncensored=answered, right=waiting)).sf
    theirs = curve.evaluate([step.seconds for step in ours])
    assert [float(step.surviving) for step in ours] == pytest.approx(list(theirs))
    assert {step.seconds for step in ours} == set(answered)


@given(waits, st.sampled_from([Fraction(1, 2), Fraction(9, 10)]))
def test_quantile_is_the_first_time_at_which_enough_have_been_answered(
    sample: list[Wait], fraction: Fraction
) -> None:
    steps = kaplan_meier(sample)
    quantile = survival_quantile(steps, fraction)
    before = [step for step in steps if quantile is None or step.seconds < quantile]
    assert all(step.surviving > 1 - fraction for step in before)
    assert quantile is None or quantile in [step.seconds for step in steps]


def test_kaplan_meier_by_hand() -> None:
    """One answered after 1 s, one censored at 2 s, one answered after 2 s, one censored at 3 s."""
    sample = [Wait(1, True), Wait(2, False), Wait(2, True), Wait(3, False)]
    assert kaplan_meier(sample) == [
        SurvivalStep(1, 4, 1, Fraction(3, 4)),
        SurvivalStep(2, 3, 1, Fraction(1, 2)),
    ]
    assert survival_quantile(kaplan_meier(sample), Fraction(1, 2)) == 2
    assert survival_quantile(kaplan_meier(sample), Fraction(9, 10)) is None


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_is_scipys(counts: tuple[int, int]) -> None:
    successes, trials = counts
    theirs = binomtest(successes, trials).proportion_ci(confidence_level=0.95, method="wilson")
    assert wilson(successes, trials) == pytest.approx((theirs.low, theirs.high), abs=1e-12)


def test_wilson_of_nothing() -> None:
    assert wilson(0, 0) == (None, None)


@given(
    st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(1, n), st.just(n))),
    st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(1, n), st.just(n))),
)
def test_risk_ratio_is_scipys(one: tuple[int, int], other: tuple[int, int]) -> None:
    theirs = relative_risk(*one, *other)
    interval = theirs.confidence_interval(0.95)
    expected = (theirs.relative_risk, interval.low, interval.high)
    assert risk_ratio(*one, *other) == pytest.approx(expected)


@given(
    st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30),
    st.sampled_from([0.0, 0.1, 0.5, 0.9, 1.0]),
)
def test_percentile_is_numpys(values: list[float], fraction: float) -> None:
    theirs = float(np.percentile(values, 100 * fraction))
    assert percentile(values, fraction) == pytest.approx(theirs, abs=1e-6)
