"""What the page and the terminal say, in words and figures, from what was read."""

from collections.abc import Sequence
from dataclasses import dataclass

from orchestration.report import charts, formats
from orchestration.report.periods import Period, period_of
from orchestration.report.reading import Benchmark, Definition, Figure, Published
from orchestration.report.texts import text

BESIDE = {
    "contact_ratio": ("prospects_per_1000_calls", "contracts_per_1000_calls", "new_contracts"),
    "speed_to_lead": ("share_within_5m", "median_response_hours", "lift_within_1h"),
    "completed_contacts": ("contacts_per_lead", "share_wins_fifth_plus", "gave_up_early_worth"),
    "collateral_usage": ("share_items_used", "share_reengaged", "share_reengaged_without"),
    "closed_deals": ("won_amount", "average_deal", "median_cycle_days"),
}
"""The measures that a card shows beside its headline."""

TREND_MONTHS = 12


@dataclass(frozen=True)
class Told:
    """A figure in words."""

    title: str
    value: str
    has_value: bool = True
    interval: str = ""
    cases: str = ""
    period: str = ""
    is_reliable: bool = True
    reasons: tuple[str, ...] = ()
    short_reasons: tuple[str, ...] = ()
    previous: str = ""


@dataclass(frozen=True)
class Compared:
    """A benchmark beside the company's own figure."""

    claim: str
    source: str
    population: str
    grade: str
    own: Told | None
    verdict: str
    short_verdict: str
    tone: str


@dataclass(frozen=True)
class Card:
    kpi: str
    name: str
    explanation: str
    measure: str
    measure_explanation: str
    is_measured: bool
    told: Told | None
    change: str
    arrow: str
    tone: str
    running: Told | None
    trend: charts.Trend | None
    trend_label: str
    trend_ends: tuple[str, str]
    trend_rule: str
    beside: tuple[Told, ...]
    benchmarks: tuple[Compared, ...]


def title_of(definition: Definition, lang: str) -> str:
    return (definition.title_ru if lang == "ru" else definition.title_en) or definition.measure


def short_title_of(definition: Definition, lang: str) -> str:
    short = definition.short_ru if lang == "ru" else definition.short_en
    return short or title_of(definition, lang)


def explain(definition: Definition, lang: str) -> str:
    return definition.explanation_ru if lang == "ru" else definition.explanation_en


def tell(figure: Figure, definition: Definition, lang: str) -> Told:
    period = Period(figure.period_grain, figure.period_start)
    return Told(
        title=title_of(definition, lang),
        value=formats.figure(figure.value, figure.unit, lang),
        has_value=figure.value is not None,
        interval=formats.interval(figure.low, figure.high, figure.unit, lang),
        cases=_cases(figure, definition, lang),
        period=formats.period(period, lang),
        is_reliable=figure.is_reliable,
        reasons=tuple(text(lang, reason) for reason in figure.reasons),
        short_reasons=tuple(text(lang, f"short {reason}") for reason in figure.reasons),
        previous=formats.figure(figure.previous_value, figure.unit, lang),
    )


def build_cards(published: Published, lang: str) -> list[Card]:
    return [_card(published, kpi, lang) for kpi in published.kpis()]


def _card(published: Published, kpi: Definition, lang: str) -> Card:
    headline = published.headline(kpi.kpi) or kpi
    months = [published.month.before(back) for back in range(TREND_MONTHS - 1, -1, -1)]
    months.append(published.month.after())
    figures = [published.figure(headline, month) for month in months]
    running = figures[-1]
    month = latest_to_tell(published, headline)
    latest = published.figure(headline, month)
    change, arrow, tone = _change(latest, headline, month, lang)
    beside = [published.measure(kpi.kpi, measure) for measure in BESIDE.get(kpi.kpi, ())]
    trend = charts.draw_trend(
        [(f.value, f.low, f.high) if f else (None, None, None) for f in figures],
        settled=months.index(month) + 1,
    )
    return Card(
        kpi=kpi.kpi,
        name=title_of(kpi, lang),
        explanation=explain(kpi, lang),
        measure=title_of(headline, lang),
        measure_explanation=explain(headline, lang),
        is_measured=any(figure.kpi == kpi.kpi for figure in published.figures),
        told=tell(latest, headline, lang) if latest else None,
        change=change,
        arrow=arrow,
        tone=tone,
        running=tell(running, headline, lang) if running else None,
        trend=trend,
        trend_label=_trend_label(headline, months, figures, lang),
        trend_ends=(formats.short_month(months[0], lang), formats.short_month(months[-1], lang)),
        trend_rule=formats.figure(trend.rule_value, _unit(figures), lang) if trend else "",
        beside=tuple(
            tell(figure, definition, lang)
            for definition in beside
            if definition and (figure := published.figure(definition, month))
        ),
        benchmarks=tuple(
            _compare(published, benchmark, lang)
            for benchmark in distinct_benchmarks(published)
            if benchmark.kpi == kpi.kpi
        )[:2],
    )


def latest_to_tell(published: Published, definition: Definition) -> Period:
    """The latest whole month; of what takes its time, the latest that has had it."""
    for back in range(TREND_MONTHS):
        figure = published.figure(definition, published.month.before(back))
        if figure is None and back == 0:
            break
        if figure is not None and "immature cohort" not in figure.reasons:
            return published.month.before(back)
    return published.month


def clear_changes(cards: Sequence[Card]) -> list[Card]:
    """Those whose change is more than chance makes."""
    return [card for card in cards if card.arrow in ("↑", "↓")]


def _unit(figures: Sequence[Figure | None]) -> str | None:
    return next((figure.unit for figure in figures if figure), None)


def distinct_benchmarks(published: Published) -> list[Benchmark]:
    """Where a claim stands beside a period and a cohort, the cohort is the like of it."""
    names = {benchmark.measure for benchmark in published.benchmarks}
    return [b for b in published.benchmarks if f"{b.measure}_cohort" not in names]


def build_benchmarks(published: Published, lang: str) -> list[Compared]:
    return [_compare(published, benchmark, lang) for benchmark in distinct_benchmarks(published)]


def _compare(published: Published, benchmark: Benchmark, lang: str) -> Compared:
    definition = published.measure(benchmark.kpi, benchmark.measure)
    figure = _best_figure(published, benchmark) if definition else None
    verdict = figure.benchmark_verdict if figure else None
    tones = {
        "own data agree": "agrees",
        "own data are lower": "differs",
        "own data are higher": "differs",
    }
    fallback = "can not tell yet" if definition else "not comparable"
    return Compared(
        claim=(benchmark.claim_ru if lang == "ru" else benchmark.claim_en) or benchmark.measure,
        source=benchmark.source,
        population=benchmark.population,
        grade=benchmark.grade,
        own=tell(figure, definition, lang) if figure and definition else None,
        verdict=text(lang, verdict or fallback),
        short_verdict=text(lang, f"short {verdict or fallback}"),
        tone=tones.get(verdict or "", "open"),
    )


def _best_figure(published: Published, benchmark: Benchmark) -> Figure | None:
    """The latest quarter that can be relied on, else the latest that has a figure."""
    latest = period_of("quarter", published.today)
    found = [published.figure(benchmark, latest.before(back)) for back in range(5)]
    figures = [figure for figure in found if figure and figure.value is not None]
    reliable = [figure for figure in figures if figure.is_reliable]
    return next(iter([*reliable, *figures]), None)


def _change(
    figure: Figure | None, definition: Definition, month: Period, lang: str
) -> tuple[str, str, str]:
    """(words, arrow, tone) against the month before; what chance can do is no change."""
    before = formats.period(month.before(), lang)
    if figure is None or figure.value is None:
        return "", "", "flat"
    if figure.previous_value is None:
        return text(lang, "change_unknown", period=before), "", "flat"
    shown = formats.figure(figure.previous_value, figure.unit, lang)
    if shown == formats.figure(figure.value, figure.unit, lang):
        return text(lang, "change_none", period=before, value=shown), "→", "flat"
    if _is_within(figure.previous_value, figure.low, figure.high):
        return text(lang, "change_chance", period=before, value=shown), "≈", "flat"
    is_up = figure.value > figure.previous_value
    words = text(lang, "change_up" if is_up else "change_down", period=before, value=shown)
    if not definition.better_is:
        return words, "↑" if is_up else "↓", "flat"
    is_better = is_up == (definition.better_is == "higher")
    return words, "↑" if is_up else "↓", "good" if is_better else "bad"


def _is_within(value: float, low: float | None, high: float | None) -> bool:
    return low is not None and high is not None and low <= value <= high


def _cases(figure: Figure, definition: Definition, lang: str) -> str:
    if definition.kind == "share" and figure.denominator is not None:
        return text(
            lang,
            "of_cases",
            numerator=formats.number(figure.numerator or 0, lang),
            denominator=formats.number(figure.denominator, lang),
        )
    if definition.kind in ("count", "comparison") or figure.denominator is None:
        return ""
    sample = figure.numerator if definition.kind == "rate" else figure.denominator
    return text(lang, "cases", n=formats.number(sample or 0, lang))


def _trend_label(
    definition: Definition, months: Sequence[Period], figures: Sequence[Figure | None], lang: str
) -> str:
    points = ", ".join(
        f"{formats.period(month, lang)} "
        + (
            formats.figure(f.value, f.unit, lang)
            if f and f.value is not None
            else text(lang, "no_value")
        )
        for month, f in zip(months, figures, strict=True)
    )
    return text(lang, "trend_label", title=title_of(definition, lang), points=points)
