"""From the text of a cell to a value. A text that is no such value raises `BadCellError`."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

import phonenumbers

if TYPE_CHECKING:
    from collections.abc import Callable
    from zoneinfo import ZoneInfo

TRUE_TEXTS = frozenset({"true", "t", "yes", "y", "1"})
FALSE_TEXTS = frozenset({"false", "f", "no", "n", "0"})


class BadCellError(ValueError):
    """The cell breaks the contract, so its row goes to quarantine."""


def parse_time(text: str, zone: ZoneInfo) -> datetime:
    """ISO 8601 to naive UTC; a time without a zone is one of the declared zone."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadCellError(f"no time: {text!r}") from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    return moment.astimezone(UTC).replace(tzinfo=None)


def parse_date(text: str) -> date:
    try:
        return date.fromisoformat(text[:10])
    except ValueError as error:
        raise BadCellError(f"no date: {text!r}") from error


def parse_number(text: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation as error:
        raise BadCellError(f"no number: {text!r}") from error
    if not number.is_finite():
        raise BadCellError(f"no number: {text!r}")
    return number


def parse_flag(text: str) -> bool:
    lowered = text.lower()
    if lowered in TRUE_TEXTS:
        return True
    if lowered in FALSE_TEXTS:
        return False
    raise BadCellError(f"neither true nor false: {text!r}")


def parse_list(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(";") if part.strip())


def one_of(*allowed: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text.lower() not in allowed:
            raise BadCellError(f"{text!r} is none of {allowed}")
        return text.lower()

    return parse


def parse_email(text: str | None) -> str | None:
    """The form in which addresses are compared."""
    cleaned = (text or "").strip().lower()
    return cleaned or None


def parse_phone(text: str | None, region: str) -> str | None:
    """E.164 of the number, or None where libphonenumber calls it no valid one."""
    if not text:
        return None
    plain = unicodedata.normalize("NFKC", text)
    plain = "".join(sign for sign in plain if unicodedata.category(sign) != "Cf").strip()
    digits = re.sub(r"[\s().\-\u2010-\u2015]", "", plain)
    tries = [plain]
    if digits.isdigit():
        tries += ["+" + digits.removeprefix("00")]
    for candidate in tries:
        number = _valid_e164(candidate, region)
        if number is not None:
            return number
    return None


def _valid_e164(text: str, region: str) -> str | None:
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
