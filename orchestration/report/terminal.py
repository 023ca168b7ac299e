"""The scorecard in the terminal. Text of the data goes in as `Text`: no markup of it is obeyed."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from orchestration.report import formats, tables, views
from orchestration.report.page import describe_as_of, describe_changes, headline_sentence
from orchestration.report.reading import Published
from orchestration.report.texts import text

_TONES = {"good": "green", "bad": "red", "flat": "default", "agrees": "green", "differs": "yellow"}
_GRADES = {"sound": "green", "vendor": "yellow", "folklore": "magenta", "unsourced": "red"}


def print_published(published: Published, console: Console, lang: str) -> None:
    heading = f"{text(lang, 'title')}. {text(lang, 'as_of')} {describe_as_of(published, lang)}"
    console.print(Text(heading, style="bold"))
    console.print(Text(headline_sentence(published, lang)))
    if published.figures:
        changes = describe_changes(views.build_cards(published, lang), lang)
        console.print(Text(changes, style="dim"))
    if published.figures:
        console.print()
        console.print(_headlines(published, lang))
        console.print()
        console.print(_benchmarks(published, lang))
        reps = tables.build_grid(published, "rep", lang)
        if reps.lines:
            console.print()
            console.print(Text(f"{text(lang, 'reps')}: {reps.period}", style="bold"))
            console.print(_reps(reps, lang))
    if published.missing:
        names = ", ".join(published.missing)
        console.print(Text(text(lang, "missing_note", tables=names), style="dim"))


def _headlines(published: Published, lang: str) -> Table:
    month = formats.period(published.month, lang)
    running = formats.month_name(published.month.after(), lang)
    table = _table(text(lang, "kpi_column"))
    table.add_column(month, justify="right")
    table.add_column(text(lang, "interval_short"), justify="right")
    table.add_column("")
    table.add_column(text(lang, "change_column"), justify="right")
    table.add_column(f"{running} {text(lang, 'so_far')}", justify="right")
    table.add_column("")
    for card in views.build_cards(published, lang):
        name = Text(card.measure, style="bold")
        if card.told is None:
            table.add_row(name, "", "", "", "", "", Text(text(lang, "no_figure"), style="dim"))
            continue
        if card.told.period != month:
            name.append(f" ({card.told.period})", style="not bold dim")
        table.add_row(
            name,
            Text(card.told.value, style="" if card.told.is_reliable else "dim"),
            Text(card.told.interval, style="dim"),
            Text(card.arrow, style=_TONES[card.tone]),
            Text(card.told.previous, style="dim"),
            Text(card.running.value if card.running else "", style="dim"),
            Text(", ".join(card.told.short_reasons), style="yellow"),
        )
    return table


def _benchmarks(published: Published, lang: str) -> Table:
    table = _table(text(lang, "benchmarks"))
    table.add_column(text(lang, "grade"))
    table.add_column(text(lang, "own_figure"), justify="right")
    table.add_column("")
    table.add_column("")
    for compared in views.build_benchmarks(published, lang):
        table.add_row(
            Text(compared.claim),
            Text(text(lang, compared.grade), style=_GRADES.get(compared.grade, "")),
            Text(compared.own.value if compared.own else ""),
            Text(compared.own.period if compared.own else "", style="dim"),
            Text(compared.short_verdict, style=_TONES.get(compared.tone, "dim")),
        )
    return table


def _reps(grid: tables.Grid, lang: str) -> Table:
    table = _table(text(lang, "rep"))
    for column in grid.short_columns:
        table.add_column(Text(column), justify="right")
    for line in grid.lines:
        cells = [Text(cell.value, style="dim" if cell.is_faint else "") for cell in line.cells]
        table.add_row(Text(line.label), *cells)
    return table


def _table(first: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    table.add_column(first)
    return table
