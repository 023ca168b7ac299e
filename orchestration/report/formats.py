"""Figures and dates as people read them."""

from datetime import date, datetime

from orchestration.report.periods import Period
from orchestration.report.texts import month_names, month_names_in_dates, text

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
    match unit:
        case "share":
            shown = text(lang, "percent", n=number(100 * value, lang, _share_digits(value)))
        case "hours":
            shown = _duration(value, lang)
        case "days":
            shown = text(lang, "days", n=number(value, lang, _digits(value)))
        case "times":
            shown = text(lang, "times", n=number(value, lang, 1))
        case str() if len(unit) == 3 and unit.isupper():  # noqa: PLR2004  a currency
            shown = _money(value, unit, lang)
        case _:
            shown = number(value, lang, _digits(value))
    return shown.replace(" ", _NO_BREAK)


def interval(
    low: float | None, high: float | None, unit: str | None, lang: str, *, bare: bool = False
) -> str:
    """Both limits in one unit; nothing where there is no interval."""
    if low is None or high is None:
        return ""
    first, second = figure(low, unit, lang), figure(high, unit, lang)
    # «13 to 19 h», as people say it.
    _, shared = _split_unit(second)
    if shared and _split_unit(first)[1] == shared:
        first = first.removesuffix(shared)
    return f"{first}\N{EN DASH}{second}" if bare else f"{first}{text(lang, 'to')}{second}"


def period(of: Period, lang: str) -> str:
    """May 2026, май 2026; Q2 2026, 2 кв. 2026."""
    if of.grain == "quarter":
        return text(lang, "quarter", n=(of.start.month + 2) // 3, year=of.start.year)
    return f"{month_names(lang)[of.start.month - 1]} {of.start.year}"


def month_name(of: Period, lang: str) -> str:
    return month_names(lang)[of.start.month - 1]


def day(of: date, lang: str) -> str:
    """30 June 2026."""
    return f"{of.day} {month_names_in_dates(lang)[of.month - 1]} {of.year}"


def short_day(of: date, lang: str) -> str:
    """30 Jun 2026, 30.06.2026."""
    return (
        f"{of:%d.%m.%Y}"
        if lang == "ru"
        else f"{of.day} {month_names(lang)[of.month - 1][:3]} {of.year}"
    )


def short_month(of: Period, lang: str) -> str:
    """Jun 2026, июн 2026."""
    return f"{month_names(lang)[of.start.month - 1][:3]} {of.start.year}"


def moment(of: datetime, lang: str) -> str:
    return f"{day(of.date(), lang)}, {of:%H:%M}"


def capitalized(words: str) -> str:
    return words[:1].upper() + words[1:]


def _split_unit(shown: str) -> tuple[str, str]:
    """«19.4 h» -> («19.4», « h»)."""
    end = max((i for i, character in enumerate(shown) if character.isdigit()), default=-1) + 1
    return shown[:end], shown[end:]


def _digits(value: float) -> int:
    """Whole ones from 20 on, none for counts."""
    return 0 if abs(value) >= 20 or value == int(value) else 1  # noqa: PLR2004


def _share_digits(value: float) -> int:
    return 1 if 0 < value < 0.1 or 0.99 < value < 1 else 0  # noqa: PLR2004


def _duration(hours: float, lang: str) -> str:
    if hours < 1:
        return text(lang, "minutes", n=number(60 * hours, lang))
    if hours < 48:  # noqa: PLR2004  people count days from the third on
        return text(lang, "hours", n=number(hours, lang, _digits(hours)))
    return text(lang, "days", n=number(hours / 24, lang, _digits(hours / 24)))


def _money(value: float, currency: str, lang: str) -> str:
    sign = _SIGNS.get(currency)
    amount = number(value, lang)
    if lang == "en" and sign:
        minus = "\N{MINUS SIGN}"
        return f"{minus if value < 0 else ''}{sign}{amount.removeprefix(minus)}"
    return f"{amount}{_NO_BREAK}{sign or currency}"
