"""The scorecard for people: in the terminal, and as one HTML page."""

from pathlib import Path

from rich.console import Console

from orchestration.report.page import render_page
from orchestration.report.reading import read_published
from orchestration.report.terminal import print_published


def print_scorecard(published: Path, console: Console, lang: str = "en") -> None:
    """Print the headline figures, what is said elsewhere, and each rep's."""
    print_published(read_published(published), console, lang)


def write_report(published: Path, target: Path, lang: str = "en") -> Path:
    """Write the page; a reader sees the old one or the new one, never half of one."""
    page = render_page(read_published(published), lang)
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.new")
    draft.write_text(page, encoding="utf-8")
    draft.replace(target)
    return target
