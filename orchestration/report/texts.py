"""The report's own words, from texts.toml."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

LANGUAGES = ("en", "ru")


@cache
def load_texts() -> Mapping[str, Mapping[str, str]]:
    """The words, by name and language."""
    return tomllib.loads(Path(__file__).with_name("texts.toml").read_text(encoding="utf-8"))


def text(lang: str, name: str, **values: object) -> str:
    """Words in the language, their `{names}` filled in; an unknown name stands for itself."""
    words = load_texts().get(name)
    return words[lang].format(**values) if words else name


def month_names(lang: str) -> list[str]:
    """January to December, as they stand alone."""
    return text(lang, "months").split()


def month_names_in_dates(lang: str) -> list[str]:
    """As in a date: «1 мая»."""
    return text(lang, "months_in_dates").split()
