"""Figures and dates as people read them."""

from datetime import date, datetime

from orchestration.report.periods import Period
from orchestration.report.texts import MONTHS, MONTHS_OF, text

_SIGNS = {"USD": "$", "EUR": "€", "GBP": "£", "RUB": "₽", "JPY": "¥", "CNY": "¥", "INR": "₹"}
_NO_BREAK = "\N{NO-BREAK SPACE}"


def number(value: float, lang: str, digits: int = 0) -> str:
    """1,234.5 or 1 234,5; a minus is a minus."""
    shown = f"{value:,.{digits}f}"
    if lang == "ru":
        shown = shown.replace(",", "\N{NARROW NO-BREAK SPACE}").replace(".", ",")
    return shown.replace("-", "\N{MINUS SIGN}")


def figure(value: float | None, unit: str | None, lang: str) -> str:
    """A value with its unit, to the digits that somebody would say."""
    if value is None:
        return "\N{EM DASH}"
    if unit == "share":
        return text(lang, "percent", n=number(100 * value, lang, _share_digits(value)))
    if unit == "hours":
        return _duration(value, lang)
    if unit == "days":
        return text(lang, "days", n=number(value, lang, _digits(value))).replace(" ", _NO_BREAK)
    if unit == "times":
        return text(lang, "times", n=number(value, lang, 1))
    if unit is not None and len(unit) == 3 and unit.isupper():  # noqa: PLR2004  a currency
        return _money(value, unit, lang)
    return number(value, lang, _digits(value))


def interval(
    low: float | None, high: float | None, unit: str | None, lang: str, *, bare: bool = False
) -> str:
    """Both limits in one unit; nothing where there is no interval."""
    if low is None or high is None:
        return ""
    first, second = figure(low, unit, lang), figure(high, unit, lang)
    if unit == "share":
        percent = text(lang, "percent", n="")
        first = first.removesuffix(percent)
    return f"{first}\N{EN DASH}{second}" if bare else f"{first} {text(lang, 'to')} {second}"


def period(of: Period, lang: str) -> str:
    """May 2026, май 2026; Q2 2026, 2 кв. 2026."""
    if of.grain == "quarter":
        return text(lang, "quarter", n=(of.start.month + 2) // 3, year=of.start.year)
    return f"{MONTHS[lang][of.start.month - 1]} {of.start.year}"


def month_name(of: Period, lang: str) -> str:
    return MONTHS[lang][of.start.month - 1]


def month_initials(of: Period, lang: str) -> str:
    return MONTHS[lang][of.start.month - 1][:3].capitalize()


def day(of: date, lang: str) -> str:
    """30 June 2026."""
    return f"{of.day} {MONTHS_OF[lang][of.month - 1]} {of.year}"


def moment(of: datetime, lang: str) -> str:
    return f"{day(of.date(), lang)}, {of:%H:%M}"


def capitalized(words: str) -> str:
    return words[:1].upper() + words[1:]


def _digits(value: float) -> int:
    """Whole ones from 20 on, none for counts."""
    return 0 if abs(value) >= 20 or value == int(value) else 1  # noqa: PLR2004


def _share_digits(value: float) -> int:
    return 1 if 0 < value < 0.1 or 0.99 < value < 1 else 0  # noqa: PLR2004


def _duration(hours: float, lang: str) -> str:
    if hours < 1:
        shown = text(lang, "minutes", n=number(60 * hours, lang))
    elif hours < 48:  # noqa: PLR2004  people count days from the third on
        shown = text(lang, "hours", n=number(hours, lang, _digits(hours)))
    else:
        shown = text(lang, "days", n=number(hours / 24, lang, _digits(hours / 24)))
    return shown.replace(" ", _NO_BREAK)


def _money(value: float, currency: str, lang: str) -> str:
    sign = _SIGNS.get(currency)
    amount = number(value, lang)
    if lang == "en" and sign:
        return f"{sign}{amount}"
    return f"{amount}{_NO_BREAK}{sign or currency}"
