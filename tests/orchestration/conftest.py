"""A home of its own a test, three small models instead of the real ones, and checks told to fail."""

import io
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from data_quality import runner
from data_quality.results import Result, Severity, StageReport
from orchestration.nightly import run_nightly
from orchestration.settings import Settings, build_settings

TINY_PROJECT = Path(__file__).parent / "tiny_project"
LEADS = """lead_id,contact_id,status,created_at
1,Ann Smith,new,2026-01-05T10:00:00Z
2,Bob Brown,qualified,2026-01-06T11:00:00Z
"""


@dataclass
class FakeChecks:
    """Instead of Great Expectations: every table passes but those named here, as `stage/table`."""

    failing: set[str] = field(default_factory=set)
    broken: set[str] = field(default_factory=set)
    warned: set[str] = field(default_factory=set)
    looked_at: list[str] = field(default_factory=list)
    during: Callable[[Path, str], None] | None = None

    def run_stage(
        self,
        database: Path,
        schema: str,
        *,
        run_id: str,
        tables: Sequence[str] | None = None,
        **_: Any,
    ) -> StageReport:
        if self.during is not None:
            self.during(database, schema)
        results = [self._judge(run_id, schema, table) for table in tables or ()]
        self.looked_at += [f"{schema}/{table}" for table in tables or ()]
        return StageReport(schema, tuple(results))

    def _judge(self, run_id: str, schema: str, table: str) -> Result:
        name = f"{schema}/{table}"
        broke, warned = name in self.broken, name in self.warned
        failed = name in self.failing or warned
        severity: Severity = "warning" if warned else "error"
        message = f"{schema}.{table} breaks has_rows: 7 rows" if failed else f"{schema}.{table}: x"
        return Result(
            run_id,
            schema,
            table,
            "has_rows",
            severity,
            "",
            not (broke or failed),
            broke,
            7,
            message,
        )


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> FakeChecks:
    fake = FakeChecks()
    monkeypatch.setattr(runner, "run_stage", fake.run_stage)
    return fake


@pytest.fixture
def drop_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "drop"
    (folder / "crm").mkdir(parents=True)
    (folder / "crm" / "leads.csv").write_text(LEADS)
    return folder


@pytest.fixture
def settings(tmp_path: Path, drop_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The tiny project over the drop folder, in an empty home."""
    for name, value in _environment(tmp_path / "home", drop_folder).items():
        monkeypatch.setenv(name, value)
    return build_settings()


@pytest.fixture(scope="session")
def first_night(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A home after one night, and the place where a test uses a copy of it.

    Always the same place, since dbt parses anew for another path of its database.
    """
    kept, used = tmp_path_factory.mktemp("kept"), tmp_path_factory.mktemp("used")
    folder = used / "drop" / "crm"
    folder.mkdir(parents=True)
    (folder / "leads.csv").write_text(LEADS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runner, "run_stage", FakeChecks().run_stage)
        for name, value in _environment(used / "home", used / "drop").items():
            patch.setenv(name, value)
        record = run_nightly(build_settings(), Console(file=io.StringIO()))
        assert record.outcome == "ok", record
    shutil.copytree(used, kept, symlinks=True, dirs_exist_ok=True)
    return kept, used


@pytest.fixture
def yesterday(first_night: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The tiny project in a home where last night went well; its drop folder is `../drop`."""
    kept, used = first_night
    shutil.rmtree(used)
    shutil.copytree(kept, used, symlinks=True)
    for name, value in _environment(used / "home", used / "drop").items():
        monkeypatch.setenv(name, value)
    return build_settings()


@pytest.fixture
def own_project(yesterday: Settings, tmp_path: Path) -> Settings:
    """The tiny project as a copy that a test may break."""
    project = tmp_path / "project"
    shutil.copytree(TINY_PROJECT, project)
    return yesterday.model_copy(update={"dbt_project_dir": project})


def _environment(home: Path, drop_folder: Path) -> dict[str, str]:
    return {
        "TOUCHLINE_HOME": str(home),
        "TOUCHLINE_SOURCES": "files",
        "TOUCHLINE_FILES_PATH": str(drop_folder),
        "TOUCHLINE_DBT_PROJECT_DIR": str(TINY_PROJECT),
        "TOUCHLINE_MIN_FREE_MB": "1",
        "TOUCHLINE_RETRY_DELAY_SECONDS": "0",
        "TOUCHLINE_THREADS": "2",
    }
