"""A warehouse from a drop folder in about a second: landing for real, dbt's SQL compiled once.

The statements are those that `dbt build` runs; what it adds (contracts, its own tests) is tested by
the end-to-end run.
"""

import csv
import json
import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import duckdb
import yaml

from orchestration.affected import (
    Scope,
    build_basis,
    forget_baseline,
    plan_scope,
    record_baseline,
)
from orchestration.connectors.base import Context
from orchestration.connectors.files import CONNECTOR
from orchestration.landing import (
    compute_as_of,
    land,
    load_connector_stages,
    load_state,
    refresh_phone_numbers,
)
from orchestration.settings import (
    DBT_PROJECT_DIR,
    PROJECT_DIR,
    SEEDS_DIR,
    Settings,
    build_settings,
)
from orchestration.warehouse import MARTS, find_marts

_AS_OF = "1999-12-31T23:59:58"
"""Stands in the compiled SQL where the moment of a run goes."""


@dataclass(frozen=True)
class Model:
    database: str
    schema: str
    name: str
    materialized: str
    sql: str
    affected: str = ""
    """Of an incremental table: which rows a normal night gives up and takes in anew."""
    cell: tuple[str, ...] = ()
    """Of a sum: the columns that say what a normal night's rows are added to."""


def compile_models(variables: Mapping[str, str] | None = None) -> tuple[Model, ...]:
    """Every model of the dbt project, those that it reads before it; `variables` as dbt vars."""
    return _compiled(tuple(sorted((variables or {}).items())))


@cache
def _compiled(variables: tuple[tuple[str, str], ...]) -> tuple[Model, ...]:
    """Since dbt takes half a minute, what it made of a project's state is kept beside pytest's own."""
    kept = PROJECT_DIR / ".pytest_cache" / "compiled" / f"{_fingerprint(variables)}.json"
    if not kept.exists():
        models = _compile(dict(variables))
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=kept.parent, delete=False) as handle:
            json.dump([asdict(model) for model in models], handle)
        Path(handle.name).replace(kept)
    return tuple(Model(**model) for model in json.loads(kept.read_text()))


def _fingerprint(variables: tuple[tuple[str, str], ...]) -> str:
    """Of everything that the compiled SQL depends on."""
    digest = sha256(repr(variables).encode())
    found = [*DBT_PROJECT_DIR.rglob("*"), *SEEDS_DIR.iterdir(), Path(__file__)]
    for path in sorted(found):
        if path.suffix in (".sql", ".yml", ".csv", ".py") and "target" not in path.parts:
            digest.update(str(path).encode() + path.read_bytes())
    return digest.hexdigest()


def _compile(variables: Mapping[str, str]) -> tuple[Model, ...]:
    # Not at the top: most runs find what was compiled before, and dbt takes a second to import.
    from dbt.artifacts.schemas.run import RunExecutionResult
    from dbt.cli.main import dbtRunner

    with tempfile.TemporaryDirectory() as folder:
        build_settings()
        arguments = {
            "--project-dir": DBT_PROJECT_DIR,
            "--profiles-dir": _profile(Path(folder)),
            "--target-path": f"{folder}/target",
            "--log-path": f"{folder}/logs",
            "--vars": json.dumps({**variables, "as_of": _AS_OF}),
        }
        told = [str(word) for pair in arguments.items() for word in pair]
        result = dbtRunner().invoke(["--quiet", "compile", "--no-introspect", *told])
        if not result.success or not isinstance(result.result, RunExecutionResult):
            raise RuntimeError(f"dbt compile: {result.exception or result.result}")
        nodes: list[Any] = [one.node for one in result.result]
        compiled = {node.unique_id: node for node in nodes if node.resource_type == "model"}
        # An ephemeral model is in nobody's result, but what it reads must be there all the same.
        manifest = json.loads(Path(folder, "target", "manifest.json").read_text())
    ordered: list[Model] = []
    done: set[str] = set()

    def add(unique_id: str) -> None:
        if unique_id in done or unique_id not in manifest["nodes"]:
            return
        done.add(unique_id)
        for parent in manifest["nodes"][unique_id]["depends_on"].get("nodes", ()):
            add(parent)
        if unique_id in compiled:
            node = compiled[unique_id]
            ordered.append(
                Model(
                    node.database,
                    node.schema,
                    node.name,
                    node.config.materialized,
                    node.compiled_code,
                    node.config.meta.get("affected", ""),
                    tuple(node.config.meta.get("cell", ())),
                )
            )

    for unique_id in sorted(compiled):
        add(unique_id)
    return tuple(ordered)


def _profile(folder: Path) -> Path:
    outputs = {"test": {"type": "duckdb", "path": str(folder / "build.duckdb"), "schema": "main"}}
    profile = {"touchline": {"target": "test", "outputs": outputs}}
    (folder / "profiles.yml").write_text(yaml.safe_dump(profile))
    return folder


@contextmanager
def open_warehouse() -> Iterator[duckdb.DuckDBPyConnection]:
    """An empty build and its marts in memory, called as the files are."""
    connection = duckdb.connect()
    try:
        connection.execute("attach ':memory:' as build; use build; set timezone = 'UTC'")
        connection.execute(f"attach ':memory:' as {MARTS}; create schema {MARTS}.marts")
        find_marts(connection)
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
    connection: duckdb.DuckDBPyConnection,
    as_of: datetime,
    seeds: Path = SEEDS_DIR,
    variables: Mapping[str, str] | None = None,
    leave_out: Collection[str] = (),
    scope: str = "all",
) -> None:
    """Seeds and every model (but those to leave out), as dbt would."""
    _load_seeds(connection, seeds)
    # What a normal night does not compute it must not read either.
    connection.execute("create schema if not exists raw")
    connection.execute("create table if not exists raw.affected (kind varchar, id varchar)")
    for model in compile_models({**(variables or {}), "scope": scope}):
        if model.name in leave_out:
            continue
        schema = f"{model.database}.{model.schema}"
        name = f"{schema}.{model.name}"
        sql = model.sql.replace(_AS_OF, as_of.isoformat())
        if (model.affected or model.cell) and scope == "affected":
            # macros/affected.sql
            connection.execute(f"create or replace temp table anew as {sql}")
            if model.cell:
                _add_up(connection, name, ", ".join(model.cell))
            given_up = model.affected or f"({', '.join(model.cell)}) in (from cells)"
            connection.execute(f"delete from {name} where {given_up}")
            connection.execute(f"insert into {name} by name select * from anew")
            continue
        kind = "view" if model.materialized == "view" else "table"
        connection.execute(f"create schema if not exists {schema}")
        connection.execute(f"create or replace {kind} {name} as {sql}")


def _add_up(connection: duckdb.DuckDBPyConnection, name: str, cell: str) -> None:
    """Put what `name` holds of the cells of `anew`, and their names into `cells`, beside it."""
    connection.execute(f"create or replace temp table cells as select distinct {cell} from anew")
    connection.execute(
        f"""
        create or replace temp table anew as
        select {cell}, sum(columns(* exclude ({cell}))) from (
            from anew union all by name
            from {name} where ({cell}) in (from cells)
        ) group by {cell}
        """
    )


def transform_night(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    as_of: datetime,
    run_id: str,
    seeds: Path = SEEDS_DIR,
    leave_out: Collection[str] = (),
) -> Scope:
    """What a run does after landing: all, or what the night's rows touch, however much that is."""
    models = compile_models({"scope": "all"})
    growing = [f"{model.schema}.{model.name}" for model in models if model.affected or model.cell]
    basis = build_basis(connection, settings, as_of, growing, seeds)
    scope = plan_scope(connection, basis, most_affected=1)
    if scope.kind == "all":
        forget_baseline(connection)
    transform(connection, as_of, seeds, leave_out=leave_out, scope=scope.kind)
    record_baseline(connection, run_id, basis, links_too=scope.kind == "all")
    return scope


def build(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    *,
    as_of: datetime | None = None,
    seeds: Path = SEEDS_DIR,
    variables: Mapping[str, str] | None = None,
    leave_out: Collection[str] = (),
) -> datetime:
    """Land `folder` and build every model; returns the moment that the marts describe."""
    settings = land_folder(connection, folder)
    moment = as_of or compute_as_of(connection, settings)
    transform(connection, moment, seeds, variables, leave_out)
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
        own = folder / path.name if (folder / path.name).exists() else path
        with own.open(newline="") as handle:
            header = next(csv.reader(handle))
        columns = ", ".join(
            f"'{name}': '{types[path.stem].get(name, 'varchar')}'" for name in header
        )
        connection.execute(
            f"create or replace table seeds.{path.stem} as select * from read_csv(?, header = true, "
            f"auto_detect = false, delim = ',', quote = '\"', escape = '\"', columns = {{{columns}}})",
            [str(own)],
        )
