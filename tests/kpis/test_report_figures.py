"""Figures as people read them, and the points of the charts."""

from datetime import date

import pytest

from orchestration.report import charts, formats
from orchestration.report.periods import Period, period_of


@pytest.mark.parametrize(
    ("value", "unit", "en", "ru"),
    [
        (0.4567, "share", "46%", "46\u00a0%"),
        (0.0512, "share", "5.1%", "5,1\u00a0%"),
        (0.0, "share", "0%", "0\u00a0%"),
        (1.0, "share", "100%", "100\u00a0%"),
        (0.5, "hours", "30\u00a0min", "30\u00a0мин"),
        (14.13, "hours", "14.1\u00a0h", "14,1\u00a0ч"),
        (72.0, "hours", "3\u00a0days", "3\u00a0дн."),
        (1234567.8, "USD", "$1,234,568", "1\u202f234\u202f568\u00a0$"),
        (-5.0, "EUR", "\u2212€5", "\u22125\u00a0€"),
        (10.0, "KZT", "10\u00a0KZT", "10\u00a0KZT"),
        (2.24, "times", "2.2×", "2,2×"),
        (88.6, "touches", "89", "89"),
        (15.23, "per 1000 calls", "15.2", "15,2"),
        (None, "share", "—", "—"),
    ],
)
def test_a_figure_is_said_with_its_unit(value: float | None, unit: str, en: str, ru: str) -> None:
    assert formats.figure(value, unit, "en") == en
    assert formats.figure(value, unit, "ru") == ru


def test_both_limits_share_their_unit() -> None:
    assert formats.interval(0.25, 0.431, "share", "en") == "25 to 43%"
    assert formats.interval(0.25, 0.431, "share", "ru") == "25–43\u00a0%"
    assert formats.interval(13.1, 19.4, "hours", "en") == "13.1 to 19.4\u00a0h"
    assert formats.interval(0.5, 19.4, "hours", "en") == "30\u00a0min to 19.4\u00a0h"
    assert formats.interval(None, 1.0, "share", "en") == ""


def test_periods_step_over_the_year() -> None:
    assert period_of("quarter", date(2026, 2, 28)) == Period("quarter", date(2026, 1, 1))
    assert Period("quarter", date(2026, 1, 1)).before() == Period("quarter", date(2025, 10, 1))
    assert Period("month", date(2025, 12, 1)).after() == Period("month", date(2026, 1, 1))


def test_a_trend_breaks_where_there_is_no_figure() -> None:
    points: list[charts.Measured] = [(1.0, 0.5, 1.5), (None, None, None), (2.0, 1.0, 3.0)]
    trend = charts.draw_trend(points, settled=3)
    assert trend is not None
    assert trend.line.count("M") == 2
    assert trend.moving == ()
    assert trend.rule_value == 2.0


def test_what_still_moves_is_hollow() -> None:
    trend = charts.draw_trend([(1.0, None, None), (0.5, None, None)], settled=1)
    assert trend is not None
    assert (len(trend.dots), len(trend.moving)) == (1, 1)


@pytest.mark.parametrize("values", [[], [None, None]])
def test_there_is_no_trend_of_nothing(values: list[None]) -> None:
    assert charts.draw_trend([(value, None, None) for value in values], settled=1) is None


def test_a_trend_of_zeros_lies_on_the_base() -> None:
    trend = charts.draw_trend([(0.0, 0.0, 0.0), (0.0, 0.0, 0.0)], settled=2)
    assert trend is not None
    assert {y for _, y in trend.dots} == {trend.base}


def test_a_curve_of_thousands_of_steps_stays_small() -> None:
    answered = [(number / 100, number / 20_000) for number in range(1, 10_000)]
    chart = charts.draw_curve(answered)
    assert chart is not None
    assert len(chart.line) < 100_000
    assert charts.answered_by(answered)[1] == ("1h", 0.005)


def test_whiskers_share_a_scale() -> None:
    first, second = charts.draw_whiskers([(0.1, 0.2, 0.4, 0.3), (0.0, 0.1, 0.2, 0.8)])
    assert (first.high, second.mark) == (50.0, 100.0)
    assert charts.draw_whiskers([]) == []
