"""What a person types, what is told, and what the shell gets back."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from orchestration import cli, telling
from orchestration.assets.release import current_release
from orchestration.home import hold_run_lock
from orchestration.settings import Settings, build_settings

from .conftest import LEADS, TINY_PROJECT, FakeChecks
from .test_nightly import drop, published


@pytest.fixture(autouse=True)
def _same_environment() -> Iterator[None]:
    """Options become variables of the process, which is the test's own here."""
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(autouse=True)
def _no_scorecard(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tiny project has none."""
    monkeypatch.setattr(telling, "_tell_success", lambda _, console: console.print("scorecard"))


def touchline(*arguments: str) -> Result:
    return CliRunner().invoke(cli.app, list(arguments))


def test_a_good_night(yesterday: Settings, checks: FakeChecks) -> None:
    told = touchline("run")
    assert told.exit_code == 0
    assert "marts 2 passed" in told.stdout
    assert "scorecard" in told.stdout


def test_a_failed_check_says_which_table_which_rule_how_many_and_where_to_look(
    yesterday: Settings, checks: FakeChecks
) -> None:
    before = current_release(yesterday)
    checks.failing = {"marts/fct_leads"}
    told = touchline("run")
    assert told.exit_code == 1
    assert "marts.fct_leads breaks has_rows: 7 rows" in told.stdout
    assert f"release {before}" in told.stdout
    assert "quality.results" in told.stdout
    assert ".log" in told.stdout
    told = touchline("status")
    assert told.exit_code == 0
    assert "bad data" in told.stdout
    assert "marts.fct_leads breaks has_rows: 7 rows" in told.stdout
    assert str(before) in told.stdout


def test_a_broken_check_ends_with_2(yesterday: Settings, checks: FakeChecks) -> None:
    checks.broken = {"raw/crm_leads"}
    assert touchline("run").exit_code == 2


def test_a_second_run_is_refused(yesterday: Settings, checks: FakeChecks) -> None:
    code = f"from tests.orchestration.test_cli import hold; hold({str(yesterday.home)!r})"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stdin=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        told = touchline("run")
        other.kill()
    assert told.exit_code == 2
    assert "another run is writing to" in told.stderr
    assert not checks.looked_at


def hold(home: str) -> None:
    with hold_run_lock(build_settings(home=Path(home))):
        print("held", flush=True)
        sys.stdin.read()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["run", "--source", "sap"], "there is no connector sap"),
        (["run", "--time-zone", "Mars/Base"], "TOUCHLINE_BUSINESS_TIMEZONE"),
        (["run", "--as-of", "yesterday"], "TOUCHLINE_AS_OF"),
        (["run", "--var", "nonsense"], "'nonsense' is not name=value"),
    ],
)
def test_what_cannot_work_is_told_in_a_line(
    arguments: list[str], told: str, yesterday: Settings, checks: FakeChecks
) -> None:
    result = touchline(*arguments)
    assert result.exit_code == 2
    assert told in " ".join(result.stderr.split())
    assert "Traceback" not in result.output
    assert not checks.looked_at


def test_a_missing_setting_is_named(yesterday: Settings, checks: FakeChecks) -> None:
    os.environ["TOUCHLINE_FILES_PATH"] = ""
    told = touchline("run")
    assert told.exit_code == 2
    assert "set TOUCHLINE_FILES_PATH" in told.stdout


def test_options_are_settings(
    yesterday: Settings, checks: FakeChecks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orchestration.nightly.run_nightly", lambda *_: 1 / 0)
    os.environ["TOUCHLINE_DBT_VARS"] = '{"a": 1, "b": 2}'
    with pytest.raises(ZeroDivisionError):
        CliRunner().invoke(
            cli.app,
            ["run", "--source", "files,demo", "--path", "~/x", "--leads", "7", "--full-refresh",
             "--as-of", "2026-01-05", "--var", "b=3", "--var", "zone=Europe/Paris"],
            catch_exceptions=False,
        )  # fmt: skip
    settings = cli._settings()
    assert settings.source_names == ["files", "demo"]
    assert settings.full_refresh
    assert str(settings.as_of) == "2026-01-05 00:00:00"
    assert settings.extra_dbt_vars == {"a": 1, "b": 3, "zone": "Europe/Paris"}
    assert settings.connector_settings("demo")["leads"] == "7"
    assert settings.connector_settings("files")["path"] == os.path.expanduser("~/x")  # noqa: PTH111


def test_quarantine_is_listed_without_what_is_in_it_and_replayed(
    yesterday: Settings, checks: FakeChecks
) -> None:
    assert "quarantine is empty" in touchline("quarantine", "list").stdout
    drop(yesterday, LEADS + "3,Eve,new,tomorrow\n")
    told = touchline("run")
    assert told.exit_code == 0
    assert "1 row went to quarantine" in told.stdout
    listed = touchline("quarantine", "list")
    line = next(text for text in listed.stdout.splitlines() if "crm/leads" in text)
    assert all(part in line for part in ("files", "leads.csv", "4", "created_at"))
    assert "Eve" not in listed.stdout
    assert "nothing in quarantine has come right" in touchline("quarantine", "replay").stdout


def test_the_build_is_published_again(yesterday: Settings, checks: FakeChecks) -> None:
    before = current_release(yesterday)
    told = touchline("publish")
    assert told.exit_code == 0, told.output
    assert {name.split("/")[0] for name in checks.looked_at} == {"published"}
    assert current_release(yesterday) != before
    assert published(yesterday, "select leads from marts.kpi_leads") == [(2,)]


def test_what_did_not_pass_is_not_published_by_hand_either(
    yesterday: Settings, checks: FakeChecks
) -> None:
    before = current_release(yesterday)
    checks.failing = {"marts/fct_leads"}
    assert touchline("run").exit_code == 1
    told = touchline("publish")
    assert told.exit_code == 2
    assert "not passed: check_marts" in told.stdout
    assert current_release(yesterday) == before


def test_a_warning_is_told_and_stops_nothing(yesterday: Settings, checks: FakeChecks) -> None:
    checks.warned = {"marts/fct_leads"}
    told = touchline("run")
    assert told.exit_code == 0
    for shown in (told.stdout, touchline("status").stdout):
        assert "1 warned" in shown
        assert "marts.fct_leads breaks has_rows: 7 rows" in shown


def test_before_the_first_night_every_command_says_what_to_do(settings: Settings) -> None:
    assert "nothing has run yet: `touchline run`" in touchline("status").stdout
    for command in (["publish"], ["quarantine", "list"], ["quarantine", "replay"], ["report"]):
        told = touchline(*command)
        assert told.exit_code == 2
        assert "`touchline run`" in told.stderr


def test_a_run_that_was_killed_is_told_so(yesterday: Settings) -> None:
    record = {"run_id": "12345678-9", "started_at": "2026-01-08 03:00:00"}
    with (yesterday.home / "runs.jsonl").open("a") as diary:
        diary.write(json.dumps(record) + "\n")
    assert "killed" in touchline("status").stdout


def test_help_is_quick() -> None:
    """Nothing heavy is imported before a command needs it."""
    code = "import orchestration.cli, sys; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    heavy = {"dagster", "dbt", "great_expectations", "dlt", "duckdb", "pandas", "numpy"}
    assert not heavy & set(loaded.stdout.split())


def test_ctrl_c_is_an_end_and_not_a_crash(yesterday: Settings, tmp_path: Path) -> None:
    project = tmp_path / "project"
    shutil.copytree(TINY_PROJECT, project)
    (project / "models" / "marts" / "kpi_leads.sql").write_text(
        "select count(*) as leads from range(1000000000) a, range(1000000) b "
        "where a.range + b.range % 7 = (select count(*) from {{ ref('fct_leads') }})"
    )
    code = (
        "from tests.orchestration.conftest import FakeChecks; from data_quality import runner; "
        "runner.run_stage = FakeChecks().run_stage; from orchestration.cli import app; app()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, "run"],
        env={**os.environ, "TOUCHLINE_DBT_PROJECT_DIR": str(project)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if "marts …" in line:
                break
        time.sleep(3)
        process.send_signal(signal.SIGINT)
        try:
            told = process.communicate(timeout=60)[0]
        finally:
            process.kill()
    assert process.returncode == 2
    assert "The run was stopped; nothing was published." in told
    assert "Traceback" not in told
