"""Great Expectations on one DuckDB file: opened read-only, computed in SQL, and let go of.

Import it where it is used: Great Expectations takes seconds to import.
"""

import importlib.abc
import importlib.machinery
import importlib.util
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import duckdb

if TYPE_CHECKING:
    from great_expectations.datasource.fluent.sql_datasource import SQLDatasource

# Both are imported for expectations that nobody here uses, and are 3 of the 7.5 s.
_UNUSED = frozenset({"scipy.stats", "altair"})

# Without these every metric fails: GX closes the connection before it fetches.
_ENGINE = {
    "isolation_level": "AUTOCOMMIT",
    "skip_autocommit_rollback": True,
    "connect_args": {"read_only": True},
}

MARTS = "touchline"
"""The catalog of the marts, which stand in a file beside the build's."""
KEY = "touchline_key"
"""In an expectation's `meta`: whose it is, by which results are told apart."""
# A bind parameter to SQLAlchemy, unless escaped.
_COLON = re.compile(r"(?<![:\w\\]):(?=\w)")


class _OnDemand(importlib.abc.Loader):
    """Leaves a module empty until somebody asks for something in it.

    Not importlib's LazyLoader: whoever walks through all modules (`inspect.stack`, as dbt does)
    asks each for its `__file__`, and would have them all executed.
    """

    def __init__(self, spec: importlib.machinery.ModuleSpec) -> None:
        self.spec = spec

    def exec_module(self, module: ModuleType) -> None:
        real: ModuleType | None = None

        def find(name: str) -> Any:
            nonlocal real
            # The path is asked for by whoever imports a part of it.
            if name.startswith("__") and name != "__path__":
                raise AttributeError(name)
            if real is None:
                assert self.spec.loader is not None
                real = importlib.util.module_from_spec(self.spec)
                sys.modules[self.spec.name] = real
                self.spec.loader.exec_module(real)
            return getattr(real, name)

        module.__file__ = self.spec.origin
        module.__getattr__ = find  # type: ignore[method-assign]


class _Lazily(importlib.abc.MetaPathFinder):
    """Finds `_UNUSED` modules so that they are executed only when somebody touches them."""

    def __init__(self) -> None:
        self.is_busy = False

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # noqa: ARG002
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname not in _UNUSED or self.is_busy:
            return None
        self.is_busy = True
        try:
            spec = importlib.util.find_spec(fullname)
        finally:
            self.is_busy = False
        if spec is None or spec.loader is None:
            return None
        return importlib.machinery.ModuleSpec(fullname, _OnDemand(spec))


def import_great_expectations() -> ModuleType:
    """Great Expectations, without what it sends home and without half of what it imports."""
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    finder = _Lazily()
    sys.meta_path.insert(0, finder)
    try:
        import great_expectations as gx
    finally:
        sys.meta_path.remove(finder)
    return gx


@cache
def _counting_expectation() -> type:
    """An `UnexpectedRowsExpectation` whose query counts: rows of (place, failing, observed).

    The one of GX runs its query twice and fetches what fails.
    """
    from great_expectations.compatibility import pydantic
    from great_expectations.expectations.core.unexpected_rows_expectation import (
        UnexpectedRowsExpectation,
    )

    class CountedRowsExpectation(UnexpectedRowsExpectation):
        metric_dependencies = ("unexpected_rows_query.table",)

        @pydantic.validator("unexpected_rows_query")
        def _validate_query(cls, query: str) -> str:  # noqa: N805  pydantic 1
            """Not to warn that there is no `{batch}`: most of these look at several tables."""
            return query

        def _validate(self, metrics: dict[str, Any], *_: Any, **__: Any) -> dict[str, Any]:
            rows = metrics["unexpected_rows_query.table"]
            counted = {
                int(row["place"]): (int(row["failing"] or 0), str(row["observed"])) for row in rows
            }
            success = not any(failing for failing, _ in counted.values())
            # `result` is emptied under BOOLEAN_ONLY, `meta` is not.
            return {"success": success, "meta": {"counted": counted}}

    return CountedRowsExpectation


@dataclass(frozen=True)
class Counts:
    """What a query of bundling.py said."""

    counted: Mapping[int, tuple[int, str]]
    """Place -> (failing, observed)"""
    exception_info: Mapping[str, Any] | None
    """Where it could not be computed: what Great Expectations tells of that."""


class Session:
    """One context and one data source, for all tables of a stage."""

    def __init__(self, source: "SQLDatasource") -> None:
        self._source = source
        asset = source.add_query_asset("stage", query="select 1 as one")
        self._batch = asset.add_batch_definition_whole_table("whole").get_batch()

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of our own SQL, on GX's own engine: two kinds of clients can't share a file."""
        with self._source.get_execution_engine().engine.connect() as connection:
            result = connection.exec_driver_sql(sql)
            return [tuple(row) for row in result.fetchall()] if result.returns_rows else []

    def count(self, queries: Mapping[str, str]) -> dict[str, Counts]:
        """Each query's counts, by its name: one suite for all, without any value of the data."""
        from great_expectations import ExpectationSuite

        expectation = _counting_expectation()
        expectations = [
            expectation(
                unexpected_rows_query=_COLON.sub(r"\\:", sql.replace("{", "{{").replace("}", "}}")),
                meta={KEY: name},
            )
            for name, sql in queries.items()
        ]
        suite = ExpectationSuite(name="stage", expectations=expectations)
        validated = self._batch.validate(suite, result_format="BOOLEAN_ONLY")
        found = {}
        for result in validated.results:
            assert result.expectation_config is not None
            assert result.expectation_config.meta is not None
            found[str(result.expectation_config.meta[KEY])] = Counts(
                (result.meta or {}).get("counted", {}), result.exception_info
            )
        return found


def _attaching(marts: Path) -> tuple[Callable[[Any, Any], None], str]:
    """Of SQLAlchemy's events: each connection has a search path of its own."""
    quoted = str(marts).replace("'", "''")

    def attach(connection: Any, _: Any) -> None:
        cursor = connection.cursor()
        cursor.execute(f"attach if not exists '{quoted}' as {MARTS} (read_only)")
        cursor.execute("select current_database()")
        ((build,),) = cursor.fetchall()
        cursor.execute(f"set search_path = '{build}.main,{MARTS}.marts'")

    return attach, "connect"


def open_for_reading(database: Path) -> duckdb.DuckDBPyConnection:
    """The only place of this package that opens a DuckDB file by itself."""
    return duckdb.connect(str(database), read_only=True)


def marts_beside(database: Path) -> Path | None:
    """The marts file of a build file, as it lies under TOUCHLINE_HOME."""
    path = database.parent / "marts" / f"{MARTS}.duckdb"
    return path if path.exists() else None


@contextmanager
def open_session(database: Path, marts: Path | None = None) -> Iterator[Session]:
    """Raises what DuckDB raises where a file isn't there, is no database, or is locked.

    With `marts`, that file's are found as `marts.fct_leads`.
    """
    # GX wraps what goes wrong here into an error of its own, which nobody can tell apart.
    for path in (database, *([] if marts is None else [marts])):
        open_for_reading(path).close()
    gx = import_great_expectations()
    from great_expectations.data_context.types.base import ProgressBarsConfig
    from sqlalchemy import URL

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    # Each new asset would write the whole configuration as YAML, for nobody: a fifth of the time.
    context.variables.save = lambda: None
    source = context.data_sources.add_sql(
        "warehouse",
        connection_string=URL.create("duckdb", database=str(database)).render_as_string(),
        kwargs={**_ENGINE, **({} if marts is None else {"pool_events": [_attaching(marts)]})},
    )
    try:
        yield Session(source)
    finally:
        # GX keeps two engines, and an open one keeps the file locked.
        source.get_execution_engine().engine.dispose()
        source.get_engine().dispose()
