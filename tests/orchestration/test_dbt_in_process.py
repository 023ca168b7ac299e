"""dbt inside the process leans on internals of pinned versions: here they are held to it."""

import os
import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.assets import dbt_in_process, manifest
from orchestration.assets.manifest import load_manifest, project_key, tables_of
from orchestration.settings import Settings

from .conftest import TINY_PROJECT, FakeChecks
from .test_nightly import published, run


def test_the_file_is_free_after_a_layer(yesterday: Settings, checks: FakeChecks) -> None:
    """A connection left open shuts out whoever opens the file in another way, as checks do."""
    seen = []

    def look(database: Path, schema: str) -> None:
        duckdb.connect(str(database), read_only=True).close()
        seen.append(schema)

    checks.during = look
    assert run(yesterday)[0].outcome == "ok"
    assert seen == ["raw", "staging", "seeds", "intermediate", "marts", "published"]


def test_as_a_program_of_its_own_it_gives_the_same(yesterday: Settings, checks: FakeChecks) -> None:
    before = published(yesterday, "from marts.fct_leads order by lead_id")
    apart = yesterday.model_copy(update={"dbt_subprocess": True})
    record, shown = run(apart)
    assert record.outcome == "ok"
    assert "marts done in" in shown
    assert "2 tables" in shown
    assert published(yesterday, "from marts.fct_leads order by lead_id") == before


def test_it_is_parsed_again_only_when_the_project_changed(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tmp_path / "project"
    shutil.copytree(TINY_PROJECT, project)
    own = settings.model_copy(update={"dbt_project_dir": project})
    parsed = []
    parse = dbt_in_process.parse

    def counted(*given: Any, **more: Any) -> Any:
        parsed.append(given)
        return parse(*given, **more)

    monkeypatch.setattr(dbt_in_process, "parse", counted)
    assert tables_of(load_manifest(own), "marts") == ["fct_leads", "kpi_leads"]
    load_manifest(own)
    assert len(parsed) == 1
    (project / "models" / "marts" / "kpi_more.sql").write_text("select 1 as one")
    assert "kpi_more" in tables_of(load_manifest(own), "marts")
    (project / "models" / "marts" / "kpi_more.sql").unlink()
    assert "kpi_more" not in tables_of(load_manifest(own), "marts")
    assert len(parsed) == 3
    other = own.model_copy(update={"reporting_currency": "EUR"})
    assert project_key(other) != project_key(own)


def test_a_test_runs_with_the_highest_table_that_it_looks_at(yesterday: Settings) -> None:
    nodes = load_manifest(yesterday)
    both = [
        "test.touchline.assert_no_lead_is_lost",
        "test.touchline.unique_fct_leads_lead_id.956a87d0bb",
    ]
    assert manifest.data_tests_of(nodes, "staging") == []
    assert manifest.data_tests_of(nodes, "marts") == both
    assert manifest.data_tests_of(nodes, "marts", ["model.touchline.fct_leads"]) == both
    assert manifest.data_tests_of(nodes, "marts", ["model.touchline.kpi_leads"]) == []


def test_the_process_is_left_as_it_was(yesterday: Settings, checks: FakeChecks) -> None:
    before = Path.cwd(), dict(os.environ)
    run(yesterday)
    after = {name: value for name, value in os.environ.items() if name in before[1]}
    assert (Path.cwd(), after) == before
    assert "TOUCHLINE_BUILD_FILE" not in os.environ


def test_a_checkout_that_was_moved_reads_its_own_seeds(settings: Settings, tmp_path: Path) -> None:
    for name in ("old", "new"):
        shutil.copytree(TINY_PROJECT, tmp_path / name)
        moved = settings.model_copy(update={"dbt_project_dir": tmp_path / name})
        seed = load_manifest(moved)["nodes"]["seed.touchline.kpi_definitions"]
        assert seed["root_path"] == str(tmp_path / name)
