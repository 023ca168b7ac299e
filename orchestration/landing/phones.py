"""Phone numbers as written -> E.164, by libphonenumber, each distinct spelling once."""

import re
import unicodedata
from collections.abc import Iterator

import duckdb
import phonenumbers
import pyarrow as pa
from phonenumbers import NumberParseException, PhoneNumberFormat

from orchestration.landing.phone_spellings import read_plain_spellings
from orchestration.settings import Settings

_SOURCES = (
    ("raw.crm_contacts", "phones", True),
    ("raw.crm_activities", "phone", False),
    ("raw.crm_reps", "phone", False),
    ("raw.telephony_calls", "from_number", False),
    ("raw.telephony_calls", "to_number", False),
)
_BATCH = 100_000
_MANY = 5_000
"""So few spellings that it takes longer to compile their patterns are read one by one."""
_PART = 4_000_000
"""So many spellings are held at once, while their numbers are found."""
# Spreadsheets turn numbers into floats: 79161234567.0, 7.9161234567e10.
_FLOAT = re.compile(r"^\+?\d+(\.\d+e\+?\d+|\.0+)$", re.IGNORECASE)
_SEPARATORS = re.compile(r"[;/|\n]| or | или |, (?=\+?\d[\d ()-]{6,})")
_INTERNATIONAL_PREFIXES = ("00", "810")


def refresh_phone_numbers(connection: duckdb.DuckDBPyConnection, settings: Settings) -> int:
    """Add the spellings that are new in raw to raw.phone_numbers; returns how many.

    Columns: written, region, position (of several numbers in one field), e164 (null: no number).
    A change of region reads everything anew.
    """
    connection.execute(
        "create table if not exists raw.phone_numbers "
        "(written varchar, region varchar, position integer, e164 varchar)"
    )
    region = settings.phone_region.upper()
    connection.execute("delete from raw.phone_numbers where region <> ?", [region])
    # A cell has no spaces around, what stands between `;` may have.
    spellings = " union all ".join(
        f"select {f'''trim(unnest(string_split({column}, ';')))''' if is_list else column} "
        f"as written from {table} where {column} is not null"
        for table, column, is_list in _SOURCES
    )
    connection.execute(
        f"""
        create or replace temp table new_spellings as
        select written
        from (select distinct written from ({spellings})) as found
        where written <> ''
            and not exists (
                select 1 from raw.phone_numbers where phone_numbers.written = found.written
            )
        """
    )
    ((count,),) = connection.execute("select count(*) from new_spellings").fetchall()
    if count < _MANY:
        _read_one_by_one(connection, "new_spellings", region)
        return int(count)
    for begin in range(0, count, _PART):
        some = f"rowid between {begin} and {begin + _PART - 1}"
        read_plain_spellings(connection, f"select written from new_spellings where {some}", region)
        _read_one_by_one(connection, "odd_spellings", region)
    return int(count)


def _read_one_by_one(connection: duckdb.DuckDBPyConnection, table: str, region: str) -> None:
    """By libphonenumber itself, each spelling of a table without deleted rows."""
    ((count,),) = connection.execute(f"select count(*) from {table}").fetchall()
    for begin in range(0, count, _BATCH):
        # Nothing else may be asked while a result is read: DuckDB would end it there.
        spelled = connection.execute(
            f"select written from {table} where rowid between ? and ?", [begin, begin + _BATCH - 1]
        ).fetchall()
        rows = [
            (written, region, position, e164)
            for (written,) in spelled
            for position, e164 in enumerate(parse_numbers(written, region) or [None])
        ]
        names = ("written", "region", "position", "e164")
        columns = map(list, zip(*rows, strict=True))
        connection.register("parsed_numbers", pa.table(dict(zip(names, columns, strict=True))))
        connection.execute("insert into raw.phone_numbers select * from parsed_numbers")
        connection.unregister("parsed_numbers")


def parse_numbers(written: str, region: str) -> list[str]:
    """The valid numbers in one field, in E.164, in their order, each once."""
    cleaned = "".join(c for c in written if unicodedata.category(c) not in ("Cf", "Cc")).strip()
    whole = _parse(cleaned, region)
    if whole:
        return [whole]
    parts = _SEPARATORS.split(cleaned)
    found = [_parse(part, region) for part in parts] if len(parts) > 1 else []
    return list(dict.fromkeys(number for number in found if number))


def _parse(written: str, region: str) -> str | None:
    return next((number for number in _readings(written, region) if number), None)


def _readings(written: str, region: str) -> Iterator[str | None]:
    """The region's own reading first: 8 495 … is Moscow before it is Vietnam (+84 95…)."""
    text = str(int(float(written))) if _FLOAT.match(written) else written
    yield _format(text, region)
    digits = "".join(
        str(unicodedata.decimal(c)) for c in text if unicodedata.decimal(c, None) is not None
    )
    for prefix in _INTERNATIONAL_PREFIXES:
        if digits.startswith(prefix):
            yield _format("+" + digits.removeprefix(prefix), None)
    if not text.startswith("+") and len(digits) >= len("+4412345678"):
        yield _format("+" + digits, None)


def _format(text: str, region: str | None) -> str | None:
    """E.164 of a valid number; `possible` is not enough (a letter O passes for a digit there)."""
    try:
        number = phonenumbers.parse(text, region)
    except NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return str(phonenumbers.format_number(number, PhoneNumberFormat.E164))
