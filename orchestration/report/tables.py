"""The tables and curves below the cards."""

from dataclasses import dataclass
from typing import Any

from orchestration.report import charts, formats
from orchestration.report.periods import Period
from orchestration.report.reading import Definition, Figure, Published, Row
from orchestration.report.texts import text
from orchestration.report.views import short_title_of, title_of

EXTRA = (("closed_deals", "won_amount"),)
"""Columns of the tables by rep and source, after the five headlines."""
FUNNEL_STEPS = ("lead", "prospect", "opportunity")
HAZARD_CONTACTS = 8
ITEMS_SHOWN = 10


@dataclass(frozen=True)
class Cell:
    value: str
    cases: str
    is_faint: bool


@dataclass(frozen=True)
class Line:
    label: str
    note: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Grid:
    """A table of figures: a line a rep or source."""

    columns: tuple[str, ...]
    short_columns: tuple[str, ...]
    lines: tuple[Line, ...]
    period: str


@dataclass(frozen=True)
class Side:
    """How a rep opens, or closes."""

    rate: str
    label: str
    verdict: str
    tone: str
    whisker: charts.Whisker


def build_grid(published: Published, scope: str, lang: str) -> Grid:
    """Everybody's figures of the quarter."""
    headlines = [published.headline(kpi.kpi) for kpi in published.kpis()]
    extra = [published.measure(*name) for name in EXTRA]
    columns = [definition for definition in [*headlines, *extra] if definition is not None]
    teams = {row["rep_id"]: row["team"] for row in published.reps}
    lines = [
        Line(
            label=text(lang, "unknown") if value == "unknown" else label,
            note=(teams.get(value) or "") if scope == "rep" else "",
            cells=tuple(
                _cell(published.figure(column, published.quarter, scope, value), column, lang)
                for column in columns
            ),
        )
        for value, label in sorted(
            published.members(scope), key=lambda member: member[0] == "unknown"
        )
    ]
    return Grid(
        columns=tuple(title_of(column, lang) for column in columns),
        short_columns=tuple(short_title_of(column, lang) for column in columns),
        lines=tuple(sorted(lines, key=lambda line: (not line.note, line.note))),
        period=quarter_words(published, lang),
    )


def quarter_words(published: Published, lang: str) -> str:
    """The quarter shown, and until when, where it is not over."""
    words = formats.period(published.quarter, lang)
    if published.quarter.after().start <= published.today:
        return words
    return text(lang, "until", period=words, day=formats.day(published.today, lang))


def _cell(figure: Figure | None, definition: Definition, lang: str) -> Cell:
    if figure is None or figure.value is None:
        return Cell(formats.figure(None, None, lang), "", is_faint=True)
    bare = formats.interval(figure.low, figure.high, figure.unit, lang, bare=True)
    return Cell(
        value=formats.figure(figure.value, figure.unit, lang),
        cases=bare if definition.kind == "share" else "",
        is_faint="small sample" in figure.reasons,
    )


def build_profile(published: Published, lang: str) -> list[dict[str, Any]]:
    """A line a rep with both sides; whoever opens well and closes badly is seen."""
    sides: dict[str, dict[str, Side]] = {"opener": {}, "closer": {}}
    for side, told in sides.items():
        rows = [
            row
            for row in published.profile
            if row["side"] == side and row["observed_rate"] is not None
        ]
        whiskers = charts.draw_whiskers(
            (
                row["observed_low"],
                row["observed_rate"],
                row["observed_high"],
                row["expected_rate"] or 0.0,
            )
            for row in rows
        )
        for row, whisker in zip(rows, whiskers, strict=True):
            told[row["rep_id"]] = _side(row, whisker, lang)
    labels = {row["rep_id"]: str(row["label"]) for row in published.profile}
    return [
        {"label": label, **{side: told.get(rep_id) for side, told in sides.items()}}
        for rep_id, label in sorted(labels.items(), key=lambda one: (one[1].casefold(), one[0]))
    ]


def _side(row: Row, whisker: charts.Whisker, lang: str) -> Side:
    rate, low, high, expected = (
        formats.figure(row[name], "share", lang)
        for name in ("observed_rate", "observed_low", "observed_high", "expected_rate")
    )
    tones = {"strong": "good", "weak": "bad"}
    return Side(
        rate=rate,
        label=text(lang, "profile_label", rate=rate, low=low, high=high, expected=expected),
        verdict=text(lang, row["verdict"]),
        tone=tones.get(row["verdict"], "flat"),
        whisker=whisker,
    )


def build_funnel(published: Published, lang: str) -> dict[str, Any] | None:
    """The cohort of the quarter before the one shown: later ones still move."""
    cohort = Period("quarter", published.quarter.start).before()
    rows = {row["step"]: row for row in published.funnel if row["period_start"] == cohort.start}
    if not rows:
        return None
    top = max(row["entered"] for row in rows.values())
    steps = [
        {
            "title": text(lang, step),
            "width": round(100 * row["entered"] / top, 1) if top else 0,
            **{name: formats.number(row[name], lang) for name in _FUNNEL_COUNTS},
            "conversion": formats.figure(row["conversion"], "share", lang),
            "interval": formats.interval(
                row.get("conversion_low"), row.get("conversion_high"), "share", lang, bare=True
            ),
            "median_days": formats.figure(row["median_days"], "number", lang),
        }
        for step in FUNNEL_STEPS
        if (row := rows.get(step))
    ]
    return {"steps": steps, "period": formats.period(cohort, lang)}


_FUNNEL_COUNTS = ("entered", "went_on", "lost", "still_there")


def build_curve(published: Published, lang: str) -> dict[str, Any] | None:
    answered = [(row["hours"], 1 - row["still_waiting"]) for row in published.curve]
    chart = charts.draw_curve(answered)
    if chart is None:
        return None
    points = [
        (label, formats.figure(share, "share", lang))
        for label, share in charts.answered_by(answered)
    ]
    said = ", ".join(f"{label} {share}" for label, share in points)
    y_ticks = [(y, formats.figure(share, "share", lang)) for y, share in chart.y_ticks]
    return {
        "chart": chart,
        "y_ticks": y_ticks,
        "points": points,
        "label": text(lang, "curve_label", points=said),
    }


def build_hazard(published: Published, lang: str) -> list[dict[str, Any]]:
    rows = published.hazard[:HAZARD_CONTACTS]
    top = max((row["chance_later"] or 0.0 for row in rows), default=0.0)
    top = max([top, *(row["chance_at"] or 0.0 for row in rows)]) or 1.0
    return [
        {
            "contact": formats.number(row["contact_number"], lang),
            **{
                name: formats.number(row[name], lang)
                for name in ("reached", "won_at", "went_on", "gave_up_after", "still_open")
            },
            "chance_at": formats.figure(row["chance_at"], "share", lang),
            "chance_later": formats.figure(row["chance_later"], "share", lang),
            "at_width": round(100 * (row["chance_at"] or 0.0) / top, 1),
            "later_width": round(100 * (row["chance_later"] or 0.0) / top, 1),
        }
        for row in rows
    ]


def build_items(published: Published, lang: str) -> dict[str, Any] | None:
    in_force = [row for row in published.items if row["is_in_force"]]
    if not in_force:
        return None
    forgotten = sum(bool(row["is_forgotten"]) for row in in_force)
    return {
        "note": text(lang, "items_note", forgotten=forgotten, in_force=len(in_force)),
        "rows": [
            {
                "title": row["title"],
                **{
                    name: formats.number(row[name], lang)
                    for name in ("sends", "reps", "leads", "wins_after")
                },
                "last_sent": formats.short_day(row["last_sent_at"], lang)
                if row["last_sent_at"]
                else text(lang, "never"),
            }
            for row in in_force[:ITEMS_SHOWN]
        ],
    }


def build_notes(published: Published, lang: str) -> list[str]:
    """What is known to be missing in the figures."""
    counts = published.notes
    told = []
    if unmatched := counts.get("touches_unmatched"):
        share = formats.figure(unmatched / counts["touches"], "share", lang)
        told.append(_note("quality_matched", unmatched, counts["touches"], lang, share=share))
    for name, counted, whole in (
        ("quality_amount", "won_without_amount", "won"),
        ("quality_rate", "won_without_rate", "won"),
        ("quality_excluded", "leads_excluded", "leads"),
    ):
        if counts.get(counted):
            told.append(_note(name, counts[counted], counts[whole], lang))
    return told or [text(lang, "quality_fine")]


def _note(name: str, part: int, whole: int, lang: str, **more: str) -> str:
    return text(lang, name, n=formats.number(part, lang), all=formats.number(whole, lang), **more)
