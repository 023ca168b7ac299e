"""What the command line says after a run, and of the state of things."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from orchestration.assets.release import current_release
from orchestration.home import is_running
from orchestration.nightly import log_file
from orchestration.runs import RunRecord, read_records
from orchestration.settings import Settings
from orchestration.warehouse import open_build

_SHOWN = 20
_WARNINGS_SHOWN = 3


def tell_run(settings: Settings, console: Console, record: RunRecord) -> None:
    """How it ended: the checks, the quarantine, the scorecard or what is wrong, what next."""
    console.print()
    _tell_checks(console, record)
    if record.computed:
        console.print(f"computed: {record.computed}", style="dim", highlight=False)
    if record.quarantined:
        rows = "1 row" if record.quarantined == 1 else f"{record.quarantined:,} rows"
        console.print(f"{rows} went to quarantine: `touchline quarantine list`", style="yellow")
    if record.warnings:
        console.print("warnings, which stop nothing:", style="yellow")
        _tell_lines(console, record.warnings, _WARNINGS_SHOWN, "`touchline status`")
    if record.outcome == "ok":
        _tell_success(settings, console)
    else:
        _tell_failure(settings, console, record)


def tell_status(settings: Settings, console: Console) -> None:
    """The last runs, the release in force, failing checks, quarantine."""
    records = read_records(settings)
    release = current_release(settings)
    if not records:
        console.print("nothing has run yet: `touchline run`")
        return
    running = is_running(settings)
    table = Table(box=None, pad_edge=False, header_style="dim")
    for title in ("run", "started (UTC)", "ended", "as of", "outcome", "checks", "quarantined"):
        table.add_column(title)
    for record in records[-10:]:
        outcome = record.outcome
        if outcome == "running" and not (running and record is records[-1]):
            outcome = "killed"
        table.add_row(
            record.run_id[:8],
            record.started_at,
            record.finished_at[11:],
            record.as_of,
            Text(outcome, style="green" if outcome == "ok" else "red"),
            _tell_verdicts(sum((Counter(c) for c in record.checks.values()), Counter())),
            f"{record.quarantined:,}",
        )
    console.print(table)
    console.print(f"\npublished: {release or 'nothing yet'}", highlight=False)
    if release:
        console.print(f"           {settings.published_file}", soft_wrap=True)
    last = next((r for r in reversed(records) if r.outcome != "running"), None)
    if last is not None and last.warnings:
        console.print(f"\nwarnings of run {last.run_id[:8]}, which stop nothing:", style="yellow")
        _tell_lines(console, last.warnings, _SHOWN, "quality.results")
    if last is not None and last.problems:
        console.print(f"\nwhat run {last.run_id[:8]} stopped at:", style="red")
        _tell_lines(console, last.problems, _SHOWN, "quality.results")
        console.print(f"its log: {log_file(settings, last.run_id)}", soft_wrap=True)


def tell_quarantine(settings: Settings, console: Console) -> None:
    """Counts by where it came from and which rule it broke."""
    with open_build(settings, read_only=True) as connection:
        rows = connection.execute(
            "select connector, entity, file, min(line), rule, count(*), min(quarantined_at) "
            "from quarantine.rows group by connector, entity, file, rule order by all"
        ).fetchall()
    if not rows:
        console.print("quarantine is empty")
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    for title in ("connector", "entity", "file", "first line", "rule", "rows", "since (UTC)"):
        table.add_column(title, justify="right" if title in ("first line", "rows") else "left")
    for connector, entity, file, line, rule, count, since in rows:
        cells = (connector, entity, file, str(line), rule, f"{count:,}", str(since)[:19])
        table.add_row(*(Text(cell) for cell in cells))
    console.print(table)
    console.print(
        "\nput right at the source, they are judged again on the next night; "
        "`touchline quarantine replay` judges them now"
    )


def replay_all(settings: Settings) -> Sequence[Any]:
    """Every row in quarantine, judged again; what comes right is in raw for the next build."""
    import uuid

    from orchestration.landing import replay

    with open_build(settings) as connection:
        return replay(connection, settings, str(uuid.uuid4()))


def tell_counts(console: Console, counts: Sequence[Any]) -> None:
    """What a replay has changed."""
    if not any(count.replayed for count in counts):
        console.print("nothing in quarantine has come right")
        return
    for count in counts:
        if count.replayed:
            console.print(f"{count.connector} {count.entity}: {count.replayed:,} rows came right")
    console.print("`touchline run` builds the marts with them")


def _tell_checks(console: Console, record: RunRecord) -> None:
    if not record.checks:
        return
    order = ("raw", "seeds", "staging", "intermediate", "marts", "published")
    told = Text("checks: ")
    for stage in sorted(record.checks, key=lambda s: order.index(s) if s in order else 99):
        told.append(f"{stage} ", style="dim")
        told.append(_tell_verdicts(record.checks[stage]))
        told.append("  ")
    console.print(told, soft_wrap=True)


def _tell_success(settings: Settings, console: Console) -> None:
    from orchestration.report import print_scorecard, read_published, write_report

    settings.report_file.parent.mkdir(parents=True, exist_ok=True)
    published = read_published(settings.published_file)
    write_report(published, settings.report_file)
    console.print()
    print_scorecard(published, console)
    console.print(
        f"\nThe scorecard as a page:  {settings.report_file}\n"
        f"The warehouse, for SQL:   {settings.published_file}\n"
        "Next: `touchline report --open`, `touchline status`, `touchline dev` for the graph",
        soft_wrap=True,
    )


def _tell_failure(settings: Settings, console: Console, record: RunRecord) -> None:
    what = {
        "bad data": "The data did not pass; nothing was published.",
        "broke": "A step broke; nothing was published.",
        "stopped": "The run was stopped; nothing was published.",
    }
    console.print(what.get(record.outcome, "The run did not end."), style="red bold")
    _tell_lines(console, record.problems, _SHOWN, "quality.results")
    release = current_release(settings)
    console.print(
        f"\nIn force: {f'release {release}' if release else 'nothing has been published yet'}\n"
        f"Its log:  {log_file(settings, record.run_id)}\n"
        "Look at:  quality.results and quality.loads in "
        f"{settings.build_file}; `touchline quarantine list`; `touchline status`",
        soft_wrap=True,
    )


def _tell_lines(console: Console, lines: Sequence[str], most: int, rest: str) -> None:
    for line in lines[:most]:
        console.print(Text(f"  {line}"), soft_wrap=True)
    if len(lines) > most:
        console.print(f"  … and {len(lines) - most} more: {rest}")


def _tell_verdicts(counts: Mapping[str, int]) -> Text:
    """`12 passed, 1 failed`, each in its colour."""
    styles = {"passed": "green", "failed": "red", "broke": "red", "warned": "yellow"}
    known = [(verdict, counts[verdict]) for verdict in styles if counts.get(verdict)]
    parts = [Text(f"{count} {verdict}", style=styles[verdict]) for verdict, count in known]
    return Text(", ").join(parts)
