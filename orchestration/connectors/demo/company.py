"""The company as its settings make it: how many leads a day, who sells, when people work."""

# ruff: noqa: PLR2004
# The chances that make up the model stand where they are used.

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache, cached_property
from zoneinfo import ZoneInfo

import numpy as np

from orchestration.connectors.base import ConnectorError
from orchestration.connectors.demo.draws import DAY, HOUR, NEVER, Floats, Ints, hashed

EPOCH = date(1970, 1, 1)
ZONES = ("Europe/Moscow", "Europe/London", "America/New_York", "Europe/Berlin")
TEAMS = ("Inbound desk", "Field sales", "Key accounts")
SPAN_DAYS = 110
"""Nothing of a lead arrives later than so many days after it was created."""

_WEEK = np.array([12, 13, 13, 12, 11, 4, 3], np.int64)
"""How the leads of a week fall on Monday to Sunday."""
_OPENS, _CLOSES = 9 * HOUR, 18 * HOUR
_SMALLEST_UNIT, _LARGEST_UNIT = 250, 50_000
_LAST_NIGHT = 3_000
"""So many days after the first night, clocks are no longer changed."""


@dataclass(frozen=True)
class Reps:
    """The people who sell; one element of each array a rep."""

    zone: Ints
    team: Ints
    opener: Floats
    """Factor on the chance that a contact makes a prospect; 1 is average."""
    closer: Floats
    """Factor on the chance that a contact wins an open deal."""
    hired: Ints
    stops: Ints
    """Day from which on a rep gets no new leads; NEVER for most."""
    leaves: Ints
    """Day on which the rep is no longer active: all leads have run out by then."""


@dataclass(frozen=True)
class Company:
    """What the settings say."""

    leads: int
    """Leads of the history, which ends with `start_day`."""
    seed: int
    start_day: int
    """Days since 1970, as every day here."""
    days: int

    @property
    def first_day(self) -> int:
        return self.start_day - self.days + 1

    @property
    def unit_size(self) -> int:
        """Leads that share a generator: small enough for memory, large enough for vectors."""
        return max(_SMALLEST_UNIT, min(_LARGEST_UNIT, self.leads // 4))

    def leads_before(self, days: Ints) -> Ints:
        """How many leads were created before each day; goes on for ever after the history."""
        since = np.maximum(days, self.first_day)
        created = self.leads * (_weight_before(since) - _weight_before(self._first))
        total = _weight_before(self._first + self.days) - _weight_before(self._first)
        return np.asarray(created // total)

    @property
    def _first(self) -> Ints:
        return np.array([self.first_day], np.int64)

    def units(self, first: int, last: int) -> range:
        """The units that hold the leads created on these days."""
        low, high = self.leads_before(np.array([first, last + 1], np.int64))
        return range(int(low) // self.unit_size, -(-int(high) // self.unit_size))

    def created_days(self, numbers: Ints) -> Ints:
        """The days on which the leads of these numbers (from 0) were created."""
        span = int(numbers.max()) * self.days // self.leads + 28
        table = self.leads_before(np.arange(self.first_day, self.first_day + span))
        return np.searchsorted(table, numbers, side="right") - 1 + self.first_day

    def generator(self, *path: int) -> np.random.Generator:
        """A generator of its own for each path, such as (1, unit)."""
        return np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=path))

    @cached_property
    def reps(self) -> Reps:
        """About one for 160 leads, 6 to 400."""
        n = max(6, min(400, self.leads // 160))
        rng = self.generator(0)
        turn = rng.permutation(n)
        # Two of five rep kinds are lopsided: who opens well and closes badly has to be found.
        opener = np.select([turn % 5 == 0, turn % 5 == 1], [1.7, 0.5], 1.0)
        closer = np.select([turn % 5 == 0, turn % 5 == 1], [0.4, 1.8], 1.0)
        team = np.arange(n) % len(TEAMS)
        elsewhere = rng.random(n) < 0.2
        zone = np.where(elsewhere, rng.integers(0, len(ZONES), n), team)
        late = (np.arange(n) % 9 == 4) & (self.days > 200)
        hired = np.where(
            late,
            self.first_day + rng.integers(60, 160, n),
            self.first_day - rng.integers(30, 2500, n),
        )
        leaver = np.arange(n) % 11 == 5
        stops = np.where(leaver, self.start_day - 90 - rng.integers(0, 40, n), NEVER)
        return Reps(zone, team, opener, closer, hired, stops, stops + SPAN_DAYS + 1)

    def working_reps(self, wanted: Ints, days: Ints) -> Ints:
        """The reps wanted, or the next ones who get new leads on that day."""
        reps, found = self.reps, wanted
        for _ in range(4):
            away = (days < reps.hired[found]) | (days >= reps.stops[found])
            found = np.where(away, (found + 1) % len(reps.zone), found)
        return found

    @property
    def _offsets(self) -> tuple[int, Ints]:
        """(first day, zone x day -> seconds east of Greenwich at noon)."""
        first = self.first_day - 10
        return first, _offsets_of_zones(first, self.start_day + _LAST_NIGHT)

    def offset(self, zones: Ints, days: Ints) -> Ints:
        """Seconds east of Greenwich."""
        first, table = self._offsets
        return table[zones, np.clip(days - first, 0, table.shape[1] - 1)]

    def is_open(self, times: Ints, zones: Ints) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Whether the rep's office is open."""
        local = times + self.offset(zones, times // DAY)
        second = local % DAY
        return np.asarray((_weekday(local // DAY) < 5) & (second >= _OPENS) & (second < _CLOSES))

    def next_open(self, times: Ints, zones: Ints, spread: Ints) -> Ints:
        """The same time, or `spread` seconds into the next time that the office is open."""
        local = times + self.offset(zones, times // DAY)
        day, second = local // DAY, local % DAY
        weekday = _weekday(day)
        is_open = (weekday < 5) & (second >= _OPENS) & (second < _CLOSES)
        early = (weekday < 5) & (second < _OPENS)
        skip = np.where(early, 0, np.where(weekday >= 4, 7 - weekday, 1))
        opening = (day + skip) * DAY + _OPENS + spread
        return np.where(is_open, times, opening - self.offset(zones, day + skip))


@cache
def _offsets_of_zones(first: int, last: int) -> Ints:
    """Zone x day; asked once, since each cell is a call of Python."""
    noons = [datetime.combine(EPOCH + timedelta(days=day), time(12)) for day in range(first, last)]
    return np.array(
        [
            [
                (noon.replace(tzinfo=ZoneInfo(zone)).utcoffset() or timedelta()).total_seconds()
                for noon in noons
            ]
            for zone in ZONES
        ],
        np.int64,
    )


def _weekday(days: Ints) -> Ints:
    """0 = Monday; 1970 began on a Thursday."""
    return (days + 3) % 7


def _weight_before(days: Ints) -> Ints:
    weeks, rest = (days + 3) // 7, (days + 3) % 7
    within = np.concatenate([np.zeros(1, np.int64), np.cumsum(_WEEK)])
    return np.asarray(weeks * int(_WEEK.sum()) + within[rest])


def items_in_force(company: Company, days: Ints, keys: Ints) -> Ints:
    """An item of collateral for each (day, key): published by then and not retired."""
    newest = (days - item_published(company, np.zeros(1, np.int64))) // ITEM_EVERY_DAYS
    # Squared: new things are sent more often than old ones, and some never.
    back = (hashed(keys, 61) ** 2 * 24).astype(np.int64)
    wanted = np.maximum(newest - back, 0)
    return np.where(item_retired(company, wanted) > days, wanted, newest)


ITEM_EVERY_DAYS = 20


def item_published(company: Company, items: Ints) -> Ints:
    """A new item every 20 days, beginning well before the history."""
    return company.first_day - 500 + items * ITEM_EVERY_DAYS


def item_retired(company: Company, items: Ints) -> Ints:
    """Two of five are retired after 120 to 520 days."""
    after = 120 + (hashed(items, 71) * 400).astype(np.int64)
    retired = hashed(items, 72) < 0.4
    return np.where(retired, item_published(company, items) + after, NEVER)


def parse_company(settings: Mapping[str, str]) -> Company:
    """Reads the settings; complains about one that can't be."""
    try:
        company = Company(
            leads=int(settings.get("leads", "2000")),
            seed=int(settings.get("seed", "7")),
            start_day=(date.fromisoformat(settings.get("start_day", "2026-06-30")) - EPOCH).days,
            days=int(settings.get("days", "365")),
        )
    except ValueError as error:
        raise ConnectorError(
            f"demo: {error}; see orchestration/connectors/demo/README.md"
        ) from error
    if company.leads < 1 or company.days < 1 or company.seed < 0:
        raise ConnectorError("demo: leads and days begin at 1, seed at 0")
    return company
