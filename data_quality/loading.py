"""Suites, found by their path: `suites/<stage>/_default.py`, then `suites/<stage>/<table>.py`."""

import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from data_quality.expectations import Expectation

SUITES = Path(__file__).parent / "suites"
DEFAULT = "_default"


@dataclass(frozen=True)
class TableContext:
    """What a suite knows of the table that it is for."""

    stage: str
    schema: str
    """Where the table is in the file; of the published stage that is `marts` or `reference`."""
    table: str
    columns: Mapping[str, str]
    """Name -> type, in their order."""
    tables: frozenset[str]
    """Every `schema.table` of the file, and `other.schema.table` of the one compared with."""
    run_id: str = ""
    allow_personal_data: bool = False
    part: str | None = None
    """SQL of the rows to be looked at one by one, where that is not all of the table."""

    @property
    def name(self) -> str:
        return f"{self.schema}.{self.table}"

    @property
    def rows(self) -> str:
        """What to select from, to look at rows one by one."""
        return self.part or self.name

    def columns_of(self, *types: str) -> list[str]:
        """The columns whose type begins with one of `types`."""
        return [name for name, kind in self.columns.items() if kind.upper().startswith(types)]


class SuiteError(Exception):
    """A suite that can't be loaded or can't be built."""


def suite_tables(stage: str, suites: Path = SUITES) -> list[str]:
    """The tables that have a suite of their own."""
    paths = sorted((suites / stage).glob("*.py"))
    return [path.stem for path in paths if not path.stem.startswith("_")]


def stages(suites: Path = SUITES) -> list[str]:
    return sorted(path.parent.name for path in suites.glob(f"*/{DEFAULT}.py"))


def build_suite(context: TableContext, suites: Path = SUITES) -> "list[Expectation]":
    """The stage's default, then the table's own. Raises SuiteError."""
    found: list[Expectation] = []
    for name in (DEFAULT, context.table):
        path = suites / context.stage / f"{name}.py"
        if path.exists():
            try:
                found += _load(path)(context)
            except Exception as error:  # a suite may raise anything
                raise SuiteError(f"{path.name}: {type(error).__name__}: {error}") from error
    return found


@cache
def _load(path: Path) -> "Callable[[TableContext], list[Expectation]]":
    name = f"data_quality.suites.{path.parent.name}.{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    build: Callable[[TableContext], list[Expectation]] = module.build_expectations
    return build
