"""Builders of expectations: what a suite asks of a table, as SQL that counts.

Each tells how many rows fail, and what was observed: counts and names of columns, never a value
of the data. So nothing of a row ever leaves DuckDB, and a passed check tells its figure too. Those
that look at rows one by one (`Scanned`) are counted together, in one pass over the table (see
bundling.py). Great Expectations runs them (session.py); it takes seconds to import, and not here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from data_quality.results import Severity

__all__ = [
    "Counted",
    "Expectation",
    "Pattern",
    "Scanned",
    "build_conditions",
    "build_counted",
    "build_in_range",
    "build_no_rows",
    "build_not_null",
    "build_patterns",
    "build_rows_conserved",
    "build_share",
    "build_sums_equal",
]


@dataclass(frozen=True)
class Expectation:
    name: str
    """Readable and stable; it is kept with each result."""
    says: str
    look: str
    """SQL that shows the rows that fail."""
    severity: Severity


@dataclass(frozen=True)
class Counted(Expectation):
    """A query of its own."""

    sql: str = ""
    """Returns one row: failing (bigint), observed (text)."""


@dataclass(frozen=True)
class Scanned(Expectation):
    """Conditions on rows of `relation`, which is read once for all expectations that scan it."""

    relation: str = ""
    """The table of the suite where it is left empty, and then only the rows to be looked at."""
    bad: Mapping[str, str] = field(default_factory=dict)
    """What it is called -> the condition of a bad row; those that were met are observed."""
    among: str | None = None
    """Of which rows; None: of all, and no share of them is told."""
    tolerated: float = 0
    """So large a share of these may be bad."""


def build_not_null(column: str, severity: Severity = "error") -> Scanned:
    return _build_column(
        f"expect_column_values_to_not_be_null({column})",
        f"{column} is filled",
        f"{_quoted(column)} is null",
        severity,
    )


def build_in_range(
    column: str,
    lowest: datetime | float | None,
    highest: datetime | float | None,
    severity: Severity = "error",
) -> Scanned:
    """Both ends are in; an empty value is not judged."""
    ends = [
        (f"from {lowest}", f"{_quoted(column)} < {_literal(lowest)}")
        if lowest is not None
        else None,
        (f"to {highest}", f"{_quoted(column)} > {_literal(highest)}")
        if highest is not None
        else None,
    ]
    given = [end for end in ends if end is not None]
    return _build_column(
        f"expect_column_values_to_be_between({column})",
        " ".join([column, "is", *(told for told, _ in given)]),
        " or ".join(bad for _, bad in given) or "false",
        severity,
    )


def build_counted(
    name: str, sql: str, *, says: str, look: str = "", severity: Severity = "error"
) -> Counted:
    """`sql` returns one row: failing (bigint), observed (text); `look`: SQL that shows the rows."""
    return Counted(name, says, " ".join(look.split()), severity, sql)


def build_no_rows(
    name: str, sql: str, says: str, *, look: str | None = None, severity: Severity = "error"
) -> Counted:
    """`sql` returns the rows that break the rule; they are counted, and never fetched."""
    return build_counted(
        name,
        f"select count(*) as failing, count(*) || ' rows' as observed from ({sql}) as failing_rows",
        says=says,
        look=sql if look is None else look,
        severity=severity,
    )


def build_share(
    name: str,
    table: str,
    bad: str,
    *,
    says: str,
    tolerated: float,
    among: str = "true",
    severity: Severity = "warning",
) -> Scanned:
    """Of the rows of `table` that are `among`, at most the share `tolerated` is `bad`."""
    return Scanned(
        name,
        f"{says}, but for {tolerated:.1%} at most" if tolerated else says,
        f"select * from {table} where ({among}) and ({bad})",
        severity,
        table,
        {"": bad},
        among,
        tolerated,
    )


def build_rows_conserved(
    table: str, parts: Mapping[str, str], *, says: str, name: str = "rows_are_conserved"
) -> Counted:
    """The rows of `table` are the sum of `parts`: what it is -> SQL that counts it, signed.

    A part is an expression such as `(select count(*) from raw.crm_leads)`.
    """
    return build_sums_equal(
        name, {f"{table} has": f"(select count(*) from {table})"}, parts, says=says
    )


def build_sums_equal(
    name: str, left: Mapping[str, str], right: Mapping[str, str], *, says: str
) -> Counted:
    """Two sums of counted parts are the same; as many rows fail as one has more than the other."""
    parts = {**left, **right}
    columns = ", ".join(f"{sql} as part_{place}" for place, sql in enumerate(parts.values()))
    total = " + ".join(f"part_{place}" for place in range(len(left)))
    others = " + ".join(f"part_{place}" for place in range(len(left), len(parts)))
    told = " || ', ' || ".join(f"'{what} ' || part_{place}" for place, what in enumerate(parts))
    return build_counted(
        name,
        f"select cast(abs({total} - ({others})) as bigint) as failing, {told} as observed "
        f"from (select {columns}) as parts",
        says=says,
        look=f"select {columns}",
    )


def build_conditions(
    name: str,
    table: str,
    conditions: Mapping[str, str],
    *,
    says: str,
    severity: Severity = "error",
) -> Scanned:
    """No row of `table` meets one of `conditions`: what it is called -> the SQL of a bad row."""
    any_of = " or ".join(f"({bad})" for bad in conditions.values())
    look = f"select * from {table} where {any_of}"
    return Scanned(name, says, look, severity, table, conditions)


class Pattern(NamedTuple):
    regex: str
    contains: str
    """What each match has in it: looking for that first spares most values the regex."""


def build_patterns(
    name: str,
    table: str,
    columns: Sequence[str],
    patterns: Mapping[str, Pattern],
    *,
    says: str,
    rows: str = "",
    exempt: str = "select ''",
) -> Counted:
    """No text of `columns` has one of `patterns` (by what they find) in it, of `rows` of `table`.

    `exempt`: SQL of values that may; it is asked for what was found only, not for each row.
    """
    quoted = [_quoted(column) for column in columns]
    may_match = " or ".join(
        f"contains({column}, '{pattern.contains}')"
        for column in quoted
        for pattern in patterns.values()
    )
    found = " union all ".join(
        f"select '{what} in {column.strip(chr(34))}' as what, row_number, {column} as value "
        f"from may_match where contains({column}, '{pattern.contains}') "
        f"and regexp_matches({column}, '{pattern.regex}')"
        for what, pattern in patterns.items()
        for column in quoted
    )
    return build_counted(
        name,
        f"""
        with may_match as materialized (
            select row_number() over () as row_number, {", ".join(quoted)}
            from {rows or table} as texts where {may_match}
        ),
        found as (select * from ({found}) as matches where value not in ({exempt})),
        counted as (select what, count(*) as rows from found group by what)
        select
            (select count(distinct row_number) from found) as failing,
            coalesce(string_agg(what || ' ' || rows, ', ' order by what), '0 rows') as observed
        from counted
        """,
        says=says,
        look=f"select * from {table}",
    )


def _build_column(name: str, says: str, bad: str, severity: Severity) -> Scanned:
    return Scanned(name, says, "", severity, "", {"": bad}, "true")


def _quoted(column: str) -> str:
    escaped = column.replace('"', '""')
    return f'"{escaped}"'


def _literal(value: datetime | float) -> str:
    if isinstance(value, datetime):
        return f"timestamp '{value:%Y-%m-%d %H:%M:%S}'"
    return str(value)
