"""Numbers in plain spellings, many at once: digits, spaces, brackets, hyphens, points, a plus.

Everything that is not sure here is left to libphonenumber, number by number (`phones.py`); so are
country codes of which there are few numbers, since each has patterns of its own to be compiled.
"""

import duckdb

from orchestration.landing.headers import quoted
from orchestration.landing.phone_plans import (
    country_code,
    international_query,
    national_query,
    region_plan,
    without_international_prefix,
)

_DIGITS = r"\+?[0-9]+"
_PLAIN = r"\+?[0-9(][0-9() .\x{A0}-]*"
# Of the ways to write an extension that libphonenumber takes off before it reads the number.
_EXTENSION = r"[ \x{A0}]*(?:ext|доб)\.? ?[0-9]{1,7}"
_FLOAT = r"\+?[0-9]+\.0+"
_SHORTEST, _LONGEST = 7, 17
_FEW = 50


def read_plain_spellings(
    connection: duckdb.DuckDBPyConnection, spellings: str, region: str
) -> None:
    """`spellings` (a query of `written`) -> raw.phone_numbers; the others -> `odd_spellings`.

    What is added is what `parse_numbers` would say: a number, or null for none.
    """
    connection.execute("create or replace temp table odd_spellings (written varchar)")
    _find_plain(connection, spellings, region)
    _read_first(connection, region)
    # 810 may stand for the plus, though there is one: of such, libphonenumber is asked.
    is_over = "is_plus and is_whole and not starts_with(digits, '810')"
    _add(
        connection, f"first_readings where is_certain and (e164 is not null or ({is_over}))", region
    )
    connection.execute(
        "insert into odd_spellings select written from first_readings where not is_certain "
        f"or (e164 is null and (is_plus or not is_whole) and not ({is_over}))"
    )
    _read_with_plus(connection)
    _add(connection, "best_readings where is_certain", region)
    connection.execute(
        "insert into odd_spellings select written from best_readings where not is_certain"
    )


def _add(connection: duckdb.DuckDBPyConnection, readings: str, region: str) -> None:
    connection.execute(
        f"insert into raw.phone_numbers select written, {quoted(region)}, 0, e164 from {readings}"
    )


def _find_plain(connection: duckdb.DuckDBPyConnection, spellings: str, region: str) -> None:
    """-> `plain_spellings`: their digits, and those of them that are `abroad`'s, with its code."""
    plan = region_plan(region)
    prefixed = without_international_prefix(plan, "digits") if plan else "cast(null as varchar)"
    connection.execute(
        f"""
        create or replace temp table plain_spellings as
        with told as (
            select
                written,
                case
                    when regexp_full_match(written, '{_DIGITS}') then written
                    when regexp_full_match(written, '{_PLAIN}')
                        and not regexp_full_match(written, '{_FLOAT}') then written
                    when regexp_full_match(written, '{_PLAIN}{_EXTENSION}')
                        then regexp_replace(written, '{_EXTENSION}$', '')
                end as number
            from ({spellings})
        ),
        cut as (
            select
                written,
                number = written as is_whole,
                starts_with(number, '+') as is_plus,
                case
                    when not regexp_full_match(number, '{_DIGITS}')
                        then translate(number, '+() .-\u00a0', '')
                    when starts_with(number, '+') then substr(number, 2)
                    else number
                end as digits
            from told
        ),
        seen as (
            select
                *,
                case when is_plus then digits else {prefixed} end as abroad
            from cut
        )
        select *, {country_code("abroad")} as code from seen
        """
    )
    is_odd = (
        f"digits is null or strlen(digits) not between {_SHORTEST} and {_LONGEST} "
        "or (is_plus and code is null)"
    )
    connection.execute(
        f"insert into odd_spellings select written from plain_spellings where {is_odd}"
    )
    connection.execute(f"delete from plain_spellings where {is_odd}")


def _read_first(connection: duckdb.DuckDBPyConnection, region: str) -> None:
    """-> `first_readings`: as they stand, in the region or from abroad."""
    connection.execute(
        "create or replace temp table first_readings as select written, is_whole, is_plus, digits, "
        "true as is_certain, cast(null as varchar) as e164 "
        # A prefix for calls abroad, and then no country: no number in this reading.
        "from plain_spellings where abroad is not null and code is null"
    )
    columns = "written, is_whole, is_plus, digits, is_certain, e164"
    plan = region_plan(region)
    of_region = "select * from plain_spellings where abroad is null"
    connection.execute(
        f"insert into first_readings select {columns} from ({national_query(plan, of_region)})"
        if plan
        else f"insert into odd_spellings select written from ({of_region})"
    )
    _read_abroad(connection, "plain_spellings", "first_readings", columns)


def _read_with_plus(connection: duckdb.DuckDBPyConnection) -> None:
    """-> `best_readings`: of what is no number in the region.

    00 or 810 may stand for the plus, or it was left out; the first that gives a number is right.
    """
    unread = "from first_readings where is_certain and e164 is null and is_whole and not is_plus"
    connection.execute(
        f"""
        create or replace temp table further_spellings as
        select *, {country_code("abroad")} as code
        from (
            select written, 1 as position, substr(digits, 3) as abroad {unread}
                and starts_with(digits, '00')
            union all
            select written, 2 as position, substr(digits, 4) as abroad {unread}
                and starts_with(digits, '810')
            union all
            select written, 3 as position, digits as abroad {unread}
                and strlen(digits) >= {len("+4412345678")}
            union all
            select written, 4 as position, '' as abroad {unread}
        )
        """
    )
    connection.execute(
        "create or replace temp table further_readings as "
        "select written, position, true as is_certain, cast(null as varchar) as e164 "
        "from further_spellings where code is null"
    )
    columns = "written, position, is_certain, e164"
    _read_abroad(connection, "further_spellings", "further_readings", columns)
    connection.execute(
        """
        create or replace temp table best_readings as
        select
            written,
            bool_and(is_certain) as is_certain,
            arg_min(e164, position) filter (where e164 is not null) as e164
        from further_readings
        group by written
        """
    )


def _read_abroad(
    connection: duckdb.DuckDBPyConnection, source: str, target: str, columns: str
) -> None:
    """Add the readings of `source`'s numbers `abroad` to `target`; of rare codes, not certain."""
    codes = connection.execute(
        f"select code, count(*) from {source} where code is not null group by code order by code"
    ).fetchall()
    for code, count in codes:
        some = f"select * from {source} where code = '{code}'"
        query = (
            international_query(int(code), some)
            if count >= _FEW
            else f"select *, false as is_certain, cast(null as varchar) as e164 from ({some})"
        )
        connection.execute(f"insert into {target} select {columns} from ({query})")
