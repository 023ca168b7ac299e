"""Telephone numbers of every country in spellings of every kind, sound and broken."""

import random
from collections.abc import Iterator

import phonenumbers
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata

_DIGITS = "0123456789"
_MARKS = (" ", "-", ".", "(", ")", "\u00a0", "  ", ") ")
_ENDINGS = (
    " ext 12",
    " доб. 12",
    "доб 1",
    "ext. 1234567",
    " ext 12345678",
    "\u00a0ext 12",
    " ext-12",
    " x12",
    "#12",
    ",,12",
    ".0",
    ".00",
    "-",
)
_NUMBERS = [
    (code, description.example_number)
    for code, regions in COUNTRY_CODE_TO_REGION_CODE.items()
    for region in regions
    if (metadata := PhoneMetadata.metadata_for_region_or_calling_code(code, region))
    for description in (
        metadata.fixed_line,
        metadata.mobile,
        metadata.toll_free,
        metadata.premium_rate,
        metadata.shared_cost,
        metadata.voip,
        metadata.uan,
        metadata.personal_number,
        metadata.pager,
    )
    if description is not None and description.example_number
]
_PREFIXES = sorted(
    {
        metadata.national_prefix
        for region in phonenumbers.SUPPORTED_REGIONS
        if (metadata := PhoneMetadata.metadata_for_region(region, None))
        and metadata.national_prefix
    }
)


def random_spellings(region: str, count: int, chance: random.Random) -> list[str]:
    """Different ones, sorted: half of them as they might be written in the region."""
    spellings: set[str] = set()
    own = phonenumbers.country_code_for_region(region)
    at_home = [number for number in _NUMBERS if number[0] == own]
    prefix = getattr(PhoneMetadata.metadata_for_region(region, None), "national_prefix", None)
    made = _spellings(own, at_home, prefix or "0", chance)
    while len(spellings) < count:
        spellings.add(next(made))
    return sorted(spellings)


def _spellings(
    own: int, at_home: list[tuple[int, str]], prefix: str, chance: random.Random
) -> Iterator[str]:
    while True:
        if chance.random() < 0.1:
            code = chance.choice((own, *COUNTRY_CODE_TO_REGION_CODE))
            number = "".join(chance.choices(_DIGITS, k=chance.randint(3, 14)))
        else:
            code, number = chance.choice(at_home if chance.random() < 0.5 else _NUMBERS)
        number = _changed(number, chance)
        national = chance.choice((prefix, prefix, *_PREFIXES))
        begin = chance.choice(
            (
                *(f"+{code}",) * 5,
                *(f"{code}",) * 2,
                *(national,) * 2,
                "",
                f"00{code}",
                f"810{code}",
                f"011{code}",
                f"+{code}{national}",
                f"+{code} (0)",
                f"+{code}{code}",
                f"{code}{code}",
                f"{national}{code}",
                f"(+{code})",
                f"+0{code}",
                f"+00{code}",
                f"+810{code}",
            )
        )
        yield _spelled(f"{begin}{chance.choice(('', ' '))}{number}", chance)


def _changed(number: str, chance: random.Random) -> str:
    """Up to three digits more, fewer or others, as a slip of the pen makes them."""
    digits = list(number)
    for _ in range(chance.choice((0, 0, 1, 1, 2, 3))):
        place = chance.randrange(len(digits))
        match chance.choice("====+-"):
            case "=":
                digits[place] = chance.choice(_DIGITS)
            case "+":
                digits.insert(place, chance.choice(_DIGITS))
            case _ if len(digits) > 1:
                digits.pop(place)
    return "".join(digits)


def _spelled(text: str, chance: random.Random) -> str:
    marked = "".join(c + (chance.choice(_MARKS) if chance.random() < 0.12 else "") for c in text)
    begin = "(" if chance.random() < 0.05 else ""
    ending = chance.choice(_ENDINGS) if chance.random() < 0.1 else ""
    return f"{begin}{marked}{ending}".strip()
