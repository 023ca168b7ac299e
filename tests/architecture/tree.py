"""The files of the project, as the rules of the architecture look at them."""

import ast
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
MODELS = ROOT / "dbt_project" / "models"
SEEDS = ROOT / "seeds"

_REF = re.compile(r"\bref\(\s*['\"](\w+)['\"]\s*\)")
_SOURCE = re.compile(r"\bsource\(\s*['\"](\w+)['\"]\s*,\s*['\"](\w+)['\"]\s*\)")


@dataclass(frozen=True)
class Model:
    path: Path

    @property
    def name(self) -> str:
        return self.path.stem

    @property
    def layer(self) -> str:
        """staging, intermediate, core, kpi or scorecard."""
        folders = self.path.relative_to(MODELS).parts
        if self.name.startswith("kpi_scorecard"):
            return "scorecard"
        return folders[1] if folders[0] == "marts" else folders[0]

    @property
    def sql(self) -> str:
        """Without comments of SQL and Jinja."""
        text = re.sub(r"{#.*?#}", "", self.path.read_text(), flags=re.DOTALL)
        return re.sub(r"--[^\n]*", "", text)

    @property
    def refs(self) -> set[str]:
        return set(_REF.findall(self.sql))

    @property
    def sources(self) -> set[str]:
        return {schema for schema, _ in _SOURCE.findall(self.sql)}

    @property
    def described(self) -> dict[str, Any]:
        """What its `.yml` says of it; empty where there is none."""
        path = self.path.with_suffix(".yml")
        if not path.exists():
            return {}
        models = yaml.safe_load(path.read_text())["models"]
        return next((model for model in models if model["name"] == self.name), {})


@cache
def models() -> tuple[Model, ...]:
    return tuple(Model(path) for path in sorted(MODELS.rglob("*.sql")))


@cache
def tracked(*endings: str) -> tuple[Path, ...]:
    """The files that git knows and that are there, by the end of their name; without endings, all."""
    told = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    paths = (ROOT / line for line in told.splitlines())
    return tuple(
        path for path in paths if path.is_file() and (not endings or path.name.endswith(endings))
    )


def python_files(folder: str) -> list[Path]:
    return [path for path in tracked(".py") if path.is_relative_to(ROOT / folder)]


def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def imports(path: Path) -> Iterator[str]:
    """The modules that a file imports, with their dots, wherever in it."""
    for node in ast.walk(parse(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def names(path: Path) -> Iterator[tuple[ast.Attribute, ast.AST | None]]:
    """Each `a.b` of a file with what it stands in."""
    tree = parse(path)
    parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            yield node, parents.get(node)


def shown(path: Path) -> str:
    return str(path.relative_to(ROOT))
