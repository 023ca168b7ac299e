"""Where the points of each chart go: numbers only, so that no text of the data meets raw SVG."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

Point = tuple[float, float]


@dataclass(frozen=True)
class Trend:
    """A line with its interval; what still moves is hollow."""

    width: int
    height: int
    base: float
    rule: float
    rule_share: float
    rule_value: float
    line: str
    pending: str
    band: str
    dots: tuple[Point, ...]
    latest: Point | None
    moving: tuple[Point, ...]


@dataclass(frozen=True)
class Step:
    """A curve of steps with ticks: (position, label)."""

    width: int
    height: int
    base: float
    left: float
    right: float
    line: str
    area: str
    x_ticks: tuple[tuple[float, str], ...]
    y_ticks: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Whisker:
    """An interval on a common scale, in percent of the width."""

    low: float
    value: float
    high: float
    mark: float


Measured = tuple[float | None, float | None, float | None]
"""(value, low, high)."""


def draw_trend(
    points: Sequence[Measured], *, settled: int, width: int = 320, height: int = 96
) -> Trend | None:
    """Periods in their order, None where there is no figure; after `settled` of them, all moves."""
    values = [value for value, _, _ in points if value is not None]
    if not values:
        return None
    # An interval of a handful of cases would flatten everything else.
    top = min(max(high or value or 0.0 for value, _, high in points), 1.7 * max(values)) or 1.0
    inset, base = 6.0, height - 4.0

    def place(position: int, value: float) -> Point:
        x = inset + (width - 2 * inset) * position / max(len(points) - 1, 1)
        y = base - (base - 2 * inset) * min(value, top) / top
        return (round(x, 1), round(y, 1))

    placed = [None if value is None else place(i, value) for i, (value, _, _) in enumerate(points)]
    finished, moving = placed[:settled], placed[settled:]
    latest = finished[-1] if finished else None
    band = [
        (place(i, low), place(i, high))
        for i, (_, low, high) in enumerate(points[:settled])
        if low is not None and high is not None
    ]
    rule = _round_below(top)
    return Trend(
        width=width,
        height=height,
        base=base,
        rule=place(0, rule)[1],
        rule_share=round(100 * place(0, rule)[1] / height, 1),
        rule_value=rule,
        line=_path(finished),
        pending=_path([latest, *moving]),
        band=_closed([low for low, _ in band], [high for _, high in band]),
        dots=tuple(point for point in finished if point),
        latest=latest,
        moving=tuple(point for point in moving if point),
    )


_MOMENTS = (
    (5 / 60, "5m"), (1.0, "1h"), (4.0, "4h"), (24.0, "1d"), (168.0, "7d"), (720.0, "30d"),
)  # fmt: skip


def draw_curve(
    answered: Sequence[tuple[float, float]], *, width: int = 640, height: int = 240
) -> Step | None:
    """(hours, share answered by then), rising; hours on a scale of orders of magnitude."""
    if not answered:
        return None
    left, right, base = 44.0, width - 30.0, height - 26.0
    first, last = 1 / 60, 720.0

    def across(hours: float) -> float:
        share = math.log(min(max(hours, first), last) / first) / math.log(last / first)
        return round(left + (right - left) * share, 1)

    def up(share: float) -> float:
        return round(base - (base - 12) * share, 1)

    path, seen = [f"M{left:g} {base:g}"], -1.0
    for hours, share in answered:
        # A pixel shows no more than one step of thousands.
        if across(hours) == seen and share < 1:
            continue
        seen = across(hours)
        path.append(f"H{seen:g}V{up(share):g}")
    line = "".join([*path, f"H{right:g}"])
    return Step(
        width=width,
        height=height,
        base=base,
        left=left,
        right=right,
        line=line,
        area=f"{line}V{base:g}Z",
        x_ticks=tuple((across(hours), label) for hours, label in _MOMENTS),
        y_ticks=tuple((up(share), share) for share in (0.0, 0.25, 0.5, 0.75, 1.0)),
    )


def answered_by(answered: Sequence[tuple[float, float]]) -> list[tuple[str, float]]:
    """The share answered by each of the moments on the axis."""
    return [
        (label, max((share for hours, share in answered if hours <= moment), default=0.0))
        for moment, label in _MOMENTS
    ]


def draw_whiskers(rows: Iterable[tuple[float, float, float, float]]) -> list[Whisker]:
    """(low, value, high, mark) of shares, all on the scale of the widest."""
    rows = list(rows)
    top = max((max(low, value, high, mark) for low, value, high, mark in rows), default=1.0) or 1.0
    return [Whisker(*(round(100 * part / top, 1) for part in row)) for row in rows]


def _path(points: Sequence[Point | None]) -> str:
    """Lines between neighbours; a missing point breaks them."""
    parts, is_on = [], False
    for point in points:
        if point is not None:
            parts.append(f"{'L' if is_on else 'M'}{point[0]:g} {point[1]:g}")
        is_on = point is not None
    return "".join(parts)


def _round_below(top: float) -> float:
    """The largest of 1, 2, 5, 10, 20 … that is not above."""
    scale = 10.0 ** math.floor(math.log10(top))
    return max(step * scale for step in (1, 2, 5) if step * scale <= top * (1 + 1e-9))


def _closed(there: list[Point], back: list[Point]) -> str:
    if len(there) < 2:  # noqa: PLR2004
        return ""
    points = [*there, *reversed(back)]
    return "M" + "L".join(f"{x:g} {y:g}" for x, y in points) + "Z"
