"""The page: nothing gets in, nothing is fetched, and what is missing is said."""

import io
import re
from html.parser import HTMLParser
from pathlib import Path

import duckdb
import pytest
from rich.console import Console

from orchestration.report import print_scorecard, read_published, write_report
from orchestration.report.texts import LANGUAGES, load_texts
from tests.kpis.published import PAYLOADS, empty_everything, name_everything, publish

ALLOWED_ATTRIBUTES = {
    "aria-hidden", "aria-label", "charset", "class", "colspan", "content", "cx", "cy", "d",
    "height", "http-equiv", "lang", "name", "preserveaspectratio", "r", "role", "scope", "style",
    "tabindex", "text-anchor", "viewbox", "width", "x", "x1", "x2", "y", "y1", "y2",
}  # fmt: skip
HARMLESS = tuple(f"Somebody {number}" for number in range(len(PAYLOADS)))


class Structure(HTMLParser):
    """The tags and attributes that a browser sees, without any text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.text: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def page_of(path: Path, lang: str = "en") -> str:
    return write_report(read_published(path), path.with_suffix(".html"), lang).read_text(
        encoding="utf-8"
    )


def printed(path: Path, lang: str = "en") -> str:
    stream = io.StringIO()
    print_scorecard(
        read_published(path), Console(file=stream, width=200, force_terminal=True), lang
    )
    return stream.getvalue()


@pytest.mark.parametrize("lang", LANGUAGES)
def test_nothing_of_the_data_becomes_a_tag(tmp_path: Path, lang: str) -> None:
    """Twenty payloads as reps, teams, sources, items: the page has the tags of harmless names."""
    attacked = page_of(publish(tmp_path / "bad.duckdb", name_everything(PAYLOADS)), lang)
    harmless = page_of(publish(tmp_path / "good.duckdb", name_everything(HARMLESS)), lang)
    seen, expected = Structure(attacked), Structure(harmless)
    assert sorted(seen.tags) == sorted(expected.tags)
    assert "script" not in seen.tags
    assert seen.attributes <= ALLOWED_ATTRIBUTES
    text = "".join(seen.text)
    for payload in PAYLOADS[:-1]:
        assert text.count(payload) >= 4, payload


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_terminal_obeys_no_name(tmp_path: Path, lang: str) -> None:
    told = printed(publish(tmp_path / "bad.duckdb", name_everything(PAYLOADS)), lang)
    assert "\x1b[2J" not in told
    assert "\x07" not in told
    assert "[red]x[/red]" in told
    assert "\u202e" not in told


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_page_needs_nothing_from_elsewhere(tmp_path: Path, lang: str) -> None:
    page = page_of(publish(tmp_path / "a.duckdb"), lang)
    assert not re.search(r"https?:|//[a-z]|@import|url\(|<script|<link|<img| src=| href=", page)
    assert "default-src &#39;none&#39;" in page
    assert page.index("Content-Security-Policy") < page.index("<style>")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_same_data_give_the_same_page(tmp_path: Path, lang: str) -> None:
    pages = {page_of(publish(tmp_path / name), lang) for name in ("a.duckdb", "b.duckdb")}
    assert len(pages) == 1


@pytest.mark.parametrize("lang", LANGUAGES)
def test_an_empty_company_is_told_so(tmp_path: Path, lang: str) -> None:
    path = empty_everything(tmp_path / "a.duckdb")
    for told in (page_of(path, lang), printed(path, lang)):
        said = load_texts()["nothing_yet"][lang]
        assert said.split(".")[0] in " ".join(told.split())


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_bare_file_is_enough(tmp_path: Path, lang: str) -> None:
    path = tmp_path / "bare.duckdb"
    duckdb.connect(str(path)).close()
    page = page_of(path, lang)
    assert "kpi_scorecard" in page
    assert printed(path, lang)


def tables() -> list[str]:
    return [
        "marts.kpi_scorecard", "marts.kpi_speed_to_lead_curve", "marts.kpi_touch_hazard",
        "marts.kpi_funnel", "marts.kpi_rep_profile", "marts.kpi_collateral_items",
        "marts.dim_reps", "marts.fct_deals", "marts.fct_touches", "marts.fct_leads",
        "reference.kpi_definitions", "reference.kpi_benchmarks", "reference.release",
    ]  # fmt: skip


@pytest.mark.parametrize("table", tables())
def test_a_table_that_is_not_there_is_said_to_be_missing(tmp_path: Path, table: str) -> None:
    path = publish(tmp_path / "a.duckdb", [f"drop table {table}"])
    page, told = page_of(path), printed(path)
    name = table.split(".")[1]
    if name.startswith("kpi_") and table.startswith("marts"):
        assert f"left out: {name}" in page
        assert name in told


def test_kpis_that_are_not_measured_yet_say_so(tmp_path: Path) -> None:
    emptied = "delete from marts.kpi_scorecard where kpi in ('closed_deals', 'collateral_usage')"
    said = load_texts()["no_kpi"]["en"]
    assert page_of(publish(tmp_path / "a.duckdb")).count(said) == 0
    assert page_of(publish(tmp_path / "b.duckdb", [emptied])).count(said) == 2


def test_five_cards_with_their_interval_trend_and_benchmark(tmp_path: Path) -> None:
    page = page_of(publish(tmp_path / "a.duckdb"))
    assert page.count('<article class="card">') == 5
    for title in (
        "Contact ratio", "Speed to lead", "Completed contacts", "Use of collateral", "Closed deals",
    ):  # fmt: skip
        assert f"<h2>{title}</h2>" in page
    for grade in ("sound", "folklore", "unsourced"):
        assert f'class="badge {grade}"' in page
    assert 'role="img" aria-label="' in page


def test_russian_titles_come_from_the_definitions(tmp_path: Path) -> None:
    page = page_of(publish(tmp_path / "a.duckdb"), "ru")
    assert '<html lang="ru">' in page
    for title in ("Контакты и контракты", "Скорость ответа на заявку", "Закрытые сделки"):
        assert title in page
    assert "Answered" not in page
    assert "Sales scorecard" not in page


def test_every_text_is_there_in_both_languages_with_the_same_places() -> None:
    for name, words in load_texts().items():
        assert set(words) == set(LANGUAGES), name
        places = {lang: set(re.findall(r"{\w+}", words[lang])) for lang in LANGUAGES}
        assert places["en"] == places["ru"], name


def test_a_report_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    path = publish(tmp_path / "a.duckdb")
    target = tmp_path / "report" / "scorecard.html"
    assert write_report(read_published(path), target) == target
    assert [file.name for file in target.parent.iterdir()] == ["scorecard.html"]
