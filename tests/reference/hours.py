"""Business time: the seconds of a span that fall into a team's working hours."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from tests.reference.seeds import Holiday, Hours, Seeds

Span = tuple[datetime, datetime]


class Calendar:
    """The working hours of one team, as spans of UTC."""

    def __init__(self, team: str | None, seeds: Seeds, default_zone: str) -> None:
        own = [hours for hours in seeds.hours if hours.team == team and team != "*"]
        self._team = team
        self._hours = own or [hours for hours in seeds.hours if hours.team == "*"]
        self._holidays = seeds.holidays
        self._default_zone = default_zone

    def __bool__(self) -> bool:
        return bool(self._hours)

    def seconds_between(self, begin: datetime, end: datetime) -> float:
        if end <= begin:
            return 0.0
        return sum(
            (min(closes, end) - max(opens, begin)).total_seconds()
            for opens, closes in self._spans(begin, end)
            if closes > begin and opens < end
        )

    def is_open(self, moment: datetime) -> bool:
        return any(opens <= moment < closes for opens, closes in self._spans(moment, moment))

    def _spans(self, begin: datetime, end: datetime) -> list[Span]:
        """The open spans of the days about, without overlaps."""
        first = begin.date() - timedelta(days=2)
        days = [first + timedelta(days=n) for n in range((end.date() - first).days + 3)]
        spans = [
            self._span(hours, day)
            for day in days
            for hours in self._hours
            if hours.weekday == day.isoweekday() and not self._is_holiday(hours, day)
        ]
        return _joined(spans)

    def _span(self, hours: Hours, day: date) -> Span:
        """The hours of a local day; those that close before they open end on the next day."""
        zone = ZoneInfo(hours.time_zone or self._default_zone)
        opens = _at(day, hours.opens, zone)
        closes = _at(day, hours.closes, zone)
        if closes <= opens:
            closes = _at(day + timedelta(days=1), hours.closes, zone)
        return opens, closes

    def _is_holiday(self, hours: Hours, day: date) -> bool:
        return any(
            holiday.day == day and _is_of(holiday, self._team, hours.country)
            for holiday in self._holidays
        )


def _is_of(holiday: Holiday, team: str | None, country: str | None) -> bool:
    """Of the team or of the country of its hours; one that names neither is everybody's."""
    if holiday.team is None and holiday.country is None:
        return True
    return holiday.team in (team or "*", "*") or (
        holiday.country is not None and holiday.country == country
    )


def _at(day: date, clock: str, zone: ZoneInfo) -> datetime:
    if clock.startswith("24:"):
        day, clock = day + timedelta(days=1), "00:00"
    local = datetime.combine(day, time.fromisoformat(clock), tzinfo=zone)
    return local.astimezone(UTC).replace(tzinfo=None)


def _joined(spans: list[Span]) -> list[Span]:
    joined: list[Span] = []
    for opens, closes in sorted(spans):
        if joined and opens <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], closes))
        else:
            joined.append((opens, closes))
    return joined
