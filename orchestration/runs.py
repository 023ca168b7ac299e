"""The diary of runs: TOUCHLINE_HOME/runs.jsonl, readable without opening any database."""

import json
import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import duckdb

from orchestration.settings import Settings
from orchestration.warehouse import open_build, read_run

Outcome = Literal["ok", "bad data", "broke", "stopped", "killed", "running"]
EXIT_CODES: dict[Outcome, int] = {"ok": 0, "bad data": 1}
BAD_DATA = {
    "LandingError",
    "ChecksFailedError",
    "DbtTestsFailedError",
    "DataError",
    "DagsterAssetCheckFailedError",
}

_LINES_TOLD = 8
_MAILS = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_PHONES = re.compile(r"\+\d[\d ()./-]{6,}\d|(?<![\w.-])\d{10,15}(?![\w.-])")


@dataclass
class RunRecord:
    """A run as `touchline status` tells it."""

    run_id: str
    started_at: str
    outcome: Outcome = "running"
    finished_at: str = ""
    as_of: str = ""
    release: str = ""
    computed: str = ""
    """all, affected or nothing: what the night had to compute, and why."""
    checks: dict[str, dict[str, int]] = field(default_factory=dict)
    """stage -> how many of its rules passed, failed, warned, broke"""
    quarantined: int = 0
    """Rows that this run set aside."""
    problems: list[str] = field(default_factory=list)
    """Which table, which rule, how many rows; what broke."""
    warnings: list[str] = field(default_factory=list)
    """Rules that do not hold and stop nothing."""

    @property
    def exit_code(self) -> int:
        return EXIT_CODES.get(self.outcome, 2)


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S")


def write_record(settings: Settings, record: RunRecord) -> None:
    """Append; the last line of a run id counts."""
    with _diary(settings).open("a") as diary:
        diary.write(json.dumps(asdict(record)) + "\n")


def read_records(settings: Settings) -> list[RunRecord]:
    """Every run, the oldest first; one that never said its end was killed, or is going on."""
    records: dict[str, RunRecord] = {}
    if _diary(settings).exists():
        for line in _diary(settings).read_text().splitlines():
            # A run that was killed while it wrote leaves half a line.
            with suppress(ValueError, TypeError):
                record = RunRecord(**json.loads(line))
                records[record.run_id] = record
    return list(records.values())


def finish_record(
    settings: Settings, record: RunRecord, failures: Iterable[tuple[str, Any]], release: str | None
) -> RunRecord:
    """What became of a run: `failures` are (step, error as Dagster keeps it)."""
    told = [describe_error(step, error) for step, error in failures]
    record.finished_at = now()
    record.release = release or ""
    with suppress(duckdb.Error, OSError), open_build(settings, read_only=True) as connection:
        _add_figures(connection, record)
    record.problems = [*record.problems, *(text for _, text in told if text)]
    verdicts = {verdict for verdict, _ in told}
    # The worst first: what was stopped or broke has not been judged.
    worst: tuple[Outcome, ...] = ("stopped", "broke", "bad data")
    record.outcome = next((verdict for verdict in worst if verdict in verdicts), "ok")
    return record


def describe_error(step: str, error: Any) -> tuple[Outcome, str]:
    """What to make of it, and what to tell; `error` is a SerializableErrorInfo."""
    while error.cause is not None and error.cls_name in (
        "DagsterExecutionStepExecutionError",
        "RetryRequested",
        "DagsterResourceFunctionError",
    ):
        error = error.cause
    name = error.cls_name or ""
    if name in ("DagsterAssetCheckFailedError", "ChecksFailedError", "BrokenCheckError"):
        # The rules are told one by one, from quality.results.
        return "broke" if name == "BrokenCheckError" else "bad data", ""
    if name in ("KeyboardInterrupt", "DagsterExecutionInterruptedError"):
        return "stopped", f"{step.replace('__', '/')}: stopped from outside"
    text = re.sub(rf"^(?:[\w.]+\.)?{name}: ", "", error.message.strip())
    outcome: Outcome = "bad data" if name in BAD_DATA else "broke"
    return outcome, redact(f"{step.replace('__', '/')}: {_shorten(text)}")


def _shorten(text: str) -> str:
    """DuckDB follows an error with a page of advice; the log has it."""
    lines = text.splitlines()
    return text if len(lines) <= _LINES_TOLD else "\n".join([*lines[:_LINES_TOLD], "  …"])


def redact(text: str) -> str:
    """Error messages of databases and APIs quote what they choked on; logs hold no customers."""
    return _PHONES.sub("<number>", _MAILS.sub("<e-mail>", text))


def _add_figures(connection: duckdb.DuckDBPyConnection, record: RunRecord) -> None:
    tables = {
        f"{schema}.{table}"
        for schema, table in connection.execute(
            "select table_schema, table_name from information_schema.tables"
        ).fetchall()
    }
    who = [record.run_id]
    if "raw.runs" in tables:
        found = connection.execute("select as_of from raw.runs where run_id = ?", who).fetchall()
        record.as_of = str(found[0][0]) if found else ""
        if found:
            run = read_run(connection)
            record.computed = f"{run.scope}: {run.scope_reason}"
    if "quality.loads" in tables:
        found = connection.execute(
            "select coalesce(sum(quarantined), 0) from quality.loads where run_id = ?", who
        ).fetchall()
        record.quarantined = int(found[0][0])
    if "quality.results" in tables:
        found = connection.execute(
            "select stage, case when broke then 'broke' when passed then 'passed' "
            "when severity = 'error' then 'failed' else 'warned' end as verdict, count(*) "
            "from quality.results where run_id = ? group by stage, verdict",
            who,
        ).fetchall()
        for stage, verdict, count in found:
            record.checks.setdefault(stage, {})[verdict] = count
        for stops, message in connection.execute(
            "select broke or severity = 'error', message from quality.results "
            "where run_id = ? and not passed order by stage, table_name, expectation",
            who,
        ).fetchall():
            (record.problems if stops else record.warnings).append(redact(message))


def _diary(settings: Settings) -> Path:
    return settings.home / "runs.jsonl"
