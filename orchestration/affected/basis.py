"""What every figure stands on, rows apart: another one asks for everything anew."""

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import yaml

from orchestration.affected.ageing import ageing_nodes
from orchestration.affected.baseline import read_baseline
from orchestration.settings import PROJECT_DIR, SEEDS_DIR, Settings

_SUFFIXES = (".sql", ".yml", ".csv", ".py")
_PACKAGES = ("orchestration", "data_quality")
# Small, and looked up everywhere: what a stage means.
_STAGES = "raw.connector_stages"


@dataclass(frozen=True)
class Basis:
    as_of: datetime
    fingerprint: str
    """Of the project, the seeds, the settings and the connectors' stages."""
    code: str
    """Of the program, which says what is checked and published."""
    growing: Collection[str]
    """Tables (`schema.table`) that are brought up to date in place."""
    ageing: str
    """SQL of the nodes of records to which time alone does something (ageing.py)."""


def build_basis(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    as_of: datetime,
    growing: Collection[str],
    seeds: Path = SEEDS_DIR,
) -> Basis:
    variables = read_variables(settings)
    baseline = read_baseline(connection)
    before = as_of if baseline is None else baseline.as_of
    return Basis(
        as_of,
        _fingerprint(connection, settings, variables, seeds),
        _fingerprint_of_code(settings),
        growing,
        ageing_nodes(variables, before, as_of),
    )


def read_variables(settings: Settings) -> dict[str, Any]:
    """Dbt's vars as a run gives them, `as_of` and `scope` apart."""
    project = yaml.safe_load((settings.dbt_project_dir / "dbt_project.yml").read_text())
    return {**project["vars"], **settings.stable_dbt_vars}


def _fingerprint_of_code(settings: Settings) -> str:
    told = {"personal": settings.publish_personal_data}
    return _digest(told, *(PROJECT_DIR / package for package in _PACKAGES)).hexdigest()


def _digest(told: Mapping[str, Any], *folders: Path) -> "hashlib._Hash":
    digest = hashlib.sha256(json.dumps(told, sort_keys=True).encode())
    for folder in folders:
        for path in sorted(p for p in folder.rglob("*") if p.suffix in _SUFFIXES):
            if "target" not in path.parts:
                digest.update(str(path.relative_to(folder)).encode() + path.read_bytes())
    return digest


def _fingerprint(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    variables: Mapping[str, Any],
    seeds: Path,
) -> str:
    told = {**variables, "phone_region": settings.phone_region, "engine": duckdb.__version__}
    digest = _digest(told, settings.dbt_project_dir, seeds, Path(__file__).parent)
    columns = [
        name
        for name, *_ in connection.execute(f"describe {_STAGES}").fetchall()
        if not name.startswith("_")
    ]
    digest.update(
        repr(
            connection.execute(
                f"select count(*), bit_xor(hash({', '.join(columns)})) from {_STAGES}"
            ).fetchall()
        ).encode()
    )
    return digest.hexdigest()
