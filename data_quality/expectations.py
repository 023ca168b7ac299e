"""Builders of expectations, and the ones in SQL that this dialect or Great Expectations lacks.

Those are one query each that returns one row: how many rows fail, and what was observed (counts and
names of columns, never a value of the data). So nothing of a row ever leaves DuckDB, and a passed
check tells its figure too.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from great_expectations.compatibility import pydantic
from great_expectations.execution_engine.execution_engine import ExecutionEngine
from great_expectations.expectations.core.expect_column_values_to_be_between import (
    ExpectColumnValuesToBeBetween,
)
from great_expectations.expectations.core.expect_column_values_to_not_be_null import (
    ExpectColumnValuesToNotBeNull,
)
from great_expectations.expectations.core.unexpected_rows_expectation import (
    UnexpectedRowsExpectation,
)
from great_expectations.expectations.expectation import Expectation
from great_expectations.expectations.metadata_types import FailureSeverity

from data_quality.results import Severity

__all__ = [
    "Expectation",
    "Pattern",
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

_SEVERITIES: Mapping[Severity, FailureSeverity] = {
    "error": FailureSeverity.CRITICAL,
    "warning": FailureSeverity.WARNING,
}

# A bind parameter to SQLAlchemy, unless escaped.
_COLON = re.compile(r"(?<![:\w\\]):(?=\w)")


class CountedRowsExpectation(UnexpectedRowsExpectation):
    """An `UnexpectedRowsExpectation` whose query counts: (failing, observed), one row.

    The one of GX runs its query twice and fetches two hundred rows of it.
    """

    metric_dependencies = ("unexpected_rows_query.table",)

    @pydantic.validator("unexpected_rows_query")
    def _validate_query(cls, query: str) -> str:  # noqa: N805  pydantic 1
        """Not to warn that there is no `{batch}`: most of these look at several tables."""
        return query

    def _validate(
        self,
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any] | None = None,  # noqa: ARG002
        execution_engine: ExecutionEngine[Any] | None = None,  # noqa: ARG002
    ) -> dict[str, Any]:
        (row,) = metrics["unexpected_rows_query.table"]
        failing = int(row["failing"] or 0)
        # `result` is emptied under BOOLEAN_ONLY, `meta` is not.
        return {"success": failing == 0, "meta": {"failing": failing, "observed": row["observed"]}}


def build_not_null(column: str, severity: Severity = "error") -> Expectation:
    return ExpectColumnValuesToNotBeNull(
        column=column, severity=_SEVERITIES[severity], meta={"says": f"{column} is filled"}
    )


def build_in_range(
    column: str,
    lowest: datetime | float | None,
    highest: datetime | float | None,
    severity: Severity = "error",
) -> Expectation:
    """Both ends are in; an empty value is not judged."""
    ends = [
        f"from {lowest}" if lowest is not None else "",
        f"to {highest}" if highest is not None else "",
    ]
    return ExpectColumnValuesToBeBetween(
        column=column,
        min_value=lowest,
        max_value=highest,
        severity=_SEVERITIES[severity],
        meta={"says": " ".join([column, "is", *filter(None, ends)])},
    )


def build_counted(
    name: str, sql: str, *, says: str, look: str = "", severity: Severity = "error"
) -> CountedRowsExpectation:
    """`sql` returns one row: failing (bigint), observed (text); `look`: SQL that shows the rows."""
    query = _COLON.sub(r"\\:", sql.replace("{", "{{").replace("}", "}}"))
    return CountedRowsExpectation(
        unexpected_rows_query=query,
        severity=_SEVERITIES[severity],
        meta={"name": name, "says": says, "look": " ".join(look.split())},
    )


def build_no_rows(
    name: str, sql: str, says: str, *, look: str | None = None, severity: Severity = "error"
) -> CountedRowsExpectation:
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
) -> CountedRowsExpectation:
    """Of the rows of `table` that are `among`, at most the share `tolerated` is `bad`."""
    return build_counted(
        name,
        f"""
        select
            case when bad > {tolerated} * rows then bad else 0 end as failing,
            bad || ' of ' || rows || ' rows (' || round(100.0 * bad / greatest(rows, 1), 2) || ' %)'
                as observed
        from (
            select count(*) as rows, count(*) filter (where {bad}) as bad
            from {table} where {among}
        ) as counted
        """,
        says=f"{says}, but for {tolerated:.1%} at most" if tolerated else says,
        look=f"select * from {table} where ({among}) and ({bad})",
        severity=severity,
    )


def build_rows_conserved(
    table: str, parts: Mapping[str, str], *, says: str, name: str = "rows_are_conserved"
) -> CountedRowsExpectation:
    """The rows of `table` are the sum of `parts`: what it is -> SQL that counts it, signed.

    A part is an expression such as `(select count(*) from raw.crm_leads)`.
    """
    return build_sums_equal(
        name, {f"{table} has": f"(select count(*) from {table})"}, parts, says=says
    )


def build_sums_equal(
    name: str, left: Mapping[str, str], right: Mapping[str, str], *, says: str
) -> CountedRowsExpectation:
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
) -> CountedRowsExpectation:
    """No row of `table` meets one of `conditions`: what it is called -> a condition of a bad row.

    However many they are, the table is read once; what is observed names those that were met.
    """
    met = [f"bad_{place}" for place in range(len(conditions))]
    judged = ", ".join(f"({bad}) as {m}" for m, bad in zip(met, conditions.values(), strict=True))
    each = ", ".join(
        f"case when count(*) filter (where {m}) > 0 "
        f"then '{what} ' || count(*) filter (where {m}) end"
        for m, what in zip(met, conditions, strict=True)
    )
    any_of = " or ".join(f"({bad})" for bad in conditions.values())
    return build_counted(
        name,
        f"select count(*) filter (where {' or '.join(met)}) as failing, "
        f"coalesce(nullif(concat_ws(', ', {each}), ''), '0 rows') as observed "
        f"from (select {judged} from {table}) as judged",
        says=says,
        look=f"select * from {table} where {any_of}",
        severity=severity,
    )


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
    exempt: str = "select ''",
) -> CountedRowsExpectation:
    """No text of `columns` has one of `patterns` (by what they find) in it.

    `exempt`: SQL of values that may; it is asked for what was found only, not for each row.
    """
    found = " union all ".join(
        f"select '{what} in {column}' as what, rowid as row_number, \"{column}\" as value "
        f"from {table} where contains(\"{column}\", '{pattern.contains}') "
        f"and regexp_matches(\"{column}\", '{pattern.regex}')"
        for what, pattern in patterns.items()
        for column in columns
    )
    return build_counted(
        name,
        f"""
        with found as ({found}),
        counted as (
            select what, count(*) as rows from found where value not in ({exempt}) group by what
        )
        select
            (select count(distinct row_number) from found where value not in ({exempt})) as failing,
            coalesce(string_agg(what || ' ' || rows, ', ' order by what), '0 rows') as observed
        from counted
        """,
        says=says,
        look=f"select * from {table}",
    )
