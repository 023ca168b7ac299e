"""Calendar periods, as the marts have them."""

from dataclasses import dataclass
from datetime import date

_MONTHS = {"month": 1, "quarter": 3}


@dataclass(frozen=True, order=True)
class Period:
    """A month or a quarter."""

    grain: str
    start: date

    def before(self, count: int = 1) -> "Period":
        return self.after(-count)

    def after(self, count: int = 1) -> "Period":
        months = self.start.year * 12 + self.start.month - 1 + count * _MONTHS[self.grain]
        return Period(self.grain, date(months // 12, months % 12 + 1, 1))


def period_of(grain: str, day: date) -> Period:
    """The period that a local day falls in."""
    size = _MONTHS[grain]
    return Period(grain, date(day.year, (day.month - 1) // size * size + 1, 1))
