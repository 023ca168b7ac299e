"""A connector is one folder: no other file of the program knows it by name."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from orchestration.connectors import discover
from tests.architecture.tree import ROOT, parse, python_files, shown, tracked

_FOLDER = ROOT / "orchestration" / "connectors"
# These two come with touchline: settings, commands and seeds speak of them.
_OWN = ("demo", "files")
_PURE = (
    *("orchestration", "datetime", "collections", "typing", "re", "urllib", "math", "json", "html"),
    *("itertools", "functools", "decimal", "enum", "dataclasses", "zoneinfo"),
)
_PLACES = ("orchestration", "data_quality", "dbt_project", "seeds")


@pytest.mark.parametrize("name", sorted(set(discover()) - set(_OWN)))
def test_nothing_names_a_connector(name: str) -> None:
    word = re.compile(rf"\b{name}\b", re.IGNORECASE)
    found = [
        shown(path)
        for path in tracked(".py", ".sql", ".yml", ".yaml", ".csv", ".toml")
        if path.relative_to(ROOT).parts[0] in _PLACES
        and not path.is_relative_to(_FOLDER / name)
        # What stands in a docstring or a help text is an example.
        and any(word.search(text) for text in _said(path))
    ]
    assert found == []


def _said(path: Path) -> list[str]:
    if path.suffix != ".py":
        return [re.sub(r"#.*|--.*", "", line) for line in path.read_text().splitlines()]
    tree = parse(path)
    names = [node.id for node in ast.walk(tree) if isinstance(node, ast.Name)]
    modules = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)] + [
        one.name for node in ast.walk(tree) if isinstance(node, ast.Import) for one in node.names
    ]
    texts = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " not in node.value
    ]
    return [*names, *modules, *texts]


@pytest.mark.parametrize("name", sorted(discover()))
def test_a_connector_has_its_parts(name: str) -> None:
    there = {path.name for path in (_FOLDER / name).iterdir()}
    assert {"__init__.py", "README.md", "stages.csv"} <= there


def test_finding_connectors_costs_little() -> None:
    """Every command finds them; only a night that asks somebody pays for the asking."""
    told = (
        "import sys; from orchestration.connectors import discover; discover(); print(*sys.modules)"
    )
    found = subprocess.run(
        [sys.executable, "-c", told], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.split()
    assert not {"dlt", "requests", "sqlalchemy", "duckdb", "dagster"} & set(found)


def test_mappings_are_pure() -> None:
    """A mapping asks nobody and reads no clock, file or chance."""
    for path in python_files("orchestration/connectors"):
        if not path.stem.startswith("mapping"):
            continue
        for node in ast.walk(parse(path)):
            if isinstance(node, ast.ImportFrom):
                assert node.module is not None
                assert node.module.split(".")[0] in _PURE, f"{shown(path)} imports {node.module}"
                assert not node.module.endswith((".http", ".client", ".records"))
            if isinstance(node, ast.Attribute):
                assert ast.unparse(node) not in ("datetime.now", "date.today", "datetime.utcnow")
