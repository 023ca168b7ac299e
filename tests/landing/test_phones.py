"""CASES.md P: phone numbers as people, systems and spreadsheets write them."""

from pathlib import Path

import pytest

from orchestration.landing import phones, refresh_phone_numbers
from orchestration.landing.phones import parse_numbers
from tests.landing.nights import open_nights


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        pytest.param("8 (495) 123-45-67", ["+74951234567"], id="P01"),
        pytest.param("8 (495) 123-45-67 доб. 123", ["+74951234567"], id="P02-a"),
        pytest.param("8 (495) 123-45-67 доб 123", ["+74951234567"], id="P02-b"),
        pytest.param("+7 495 123 45 67,,123", ["+74951234567"], id="P02-c"),
        pytest.param("+7 495 123 45 67#123", ["+74951234567"], id="P02-d"),
        pytest.param("79161234567", ["+79161234567"], id="P03-a"),
        pytest.param("9161234567", ["+79161234567"], id="P03-b"),
        pytest.param("810 49 30 123456", ["+4930123456"], id="P04"),
        pytest.param("00 44 20 7946 0123", ["+442079460123"], id="P04-00"),
        pytest.param("375291234567", ["+375291234567"], id="P05"),
        pytest.param("112", [], id="P06-a"),
        pytest.param("0500", [], id="P06-b"),
        pytest.param("123", [], id="P06-c"),
        pytest.param("+٧٩١٦١٢٣٤٥٦٧", ["+79161234567"], id="P07-arabic"),
        pytest.param("８９１６１２３４５６７", ["+79161234567"], id="P07-wide"),
        pytest.param("8\u00a0916\u2011123\u201145\u201167", ["+79161234567"], id="P08"),
        pytest.param("\u202e+79161234567\u202c", ["+79161234567"], id="P09"),
        pytest.param(
            "+7 916 123-45-67; +7 916 123-45-68", ["+79161234567", "+79161234568"], id="P10-a"
        ),
        pytest.param("8 916 123 45 67 / 8 916 123 45 67", ["+79161234567"], id="P10-b"),
        pytest.param(
            "8 916 123 45 67, 8 916 123 45 68", ["+79161234567", "+79161234568"], id="P10-c"
        ),
        pytest.param("8916123456O", [], id="P11"),
        pytest.param("79161234567.0", ["+79161234567"], id="P12-a"),
        pytest.param("7.9161234567e10", ["+79161234567"], id="P12-b"),
        pytest.param("12345", [], id="P13"),
        pytest.param("8-800-555-35-35", ["+78005553535"], id="P17"),
        pytest.param("anonymous", [], id="C13-a"),
        pytest.param("", [], id="C13-b"),
        pytest.param("Unknown", [], id="C13-c"),
    ],
)
def test_numbers_in_russia(written: str, wanted: list[str]) -> None:
    assert parse_numbers(written, "RU") == wanted


def test_the_region_says_what_is_not_written(tmp_path: Path) -> None:
    """030 123456 is Berlin in Germany and nothing in Russia; a change of region reads all anew."""
    with open_nights(tmp_path) as nights:
        nights.drop("crm/contacts.csv", "contact_id,phones\nC1,030 123456;+7 916 123-45-67\n")
        nights.land()
        spellings = "select written, e164 from raw.phone_numbers order by written"
        assert refresh_phone_numbers(nights.connection, nights.settings) == 2
        assert [tuple(row.values()) for row in nights.select(spellings)] == [
            ("+7 916 123-45-67", "+79161234567"),
            ("030 123456", None),
        ]
        assert refresh_phone_numbers(nights.connection, nights.settings) == 0
        german = nights.settings.model_copy(update={"phone_region": "de"})
        assert refresh_phone_numbers(nights.connection, german) == 2
        assert [row["e164"] for row in nights.select(spellings)] == ["+79161234567", "+4930123456"]


def test_only_new_spellings_are_read(tmp_path: Path) -> None:
    with open_nights(tmp_path) as nights:
        nights.drop("crm/contacts.csv", "contact_id,phones\nC1,89161234567\nC2,89161234567\n")
        nights.land()
        assert refresh_phone_numbers(nights.connection, nights.settings) == 1
        nights.drop("crm/contacts-2.csv", "contact_id,phones\nC3,89161234567;nothing\n")
        nights.land()
        assert refresh_phone_numbers(nights.connection, nights.settings) == 1


@pytest.mark.parametrize("many", [0, 1_000_000])
def test_all_spellings_are_read_in_however_many_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, many: int
) -> None:
    """A result that is read while DuckDB is asked something else ends there."""
    monkeypatch.setattr(phones, "_MANY", many)
    monkeypatch.setattr(phones, "_PART", 10)
    monkeypatch.setattr(phones, "_BATCH", 3)
    written = [f"8 (495) 123-45-{n}" for n in range(10, 40)] + [
        f"+49 30 1234{n}x" for n in range(9)
    ]
    with open_nights(tmp_path) as nights:
        lines = [f"C{n},{spelling}" for n, spelling in enumerate(written)]
        nights.drop("crm/contacts.csv", "\n".join(["contact_id,phones", *lines, ""]))
        nights.land()
        assert refresh_phone_numbers(nights.connection, nights.settings) == len(written)
        found = nights.select("select written, region, position, e164 from raw.phone_numbers")
    assert sorted(row["written"] for row in found) == sorted(written)
    for row in found:
        number = next(iter(parse_numbers(row["written"], "RU")), None)
        assert (row["region"], row["position"], row["e164"]) == ("RU", 0, number)


def test_rows_of_a_run_that_went_on_are_read(tmp_path: Path) -> None:
    """A second connector, or a second try, lands under the same run; so does one that stopped."""
    with open_nights(tmp_path) as nights:
        for number in range(3):
            nights.drop(
                f"crm/contacts-{number}.csv", f"contact_id,phones\nC{number},+4930{number}\n"
            )
            nights.land()
            nights.count = 0
            if number != 1:
                refresh_phone_numbers(nights.connection, nights.settings)
        assert len(nights.select("select 1 from raw.phone_numbers")) == 3


def test_back_to_a_region_reads_everything(tmp_path: Path) -> None:
    with open_nights(tmp_path) as nights:
        nights.drop("crm/contacts.csv", "contact_id,phones\nC1,030 123456\n")
        nights.land()
        german = nights.settings.model_copy(update={"phone_region": "de"})
        for settings in (nights.settings, german, nights.settings, german):
            assert refresh_phone_numbers(nights.connection, settings) == 1
        (row,) = nights.select("select e164 from raw.phone_numbers")
        assert row["e164"] == "+4930123456"
