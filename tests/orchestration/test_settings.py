"""Settings come from the environment and from `.env`, and nowhere else."""

import os
from datetime import datetime
from pathlib import Path

import pytest
from pydantic import ValidationError

from orchestration import settings as module
from orchestration.settings import PROJECT_DIR, TELEMETRY_OFF, Settings, build_settings


def test_a_connector_gets_its_own_settings_and_no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOUCHLINE_DEMO_LEADS", "10")
    monkeypatch.setenv("TOUCHLINE_DEMO_EMPTY", "")
    monkeypatch.setenv("TOUCHLINE_FILES_PATH", "/drop")
    assert build_settings().connector_settings("demo") == {"leads": "10"}


def test_the_environment_wins_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PROJECT_DIR", tmp_path)
    (tmp_path / ".env").write_text("TOUCHLINE_DEMO_LEADS=5\nTOUCHLINE_DEMO_SEED=7\n")
    monkeypatch.setenv("TOUCHLINE_DEMO_LEADS", "10")
    assert build_settings().connector_settings("demo") == {"leads": "10", "seed": "7"}


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ("2026-03-01T12:00:00+03:00", datetime(2026, 3, 1, 9, 0)),  # noqa: DTZ001
        ("2026-03-01T12:00:00", datetime(2026, 3, 1, 12, 0)),  # noqa: DTZ001
        ("2026-03-01T12:00:00Z", datetime(2026, 3, 1, 12, 0)),  # noqa: DTZ001
    ],
)
def test_as_of_is_utc(told: str, kept: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOUCHLINE_AS_OF", told)
    assert build_settings().as_of == kept


def test_home_does_not_move_with_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TOUCHLINE_HOME", "there")
    assert build_settings().home == tmp_path / "there"


def test_nonsense_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOUCHLINE_THREADS", "0")
    with pytest.raises(ValidationError, match="threads"):
        build_settings()


def test_telemetry_is_off_unless_somebody_turned_it_on(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in TELEMETRY_OFF:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DO_NOT_TRACK", "0")
    build_settings()
    assert os.environ["DBT_SEND_ANONYMOUS_USAGE_STATS"] == "false"
    assert os.environ["DO_NOT_TRACK"] == "0"


def test_every_setting_is_in_the_example() -> None:
    example = (PROJECT_DIR / ".env.example").read_text()
    # Given on the command line only, or by tests.
    private = {"full_refresh", "rebuild", "dbt_project_dir"}
    for name in set(Settings.model_fields) - private:
        assert f"TOUCHLINE_{name.upper()}=" in example, name
