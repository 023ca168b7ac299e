"""What the documentation says is so: pages are up to date, SQL runs, links lead somewhere."""

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from docs.build import DOCS, PROJECT, build_pages
from orchestration.cli import app
from orchestration.connectors import discover
from orchestration.connectors.base import Connector, Context
from orchestration.settings import Settings
from tests.kpis.demo import open_demo

PAGES = sorted([*DOCS.glob("*.md"), *PROJECT.glob("*.md")])
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
OF_THE_BUILD = "operations.md"
"""Its SQL asks the build file what a failed night left there."""


def blocks(page: Path, language: str) -> list[str]:
    return [text for name, text in BLOCK.findall(page.read_text()) if name == language]


def statements(page: Path) -> list[str]:
    found = [part.strip() for text in blocks(page, "sql") for part in text.split(";\n")]
    return [statement for statement in found if statement]


@pytest.mark.parametrize("page", build_pages(), ids=lambda page: page.name)
def test_a_page_is_up_to_date(page: Path) -> None:
    assert page.read_text() == build_pages()[page], "python docs/build.py"


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """Schemas as in the published file."""
    with open_demo(tmp_path_factory.mktemp("demo")) as (connection, as_of):
        connection.execute("create schema reference")
        for seed in ("kpi_definitions", "kpi_benchmarks"):
            connection.execute(f"create view reference.{seed} as from seeds.{seed}")
        connection.execute(f"create view reference.release as select timestamp '{as_of}' as as_of")
        yield connection


@pytest.mark.parametrize(
    ("page", "statement"),
    [(p, s) for p in PAGES if p.name != OF_THE_BUILD for s in statements(p)],
    ids=lambda value: value.name if isinstance(value, Path) else "",
)
def test_an_example_runs_and_finds_something(
    published: duckdb.DuckDBPyConnection, page: Path, statement: str
) -> None:
    found = published.execute(statement).fetchall()
    assert found, f"{page.name}: no rows"


def test_links_lead_somewhere() -> None:
    broken = [
        f"{page.name}: {target}"
        for page in PAGES
        for target in LINK.findall(page.read_text())
        if not target.startswith("http") and not (page.parent / target).exists()
    ]
    assert broken == []


def test_commands_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", (PROJECT / "Makefile").read_text(), re.MULTILINE))
    commands = {
        command.name or command.callback.__name__
        for command in app.registered_commands
        if command.callback
    }
    groups = {group.name for group in app.registered_groups}
    for page in PAGES:
        told = " ".join([*blocks(page, "console"), *re.findall(r"`([^`\n]+)`", page.read_text())])
        assert set(re.findall(r"\bmake ([a-z]+)", told)) <= targets, page
        named = set(re.findall(r"(?:^|bin/|[ \n])touchline ([a-z]+(?:-[a-z]+)*)\b", told))
        assert named <= commands | groups, page


def test_variables_exist() -> None:
    fields = {f"TOUCHLINE_{name.upper()}" for name in Settings.model_fields}
    for page in [*PAGES, PROJECT / ".env.example"]:
        found = set(re.findall(r"\bTOUCHLINE_[A-Z_]+[A-Z]\b", page.read_text()))
        # The connectors' own, the paths that dbt is told, and the documentation's made-up ones.
        told = "|".join(("ONEFILE", "ACME", "BUILD", "TMP", *map(str.upper, discover())))
        others = {name for name in found if re.match(rf"TOUCHLINE_({told})_", name)}
        assert found - others <= fields, page


def test_the_smallest_connector_is_one(tmp_path: Path) -> None:
    source, *_ = blocks(DOCS / "connectors.md", "python")
    names: dict[str, Connector] = {}
    exec(compile(source, "connectors.md", "exec"), names)
    leads = tmp_path / "leads.csv"
    leads.write_text("lead_id,status,created_at\n1,new,2026-06-01T09:00:00Z\n")
    delivery = names["CONNECTOR"].extract(Context({"path": str(leads)}, {}, tmp_path))
    assert delivery.files == {"crm/leads": [leads]}


def test_the_minimal_drop_folder_is_of_the_contract() -> None:
    from orchestration.landing.contract import load_contract

    (script,) = (text for text in blocks(DOCS / "landing.md", "console") if "<<'CSV'" in text)
    files = re.findall(r"~/drop/(\w+/\w+)\.csv <<'CSV'\n(.*?)\nCSV", script, re.DOTALL)
    assert files
    for entity, text in files:
        columns = {column.name for column in load_contract()[entity].columns}
        required = {c.name for c in load_contract()[entity].columns if c.required}
        for row in csv.DictReader(text.splitlines()):
            assert set(row) <= columns, entity
            assert required <= {name for name, value in row.items() if value}, entity
