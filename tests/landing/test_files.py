# Longer than most: each case stands with its rows and its reckoning.

"""What becomes of a file (CASES.md: E, J): its encoding, its lines, its header, its format."""

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.landing import LandingError
from tests.landing.nights import REQUIRED, Nights, open_nights

HEADER = "contact_id,full_name,phones"


def names(nights: Nights) -> list[tuple[str, str, int]]:
    return [
        (row["contact_id"].removeprefix("files:"), row["full_name"], row["_line"])
        for row in nights.raw("crm/contacts")
    ]


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [
        pytest.param("windows-1251", "windows-1251", id="E01"),
        pytest.param("utf-8-sig", "utf-8", id="E03"),
        pytest.param("utf-16", "utf-16", id="E04"),
        pytest.param("utf-8", "utf-8", id="utf-8"),
    ],
)
def test_encodings(tmp_path: Path, encoding: str, declared: str) -> None:
    text = f"{HEADER}\nC1,ООО Ромашка,\nC2,Иван,\n"
    with open_nights(tmp_path, {"encoding": declared}) as nights:
        nights.drop("crm/contacts.csv", text.encode(encoding))
        nights.land()
        assert names(nights) == [("C1", "ООО Ромашка", 2), ("C2", "Иван", 3)]


def test_another_encoding_than_the_declared_one_stops(nights: Nights) -> None:
    """E02: never 0 rows without a word."""
    nights.drop("crm/contacts.csv", f"{HEADER}\nC1,ООО Ромашка,\n".encode("windows-1251"))
    with pytest.raises(LandingError, match=r"crm/contacts\.csv: can't be read"):
        nights.land()
    assert names(nights) == []


@pytest.mark.parametrize(
    "ends", [("\n", "\n"), ("\r\n", "\r\n"), ("\r", "\r"), ("\r\n", "\n"), ("\n", "")]
)
def test_ends_of_lines(nights: Nights, ends: tuple[str, str]) -> None:
    """E11: each kind, mixed, and none after the last."""
    first, second = ends
    nights.drop("crm/contacts.csv", f"{HEADER}{first}C1,Ann,{second or first}C2,Bob,{second}")
    nights.land()
    assert names(nights) == [("C1", "Ann", 2), ("C2", "Bob", 3)]


def test_quotes_and_newlines_in_cells(nights: Nights) -> None:
    """E05: a row's line is the one that it begins on."""
    nights.drop(
        "crm/contacts.csv",
        f'{HEADER}\nC1,"Ann, ""the"" Lee",\nC2,"two\nlines","8 (495) 123-45-67"\nC3,Cyd,\n',
    )
    nights.land()
    assert names(nights) == [("C1", 'Ann, "the" Lee', 2), ("C2", "two\nlines", 3), ("C3", "Cyd", 5)]


def test_a_broken_row_behind_a_long_one_is_told_by_its_line(nights: Nights) -> None:
    nights.drop("crm/contacts.csv", f'{HEADER}\nC1,"two\nlines",\n,nobody,\n')
    nights.land()
    (broken,) = nights.quarantine()
    assert (broken["rule"], broken["line"]) == ("no_key:contact_id", 4)


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param('C2,"ООО "Ромашка"",', id="E06"),
        pytest.param("C2,Bob,1,2", id="E08-many"),
        pytest.param("C2,Bob", id="E08-few"),
    ],
)
def test_a_line_that_is_no_row_goes_aside(nights: Nights, bad: str) -> None:
    """Those behind it keep their numbers, and it is there as it came."""
    nights.drop("crm/contacts.csv", f"{HEADER}\nC1,Ann,\n{bad}\nC3,Cyd,\n")
    counts = nights.land()
    assert names(nights) == [("C1", "Ann", 2), ("C3", "Cyd", 4)]
    (broken,) = nights.quarantine()
    assert (broken["rule"], broken["file"], broken["line"]) == (
        "unreadable_line",
        "crm/contacts.csv",
        3,
    )
    assert bad in broken["record"]
    assert (counts["crm/contacts"].rows_in, counts["crm/contacts"].quarantined) == (3, 1)


@pytest.mark.parametrize(("start", "end"), [("", "\n"), ("\ufeff", "\n"), ("", "\r\n"), ("", "\r")])
def test_lines_among_long_rows(nights: Nights, start: str, end: str) -> None:
    """Rows of two lines before and behind lines that are no rows."""
    lines = [
        HEADER,
        'C1,"two',
        'lines",',
        "C2,Bob",
        "C3,Cyd,",
        'C4,"two',
        'lines",',
        "C5",
        "C6,Dan,",
        "",
    ]
    nights.drop("crm/contacts.csv", start + end.join(lines))
    nights.land()
    assert [(key, line) for key, _, line in names(nights)] == [
        ("C1", 2),
        ("C3", 5),
        ("C4", 6),
        ("C6", 9),
    ]
    assert [row["line"] for row in nights.quarantine()] == [4, 8]


def test_a_last_line_that_was_cut_off_goes_aside(nights: Nights) -> None:
    """E09."""
    nights.drop("crm/contacts.csv", f'{HEADER}\nC1,Ann,\nC2,"Bo')
    nights.land()
    assert names(nights) == [("C1", "Ann", 2)]
    assert [row["rule"] for row in nights.quarantine()] == ["unreadable_line"]


def test_nuls_are_taken_out(nights: Nights) -> None:
    """E07."""
    nights.drop("crm/contacts.csv", f"{HEADER}\nC1,A\0nn,\n")
    nights.land()
    assert names(nights) == [("C1", "Ann", 2)]


def test_a_long_cell(nights: Nights) -> None:
    """E12: a megabyte of text in one cell, and the row behind it."""
    nights.drop("crm/contacts.csv", f"{HEADER}\nC1,{'x' * 1_000_000},\nC2,Bob,\n")
    nights.land()
    assert [len(name) for _, name, _ in names(nights)] == [1_000_000, 3]


@pytest.mark.parametrize(
    ("header", "told"),
    [
        pytest.param("contact_id,phones,Phones", "'phones' stands twice", id="E15"),
        pytest.param("contact_id,phones,phones", "'phones' stands twice", id="E13"),
        pytest.param("full_name,phones,emails", "'contact_id' must be there", id="J08"),
        pytest.param("номер,имя,телефоны", "'contact_id' must be there", id="E14"),
    ],
)
def test_a_header_that_breaks_the_contract_stops(nights: Nights, header: str, told: str) -> None:
    nights.drop("crm/contacts.csv", f"{header}\nC1,Ann,\n")
    with pytest.raises(LandingError) as error:
        nights.land()
    assert error.value.problems == [
        f"files crm/contacts: crm/contacts.csv: the column {told}" + _rest(told)
    ]


def _rest(told: str) -> str:
    return " in the header" if "twice" in told else " and is not"


def test_columns_in_any_order_case_and_company(nights: Nights) -> None:
    """J06: what the contract does not know is no column of raw."""
    nights.drop("crm/contacts.csv", " Full_Name ,favourite,CONTACT_ID\nAnn,tea,C1\n")
    nights.land()
    assert names(nights) == [("C1", "Ann", 2)]
    assert "favourite" not in nights.raw("crm/contacts")[0]


def test_an_empty_file_stops_and_a_header_alone_is_no_row(nights: Nights) -> None:
    """E10."""
    nights.drop("crm/contacts.csv", f"{HEADER}\n")
    assert nights.land()["crm/contacts"].rows_in == 0
    nights.drop("crm/contacts-2.csv", "")
    with pytest.raises(LandingError, match=r"crm/contacts-2\.csv: is empty"):
        nights.land()


@pytest.mark.parametrize("suffix", ["parquet", "jsonl", "csv"])
def test_a_file_of_rubbish_stops_its_entity(nights: Nights, suffix: str) -> None:
    """The others go on, and the message names the file."""
    nights.drop(f"crm/contacts.{suffix}", b"\x93\xfa\x00\xff rubbish \xfe")
    nights.drop_rows("crm/leads.csv", REQUIRED["crm/leads"])
    with pytest.raises(LandingError, match=rf"crm/contacts\.{suffix}"):
        nights.land()
    assert len(nights.raw("crm/leads")) == 1
    assert nights.raw("crm/contacts") == []


ROWS: list[dict[str, Any]] = [
    {
        "deal_id": "D1",
        "stage": "won",
        "created_at": "2025-03-03T10:00:00Z",
        "closed_at": "2025-03-05T10:00:00.500Z",
        "amount": "1234.50",
        "currency": "EUR",
        "is_deleted": "false",
        "pipeline": 'Новая, "главная"',
    },
    {
        "deal_id": "007",
        "stage": "proposal",
        "created_at": "2025-03-03T12:00:00+03:00",
        "closed_at": None,
        "amount": None,
        "currency": None,
        "is_deleted": "true",
        "pipeline": "two\nlines",
    },
]


def _as_csv(path: Path) -> None:
    connection = duckdb.connect()
    connection.execute(f"copy ({_values()}) to '{path}' (header, delimiter ',')")


def _as_parquet(path: Path) -> None:
    connection = duckdb.connect()
    connection.execute(f"copy ({_values()}) to '{path}' (format parquet)")


def _as_typed_parquet(path: Path) -> None:
    """As a system would write it that knows its types."""
    connection = duckdb.connect()
    connection.execute("set timezone = 'Europe/Berlin'")
    connection.execute(
        "copy (select deal_id, stage, created_at::timestamptz as created_at, "
        "timezone('UTC', closed_at::timestamptz) as closed_at, amount::decimal(10, 2) as amount, "
        f"currency, is_deleted::boolean as is_deleted, pipeline from ({_values()})) "
        f"to '{path}' (format parquet)"
    )


def _as_jsonl(path: Path) -> None:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS))


def _as_typed_jsonl(path: Path) -> None:
    typed = [
        {
            **{name: value for name, value in row.items() if value is not None},
            "is_deleted": row["is_deleted"] == "true",
            "amount": float(row["amount"]) if row["amount"] else None,
        }
        for row in ROWS
    ]
    path.write_text("\n".join(json.dumps(row) for row in typed))


def _values() -> str:
    def text(value: str | None) -> str:
        return "null" if value is None else "'" + value.replace("'", "''") + "'"

    rows = ", ".join("(" + ", ".join(text(value) for value in row.values()) + ")" for row in ROWS)
    return f"select * from (values {rows}) as rows ({', '.join(ROWS[0])})"


@pytest.mark.parametrize(
    ("suffix", "write"),
    [
        ("csv", _as_csv),
        ("parquet", _as_parquet),
        ("parquet", _as_typed_parquet),
        ("jsonl", _as_jsonl),
        ("jsonl", _as_typed_jsonl),
        ("ndjson", _as_jsonl),
    ],
)
def test_every_format_gives_the_same_rows(nights: Nights, suffix: str, write: Any) -> None:
    path = nights.folder / "crm" / f"deals.{suffix}"
    path.parent.mkdir()
    write(path)
    nights.land()
    found = nights.select(
        "select deal_id, stage, created_at::varchar as created_at, closed_at::varchar as closed_at, "
        "amount::varchar as amount, currency, is_deleted, pipeline "
        "from raw.crm_deals order by stage desc"
    )
    assert [list(row.values()) for row in found] == [
        [
            "files:D1",
            "won",
            "2025-03-03 10:00:00",
            "2025-03-05 10:00:00.5",
            "1234.50",
            "EUR",
            False,
            'Новая, "главная"',
        ],
        ["files:007", "proposal", "2025-03-03 09:00:00", None, None, None, True, "two\nlines"],
    ]
    assert nights.quarantine() == []


def test_lists_of_other_formats_are_lists(nights: Nights) -> None:
    """J11: what CSV writes with `;` between."""
    nights.drop(
        "crm/contacts.jsonl", '{"contact_id": 7, "phones": ["+7 1", "+7 2"], "emails": "a@b.c"}\n'
    )
    nights.land()
    (row,) = nights.raw("crm/contacts")
    assert (row["contact_id"], row["phones"], row["emails"]) == ("files:7", "+7 1;+7 2", "a@b.c")


def test_a_line_of_jsonl_that_is_no_json_goes_aside(nights: Nights) -> None:
    nights.drop(
        "crm/contacts.jsonl",
        '{"contact_id": "C1", "full_name": "Ann"}\n{"contact_id": \n\n{"contact_id": "C3", "full_name": "Cyd"}\n',
    )
    nights.land()
    assert [(key, name) for key, name, _ in names(nights)] == [("C1", "Ann"), ("C3", "Cyd")]
    (broken,) = nights.quarantine()
    assert (broken["rule"], broken["line"]) == ("unreadable_line", 2)
