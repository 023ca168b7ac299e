"""The scorecard as one HTML page: no script, no network, nothing of the data unescaped."""

from datetime import UTC
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from orchestration.report import formats, tables, views
from orchestration.report.reading import Published
from orchestration.report.texts import text

TEMPLATES = Path(__file__).parent / "templates"
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "base-uri 'none'; form-action 'none'"
)
"""Content-Security-Policy: should anything slip through, the browser runs and fetches nothing."""


def render_page(published: Published, lang: str) -> str:
    """The page of what was read; the same input gives the same page."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("scorecard.html").render(build_context(published, lang))


def build_context(published: Published, lang: str) -> dict[str, Any]:
    has_figures = bool(published.figures)
    cards = views.build_cards(published, lang) if has_figures else []
    return {
        "lang": lang,
        "policy": POLICY,
        "t": partial(text, lang),
        "as_of": describe_as_of(published, lang),
        "month": formats.capitalized(formats.period(published.month, lang)),
        "running_month": formats.month_name(published.month.after(), lang),
        "sentence": headline_sentence(published, lang),
        "has_figures": has_figures,
        "cards": cards,
        "changes": describe_changes(cards, lang),
        "benchmarks": views.build_benchmarks(published, lang) if has_figures else [],
        "grades": ("sound", "vendor", "folklore", "unsourced"),
        "reps": tables.build_grid(published, "rep", lang),
        "sources": tables.build_grid(published, "lead_source", lang),
        "profile": tables.build_profile(published, lang),
        "funnel": tables.build_funnel(published, lang),
        "curve": tables.build_curve(published, lang),
        "hazard": tables.build_hazard(published, lang),
        "items": tables.build_items(published, lang),
        "notes": tables.build_notes(published, lang) if has_figures else [],
        "missing": ", ".join(published.missing),
    }


def describe_as_of(published: Published, lang: str) -> str:
    if published.as_of is None:
        return text(lang, "no_as_of")
    local = published.as_of.replace(tzinfo=UTC).astimezone(ZoneInfo(published.time_zone))
    return f"{formats.moment(local, lang)} ({published.time_zone})"


def headline_sentence(published: Published, lang: str) -> str:
    """The latest whole month in a breath."""
    if not published.figures:
        return text(lang, "nothing_yet")
    said = []
    for kpi, measure, words in (
        ("contact_ratio", "touches_per_contract", "say_touches"),
        ("speed_to_lead", "share_within_1h", "say_speed"),
    ):
        shown = _shown(published, kpi, measure, lang)
        if shown:
            said.append(text(lang, words, value=shown))
    closing = published.headline("closed_deals")
    closed = published.figure(closing, published.month) if closing else None
    if closed and closed.value is not None:
        won = formats.number(closed.numerator or 0, lang)
        of = formats.number(closed.denominator or 0, lang)
        amount = _shown(published, "closed_deals", "won_amount", lang)
        words = "say_closed" if amount else "say_closed_bare"
        said.append(text(lang, words, won=won, closed=of, amount=amount))
    month = formats.capitalized(formats.period(published.month, lang))
    return f"{month}: {'; '.join(said) or text(lang, 'say_nothing')}."


def describe_changes(cards: list[views.Card], lang: str) -> str:
    """What is not as it was the month before, by more than chance makes."""
    changed = views.clear_changes(cards)
    if not any(card.told for card in cards):
        return ""
    if not changed:
        return text(lang, "changed_nothing")
    said = "; ".join(
        f"{card.measure} ({card.told.period}): {card.change}" for card in changed if card.told
    )
    return text(lang, "changed", changes=said)


def _shown(published: Published, kpi: str, measure: str, lang: str) -> str:
    definition = published.measure(kpi, measure)
    figure = published.figure(definition, published.month) if definition else None
    if figure is None or figure.value is None:
        return ""
    return formats.figure(figure.value, figure.unit, lang)
