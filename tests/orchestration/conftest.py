"""A home of its own a test, three small models instead of the real ones, and checks told to fail."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from data_quality import runner
from data_quality.results import Result, StageReport
from orchestration.settings import Settings, build_settings

TINY_PROJECT = Path(__file__).parent / "tiny_project"
LEADS = """lead_id,contact_id,status,created_at
1,Ann Smith,new,2026-01-05T10:00:00Z
2,Bob Brown,qualified,2026-01-06T11:00:00Z
"""


@dataclass
class FakeChecks:
    """Instead of Great Expectations: passes every table but those named here, as `stage/table`."""

    failing: set[str] = field(default_factory=set)
    broken: set[str] = field(default_factory=set)
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
        broke, failed = name in self.broken, name in self.failing
        message = f"{schema}.{table} breaks has_rows: 7 rows" if failed else f"{schema}.{table}: x"
        return Result(
            run_id, schema, table, "has_rows", "error", "", not (broke or failed), broke, 7, message
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
    """The tiny project over the drop folder, in a home under tmp_path."""
    for name, value in {
        "HOME": str(tmp_path / "home"),
        "SOURCES": "files",
        "FILES_PATH": str(drop_folder),
        "DBT_PROJECT_DIR": str(TINY_PROJECT),
        "MIN_FREE_MB": "1",
        "RETRY_DELAY_SECONDS": "0",
        "THREADS": "2",
    }.items():
        monkeypatch.setenv(f"TOUCHLINE_{name}", value)
    return build_settings()
