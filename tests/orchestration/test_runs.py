"""The diary of runs, and what it tells of an error."""

from types import SimpleNamespace

import pytest

from orchestration.runs import RunRecord, describe_error, read_records, redact, write_record
from orchestration.settings import Settings


def _error(name: str, text: str, cause: object = None) -> SimpleNamespace:
    return SimpleNamespace(cls_name=name, message=text, cause=cause)


def test_the_last_line_of_a_run_counts_and_half_a_line_does_not(settings: Settings) -> None:
    settings.home.mkdir(parents=True)
    for outcome in ("running", "ok"):
        write_record(settings, RunRecord("a", "2026-01-01", outcome=outcome))
    write_record(settings, RunRecord("b", "2026-01-02"))
    with (settings.home / "runs.jsonl").open("a") as diary:
        diary.write('{"run_id": "c", "sta')
    assert [(r.run_id, r.outcome) for r in read_records(settings)] == [
        ("a", "ok"),
        ("b", "running"),
    ]


@pytest.mark.parametrize(
    ("name", "outcome", "told"),
    [
        ("LandingError", "bad data", "raw: crm/leads: 60 rows"),
        ("DbtTestsFailedError", "bad data", "raw: crm/leads: 60 rows"),
        ("ChecksFailedError", "bad data", ""),
        ("BrokenCheckError", "broke", ""),
        ("DbtError", "broke", "raw: crm/leads: 60 rows"),
        ("KeyboardInterrupt", "stopped", "raw: stopped from outside"),
        ("TypeError", "broke", "raw: crm/leads: 60 rows"),
    ],
)
def test_bad_data_are_told_from_what_broke(name: str, outcome: str, told: str) -> None:
    cause = _error(name, f"orchestration.some.{name}: crm/leads: 60 rows\n")
    wrapped = _error("DagsterExecutionStepExecutionError", 'Error occurred in "raw"', cause)
    assert describe_error("raw", wrapped) == (outcome, told)


def test_exit_codes() -> None:
    codes = {
        o: RunRecord("a", "", outcome=o).exit_code for o in ("ok", "bad data", "broke", "killed")
    }
    assert codes == {"ok": 0, "bad data": 1, "broke": 2, "killed": 2}


@pytest.mark.parametrize(
    "text",
    ["Could not convert 'ann.smith@example.com'", "'+7 (916) 123-45-67'", "number 79161234567!"],
)
def test_customers_do_not_get_into_logs(text: str) -> None:
    assert "<" in redact(text)
    assert not any(part in redact(text) for part in ("ann", "123", "916"))


def test_times_and_ids_stay_readable() -> None:
    text = (
        "2026-11-24 02:13:45 run 1a2b3c4d-1111-2222-3333-444455556666: 12,345 rows, 20261124T021345"
    )
    assert redact(text) == text
