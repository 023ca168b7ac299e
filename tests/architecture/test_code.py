"""ARCHITECTURE.md, rules 5 and 7, and who may open, read and name what."""

import ast
import re

import pytest

from tests.architecture.tree import ROOT, imports, names, python_files, shown, tracked

PYTHON_LINES, SQL_LINES = 300, 120


def _imported(folder: str, *forbidden: str) -> list[str]:
    return [
        f"{shown(path)} imports {module}"
        for path in python_files(folder)
        for module in imports(path)
        if module.split(".")[0] in forbidden or module in forbidden
    ]


@pytest.mark.parametrize(
    ("folder", "forbidden"),
    [
        (
            "orchestration/connectors",
            ("dagster", "dbt", "great_expectations", "duckdb", "data_quality"),
        ),
        ("data_quality", ("dagster", "dagster_dbt", "orchestration")),
        ("orchestration/landing", ("dagster", "dbt", "great_expectations", "data_quality")),
        ("orchestration/report", ("dagster", "dbt", "great_expectations")),
        ("tests/reference", ("orchestration", "data_quality", "duckdb", "pandas", "dbt")),
    ],
)
def test_who_knows_whom(folder: str, forbidden: tuple[str, ...]) -> None:
    assert python_files(folder)
    assert _imported(folder, *forbidden) == []


def test_connectors_know_nothing_of_each_other() -> None:
    folder = "orchestration/connectors"
    for path in python_files(folder):
        own = path.relative_to(ROOT / folder).parts[0]
        others = {
            module
            for module in imports(path)
            if module.startswith("orchestration.connectors.")
            and module.split(".")[2] != own
            and (ROOT / folder / module.split(".")[2]).is_dir()
        }
        assert not others, shown(path)


# These hand the environment on to dbt and put it back as it was.
_HANDS_ON = ("orchestration/assets/dbt_in_process.py",)


def test_only_settings_reads_the_environment() -> None:
    """Setting a variable for a library is no reading."""
    found = []
    for path in [*python_files("orchestration"), *python_files("data_quality")]:
        if shown(path) in ("orchestration/settings.py", *_HANDS_ON):
            continue
        for node, parent in names(path):
            name = ast.unparse(node)
            is_set = (
                isinstance(parent, ast.Subscript) and isinstance(parent.ctx, ast.Store | ast.Del)
            ) or (isinstance(parent, ast.Attribute) and parent.attr in ("update", "setdefault"))
            if name == "os.getenv" or (name == "os.environ" and not is_set):
                found.append(f"{shown(path)}:{node.lineno}")
    assert found == []


def test_only_one_place_opens_the_database() -> None:
    openers = {"orchestration/warehouse.py", "data_quality/session.py"}
    found = {
        shown(path)
        for folder in ("orchestration", "data_quality", "docs", "dashboards", "deploy")
        for path in python_files(folder)
        for node, _ in names(path)
        if ast.unparse(node) == "duckdb.connect"
    }
    assert found - openers == set()


def test_the_way_in_is_short() -> None:
    assert len((ROOT / "orchestration" / "definitions.py").read_text().splitlines()) < 40


@pytest.mark.parametrize(("ending", "most"), [(".py", PYTHON_LINES), (".sql", SQL_LINES)])
def test_one_look_at_a_file_does(ending: str, most: int) -> None:
    """A file that is longer says in one line at its top why: `Longer than most: …`."""
    silent = []
    for path in tracked(ending):
        lines = path.read_text().splitlines()
        if len(lines) > most and "longer than most:" not in " ".join(lines[:3]).lower():
            silent.append(f"{shown(path)}: {len(lines)} lines")
    assert silent == []


def test_locks_name_no_host() -> None:
    locks = tracked(".lock")
    assert locks
    for path in locks:
        assert not re.search(r"://|--index-url|--extra-index-url|--find-links", path.read_text())


def test_locks_have_hashes() -> None:
    for path in tracked(".lock"):
        for block in re.split(r"\n(?=[a-z0-9])", path.read_text().strip()):
            if "==" in block.splitlines()[0]:
                assert "--hash=sha256:" in block, f"{shown(path)}: {block.splitlines()[0]}"


def test_no_path_of_one_machine() -> None:
    own = re.compile(r"(?<![\w.])/(?:home|Users|work|root)/\w")
    found = [
        f"{shown(path)}:{number}"
        for path in tracked(
            ".py",
            ".sql",
            ".yml",
            ".yaml",
            ".md",
            ".toml",
            ".csv",
            ".cfg",
            "Makefile",
            ".env.example",
            ".sh",
            "run",
            "setup",
        )
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1)
        if own.search(line)
    ]
    assert found == []
