"""What DuckDB makes of plain spellings is what libphonenumber makes of them, number by number.

`TOUCHLINE_TEST_SPELLINGS=5000` tries more than the suite's few, and every region.
"""

import os
import random
from collections.abc import Iterator

import duckdb
import phonenumbers
import pytest

from orchestration.landing import phone_spellings
from orchestration.landing.phone_spellings import read_plain_spellings
from orchestration.landing.phones import parse_numbers
from tests.landing.spellings import random_spellings

_MANY = int(os.environ.get("TOUCHLINE_TEST_SPELLINGS", "0"))
# A trunk prefix of each kind: one digit, none, zeros that stay, several, rewritten by a rule, two
# digits of which one is the country code; codes that several regions share.
_REGIONS = (
    sorted(phonenumbers.SUPPORTED_REGIONS)
    if _MANY
    else ["RU", "KZ", "US", "GB", "IT", "AU", "BR", "AR", "HU", "LT"]
)


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        opened.execute("create schema raw")
        opened.execute(
            "create table raw.phone_numbers "
            "(written varchar, region varchar, position integer, e164 varchar)"
        )
        yield opened


def read(
    connection: duckdb.DuckDBPyConnection, spellings: list[str], region: str
) -> tuple[dict[str, str | None], set[str]]:
    """(what was read, what is left to libphonenumber)."""
    connection.execute(
        "create or replace table spelled as select unnest(?) as written", [spellings]
    )
    read_plain_spellings(connection, "select written from spelled", region)
    found = connection.execute("select written, e164 from raw.phone_numbers").fetchall()
    odd = connection.execute("select written from odd_spellings").fetchall()
    assert len(found) + len(odd) == len(spellings)
    return dict(found), {written for (written,) in odd}


@pytest.mark.parametrize("region", _REGIONS)
def test_as_libphonenumber_says(
    connection: duckdb.DuckDBPyConnection, region: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(phone_spellings, "_FEW", 0)
    spellings = random_spellings(region, _MANY or 1_500, random.Random(f"{region} {_MANY}"))
    found, odd = read(connection, spellings, region)
    assert set(found) | odd == set(spellings)
    for written, e164 in found.items():
        assert parse_numbers(written, region) == ([e164] if e164 else []), repr(written)
    assert len(found) > 0.6 * len(spellings)
    assert sum(e164 is not None for e164 in found.values()) > 0.1 * len(spellings)


@pytest.mark.parametrize(
    ("region", "written", "wanted"),
    [
        ("RU", "8 (495) 123-45-67", "+74951234567"),
        ("RU", "8 (812) 123-45-67", "+78121234567"),
        ("RU", "+7 812 123 45 67", "+78121234567"),
        ("RU", "+7 8 (495) 123-45-67", "+74951234567"),
        ("RU", "8 (495) 123-45-67 доб. 12", "+74951234567"),
        ("RU", "375291234567", "+375291234567"),
        ("RU", "0044 20 7946 0123", "+442079460123"),
        ("RU", "81049301234567", "+49301234567"),
        ("RU", "+44 (0)20 7946 0123", "+442079460123"),
        ("RU", "+39 06 698 12345", "+390669812345"),
        ("RU", "+800 1234 5678", "+80012345678"),
        ("RU", "+1.202.555.0116", "+12025550116"),
        ("RU", "+1 (268) 464-1234", "+12684641234"),
        ("RU", "+7 701 123 4567", "+77011234567"),
        ("RU", "8 (916) 123-45-6", None),
        ("RU", "+999 123 456 789", "odd"),
        ("RU", "+81 045 123", "odd"),
        ("RU", "79161234567.0", "odd"),
        ("RU", "8 916 123 45 67, 8 916 123 45 68", "odd"),
        ("RU", "112", "odd"),
        ("GB", "020 7946 0123", "+442079460123"),
        ("GB", "00 7 916 123-45-67", "+79161234567"),
        ("US", "(202) 555-0116", "+12025550116"),
        ("US", "1-202-555-0116 ext 12", "+12025550116"),
        ("AR", "011 15 2345-6789", "odd"),
        ("ZZ", "+7 916 123-45-67", "+79161234567"),
        ("ZZ", "8 916 123-45-67", "odd"),
    ],
)
def test_spellings(
    connection: duckdb.DuckDBPyConnection,
    region: str,
    written: str,
    wanted: str | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(phone_spellings, "_FEW", 0)
    found, odd = read(connection, [written], region)
    assert (found, odd) == (({}, {written}) if wanted == "odd" else ({written: wanted}, set()))
    if wanted != "odd":
        assert parse_numbers(written, region) == ([wanted] if wanted else [])


def test_rare_codes_are_left_to_libphonenumber(connection: duckdb.DuckDBPyConnection) -> None:
    rare = "+39 06 698 12345"
    found, odd = read(connection, [f"+7 495 123-45-{n}" for n in range(10, 70)] + [rare], "RU")
    assert (len(found), odd) == (60, {rare})
