"""The made-up companies that are measured, as drop folders: a history, and the nights after it."""

import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import duckdb

from tests.benchmarks.measuring import Measured, run_measured

_FIXED_ROWS = 40_000
"""So many rows the night has that is the same at every size."""
_MOST_UNITS = 12


@dataclass(frozen=True)
class Company:
    """A demo company under `folder`: drop/<day>/ as the demo delivers, files/ as `files` reads."""

    leads: int
    folder: Path

    @property
    def files(self) -> Path:
        return self.folder / "files"

    @property
    def days(self) -> list[str]:
        """The history's last day, and those of the nights after it."""
        return sorted(path.name for path in (self.folder / "drop").glob("????-??-??"))

    def show(self, days: Sequence[str], units: Sequence[str] | None = None) -> int:
        """Add these days' files to the drop folder (all units, or these); how many rows."""
        shown = [
            (path, self._target(path, day))
            for day in days
            for path in sorted((self.folder / "drop" / day).glob("*/*.parquet"))
            if units is None or path.stem.rpartition("-")[2] in units
        ]
        for path, target in shown:
            target.parent.mkdir(parents=True, exist_ok=True)
            if not target.exists():
                os.link(path, target)
        return rows_of([path for path, _ in shown])

    def units_of_about(self, day: str, rows: int = _FIXED_ROWS) -> list[str]:
        """The units of a day that have about so many rows together.

        A unit is a run of leads with all that hangs on them, so half a day of whole units is a
        delivery without loose ends.
        """
        counts: dict[str, int] = {}
        for path in (self.folder / "drop" / day).glob("*/*.parquet"):
            unit = path.stem.rpartition("-")[2]
            counts[unit] = counts.get(unit, 0) + rows_of([path])
        # The company's own rows lie in 00000 too; it has none of the leads that are new.
        few = sorted(counts, key=lambda unit: counts[unit], reverse=True)[:_MOST_UNITS]
        chosen = min(
            (some for size in range(1, len(few) + 1) for some in combinations(few, size)),
            key=lambda some: abs(sum(counts[unit] for unit in some) - rows),
        )
        return sorted(chosen)

    def _target(self, path: Path, day: str) -> Path:
        entity, _, unit = path.stem.rpartition("-")
        # In the order of days, and within a day of units: so that a later row of a key is later.
        return self.files / path.parent.name / f"{entity}-{day}-{unit}{path.suffix}"


def rows_of(paths: Sequence[Path]) -> int:
    if not paths:
        return 0
    found = duckdb.execute(
        "select sum(num_rows) from parquet_file_metadata(?)", [[str(path) for path in paths]]
    ).fetchall()
    return int(found[0][0])


def bytes_of(path: Path) -> int:
    """Of a file, or of all files in a folder."""
    if path.is_file():
        return path.stat().st_size
    return sum(found.stat().st_size for found in path.rglob("*") if found.is_file())


def make_company(home: Path, leads: int, nights: int) -> tuple[Company, Measured | None]:
    """The company of so many leads with so many nights; what is there already is kept."""
    company = Company(leads, home / "companies" / f"{leads}")
    if len(company.days) > nights:
        return company, None
    shutil.rmtree(company.folder, ignore_errors=True)
    company.folder.mkdir(parents=True)
    cost = run_measured(
        [sys.executable, "-m", "tests.benchmarks.companies", str(leads), str(company.folder),
         str(nights)]
    )  # fmt: skip
    # The truth is for tests; here it would only be in the way.
    shutil.rmtree(company.folder / "truth")
    return company, cost


def extract(leads: int, folder: Path, nights: int) -> None:
    """Have the demo deliver its history and so many days more."""
    from orchestration.connectors.base import Context
    from orchestration.connectors.demo import CONNECTOR

    state: dict[str, object] = {}
    for _ in range(nights + 1):
        delivery = CONNECTOR.extract(
            Context(settings={"leads": str(leads)}, state=state, workdir=folder)
        )
        state = dict(delivery.state)


if __name__ == "__main__":
    extract(int(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
