"""Phone numbers as written -> E.164, by libphonenumber, each distinct spelling once."""

import re
import unicodedata
from collections.abc import Iterator

import duckdb
import phonenumbers
import pyarrow as pa
from phonenumbers import NumberParseException, PhoneNumberFormat

from orchestration.landing.headers import quoted
from orchestration.landing.phone_spellings import read_plain_spellings
from orchestration.settings import Settings

_SOURCES = (
    ("raw.crm_contacts", "phones", True),
    ("raw.crm_activities", "phone", False),
    ("raw.crm_reps", "phone", False),
    ("raw.telephony_calls", "from_number", False),
    ("raw.telephony_calls", "to_number", False),
)
_TABLES = """
create table if not exists raw.phone_numbers (
    written varchar, region varchar, position integer, e164 varchar
);
create table if not exists quality.phone_runs (run_id varchar, lines bigint, region varchar);
"""
# A run may land more than once: again, or one connector after the other.
_NEW_RUNS = """
select run_id, count(*) as lines from quality.loads group by run_id
except
select run_id, lines from quality.phone_runs
"""
_BATCH = 100_000
_MANY_RUNS = 100
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
    A change of region reads everything anew; otherwise only rows that landed since are looked at.
    """
    region = settings.phone_region.upper()
    connection.execute(_TABLES)
    for table in ("raw.phone_numbers", "quality.phone_runs"):
        connection.execute(f"delete from {table} where region <> ?", [region])
    connection.execute(f"create or replace temp table new_runs as {_NEW_RUNS}")
    count = _find_new_spellings(connection)
    if count < _MANY:
        _read_one_by_one(connection, "new_spellings", region)
    else:
        for begin in range(0, count, _PART):
            some = f"select written from new_spellings where rowid between {begin} and {begin} + "
            read_plain_spellings(connection, f"{some}{_PART - 1}", region)
            _read_one_by_one(connection, "odd_spellings", region)
    connection.execute(
        "delete from quality.phone_runs where run_id in (select run_id from new_runs)"
    )
    connection.execute(
        "insert into quality.phone_runs select run_id, lines, ? from new_runs", [region]
    )
    return count


def _find_new_spellings(connection: duckdb.DuckDBPyConnection) -> int:
    """Those of the runs that landed since -> `new_spellings`."""
    runs = [run for (run,) in connection.execute("select run_id from new_runs").fetchall()]
    ((seen,),) = connection.execute("select count(*) from quality.phone_runs").fetchall()
    # Named one by one, so that DuckDB passes over what it knows to be of other runs.
    of_runs = f"and _run_id in ({', '.join(map(quoted, runs))})" if runs else "and false"
    if not seen or len(runs) > _MANY_RUNS:
        of_runs = ""
    # A cell has no spaces around; what stands between `;` may have.
    spellings = " union all ".join(
        f"select {_spelled(column) if is_list else column} as written "
        f"from {table} where {column} is not null {of_runs}"
        for table, column, is_list in _SOURCES
    )
    connection.execute(
        "create or replace temp table found_spellings as "
        f"select distinct written from ({spellings}) where written <> ''"
    )
    connection.execute(
        "create or replace temp table new_spellings as select written from found_spellings "
        "where not exists (select 1 from raw.phone_numbers as known "
        "where known.written = found_spellings.written)"
    )
    ((count,),) = connection.execute("select count(*) from new_spellings").fetchall()
    return int(count)


def _spelled(column: str) -> str:
    return f"trim(unnest(string_split({column}, ';')))"


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
