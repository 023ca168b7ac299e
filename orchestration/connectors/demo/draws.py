"""Arrays, and chance: the tools that every other module here is made of.

Two kinds of chance are used. What happens is drawn from the generator of a *unit* (a run of leads),
always in the same order and number; how a row looks (spelling, zone, lateness) is hashed from its
key, since it has to come out the same whichever rows a night picks.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

Ints: TypeAlias = npt.NDArray[np.int64]
Floats: TypeAlias = npt.NDArray[np.float64]
Bools: TypeAlias = npt.NDArray[np.bool_]
Bytes: TypeAlias = npt.NDArray[np.uint8]
Rows = TypeVar("Rows")

DAY = 86_400
HOUR = 3_600
NEVER = 1 << 60
"""A time (seconds) or a day that does not come; far enough from overflow to be added to."""


def hashed(keys: Ints, salt: int) -> Floats:
    """Numbers in [0, 1) that depend on key and salt alone (splitmix64)."""
    with np.errstate(over="ignore"):
        mixed = keys.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        mixed += np.uint64((salt * 0xBF58476D1CE4E5B9 + 0x94D049BB133111EB) % 2**64)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        mixed ^= mixed >> np.uint64(31)
    return np.asarray((mixed >> np.uint64(11)).astype(np.float64) * 2.0**-53)


def hashed_choice(keys: Ints, salt: int, weights: Sequence[float]) -> Ints:
    """Codes 0..len(weights)-1 in about these proportions."""
    edges = np.cumsum(np.asarray(weights) / np.sum(weights))[:-1]
    return np.searchsorted(edges, hashed(keys, salt), side="right").astype(np.int64)


def choice(rng: np.random.Generator, size: int, weights: Sequence[float]) -> Ints:
    """Codes 0..len(weights)-1 in about these proportions."""
    edges = np.cumsum(np.asarray(weights) / np.sum(weights))[:-1]
    return np.searchsorted(edges, rng.random(size), side="right").astype(np.int64)


def delay_days(keys: Ints, salt: int, share: float) -> Ints:
    """Days between an event and its arrival: 0, or 1 to 5 for `share` of the keys."""
    late = hashed(keys, salt) < share
    return np.where(late, 1 + whole(hashed(keys, salt + 1) * 5), 0)


def whole(values: Floats) -> Ints:
    return values.astype(np.int64)


def stacked(parts: Sequence[Rows]) -> Rows:
    """Dataclasses of arrays, one below the other."""
    first: Any = parts[0]
    columns = {
        f.name: np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(first)
    }
    made: Rows = type(first)(**columns)
    return made


def taken(rows: Rows, which: Ints | Bools) -> Rows:
    """The rows of a dataclass of arrays that `which` names."""
    of: Any = rows
    made: Rows = type(of)(**{f.name: getattr(of, f.name)[which] for f in fields(of)})
    return made


@dataclass(frozen=True)
class Segments:
    """A flat array cut into runs, one an owner: how the touches of many leads lie in one array."""

    counts: Ints

    @property
    def starts(self) -> Ints:
        return np.cumsum(self.counts) - self.counts

    @property
    def size(self) -> int:
        return int(self.counts.sum())

    def owners(self) -> Ints:
        """For every element, the number of its run."""
        return np.repeat(np.arange(len(self.counts)), self.counts)

    def positions(self) -> Ints:
        """For every element, its place within its run, from 0."""
        return np.arange(self.size) - np.repeat(self.starts, self.counts)

    def cumsum(self, values: Ints) -> Ints:
        """The running sum within each run."""
        total = np.cumsum(values)
        before = np.concatenate([np.zeros(1, np.int64), total])[self.starts]
        return np.asarray(total - np.repeat(before, self.counts))

    def first(self, mask: Bools) -> Ints:
        """For every run, the flat index of its first true element; `size` where there is none."""
        hits = np.flatnonzero(mask)
        found = np.full(len(self.counts), self.size, np.int64)
        # Of several values for one place the last one written stays, so the first goes last.
        found[self.owners()[hits][::-1]] = hits[::-1]
        return found

    def climbing(self, values: Ints) -> Ints:
        """The running maximum within each run (values below 2**40)."""
        lift = self.owners() << 41
        return np.asarray(np.maximum.accumulate(values + lift) - lift)


def at(values: Ints, index: Ints) -> Ints:
    """`values[index]`, or NEVER where the index lies behind the end."""
    return np.concatenate([values, np.full(1, NEVER, np.int64)])[index]
