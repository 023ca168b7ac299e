"""The scorecard for people: in the terminal, and as one HTML page."""

from pathlib import Path

from rich.console import Console

from orchestration.report.page import render_page
from orchestration.report.reading import Published, read_published
from orchestration.report.terminal import print_published

__all__ = ["Published", "print_scorecard", "read_published", "write_report"]


def print_scorecard(published: Published, console: Console, lang: str = "en") -> None:
    """Print the headline figures, what is said elsewhere, and each rep's."""
    print_published(published, console, lang)


def write_report(published: Published, target: Path, lang: str = "en") -> Path:
    """Write the page; a reader sees the old one or the new one, never half of one."""
    page = render_page(published, lang)
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.new")
    draft.write_text(page, encoding="utf-8")
    draft.replace(target)
    return target
