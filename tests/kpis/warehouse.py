"""A warehouse from a drop folder in about a second: landing for real, dbt's SQL compiled once.

The statements are those that `dbt build` runs; what it adds (contracts, its own tests) is tested by
the end-to-end run.
"""

import csv
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import yaml

from orchestration.connectors.base import Context
from orchestration.connectors.files import CONNECTOR
from orchestration.landing import (
    compute_as_of,
    land,
    load_connector_stages,
    load_state,
    refresh_phone_numbers,
)
from orchestration.settings import DBT_PROJECT_DIR, SEEDS_DIR, Settings, build_settings

_AS_OF = "1999-12-31T23:59:58"
"""Stands in the compiled SQL where the moment of a run goes."""


@dataclass(frozen=True)
class Model:
    schema: str
    name: str
    materialized: str
    sql: str


@cache
def compile_models() -> tuple[Model, ...]:
    """Every model of the dbt project, those that it reads before it."""
    from dbt.cli.main import dbtRunner

    with tempfile.TemporaryDirectory() as folder:
        build_settings()
        arguments = {
            "--project-dir": DBT_PROJECT_DIR,
            "--profiles-dir": _profile(Path(folder)),
            "--target-path": f"{folder}/target",
            "--log-path": f"{folder}/logs",
            "--vars": f"{{as_of: '{_AS_OF}'}}",
        }
        told = [str(word) for pair in arguments.items() for word in pair]
        result = dbtRunner().invoke(["--quiet", "compile", "--no-introspect", *told])
        if not result.success:
            raise RuntimeError(f"dbt compile: {result.exception or result.result}")
        nodes = {
            one.node.unique_id: one.node
            for one in result.result
            if one.node.resource_type == "model"
        }
    ordered: list[Model] = []
    done: set[str] = set()

    def add(unique_id: str) -> None:
        if unique_id in done or unique_id not in nodes:
            return
        done.add(unique_id)
        node = nodes[unique_id]
        for parent in node.depends_on.nodes:
            add(parent)
        ordered.append(
            Model(node.schema, node.name, node.config.materialized, node.compiled_code)
        )

    for unique_id in sorted(nodes):
        add(unique_id)
    return tuple(ordered)


def _profile(folder: Path) -> Path:
    outputs = {"test": {"type": "duckdb", "path": str(folder / "build.duckdb"), "schema": "main"}}
    profile = {"touchline": {"target": "test", "outputs": outputs}}
    (folder / "profiles.yml").write_text(yaml.safe_dump(profile))
    return folder


@contextmanager
def open_warehouse() -> Iterator[duckdb.DuckDBPyConnection]:
    """An empty build database in memory, called as the file is."""
    connection = duckdb.connect()
    try:
        connection.execute("attach ':memory:' as build; use build; set timezone = 'UTC'")
        yield connection
    finally:
        connection.close()


def land_folder(
    connection: duckdb.DuckDBPyConnection, folder: Path, run_id: str = "run", **settings: Any
) -> Settings:
    """One night's landing of a drop folder."""
    with tempfile.TemporaryDirectory() as home:
        chosen = build_settings(home=Path(home), **settings)
        context = Context({"path": str(folder)}, load_state(connection, "files"), Path(home))
        land(connection, chosen, "files", CONNECTOR.extract(context), run_id)
        refresh_phone_numbers(connection, chosen)
        load_connector_stages(connection)
    return chosen


def transform(
    connection: duckdb.DuckDBPyConnection, as_of: datetime, seeds: Path = SEEDS_DIR
) -> None:
    """Seeds and every model, as dbt would."""
    _load_seeds(connection, seeds)
    for model in compile_models():
        kind = "view" if model.materialized == "view" else "table"
        sql = model.sql.replace(_AS_OF, as_of.isoformat())
        connection.execute(f"create schema if not exists {model.schema}")
        connection.execute(f"create or replace {kind} {model.schema}.{model.name} as {sql}")


def build(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    *,
    as_of: datetime | None = None,
    seeds: Path = SEEDS_DIR,
) -> datetime:
    """Land `folder` and build every model; returns the moment that the marts describe."""
    settings = land_folder(connection, folder)
    moment = as_of or compute_as_of(connection, settings)
    transform(connection, moment, seeds)
    return moment


def fetch(connection: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    """The rows of a query as dicts."""
    result = connection.execute(query)
    names = [column[0] for column in result.description]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def _load_seeds(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    declared = yaml.safe_load((SEEDS_DIR / "_seeds.yml").read_text())["seeds"]
    types = {seed["name"]: seed.get("config", {}).get("column_types", {}) for seed in declared}
    connection.execute("create schema if not exists seeds")
    for path in sorted(SEEDS_DIR.glob("*.csv")):
        path = folder / path.name if (folder / path.name).exists() else path
        with path.open(newline="") as handle:
            header = next(csv.reader(handle))
        columns = ", ".join(f"'{name}': '{types[path.stem].get(name, 'varchar')}'" for name in header)
        connection.execute(
            f"create or replace table seeds.{path.stem} as select * from read_csv(?, header = true, "
            f"auto_detect = false, delim = ',', quote = '\"', escape = '\"', columns = {{{columns}}})",
            [str(path)],
        )
