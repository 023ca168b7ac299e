"""Whether two builds say the same: row for row, column for column.

`python -m tests.benchmarks.comparing PUBLISHED.duckdb LIMIT.duckdb` or `… LIMIT.duckdb FOLDER` (the
Parquet files of another contender) prints the differences.
"""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

_CELL = ("period_grain", "period_start", "scope", "scope_value")
KEYS: Mapping[str, tuple[str, ...]] = {
    "fct_touches": ("touch_id",),
    "fct_leads": ("lead_id",),
    "fct_deals": ("deal_id",),
    "fct_collateral_events": ("event_id",),
    "dim_reps": ("rep_id",),
    "dim_collateral": ("collateral_id",),
    "kpi_contact_ratio": _CELL,
    "kpi_contact_ratio_cohort": _CELL,
    "kpi_speed_to_lead": _CELL,
    "kpi_speed_to_lead_curve": ("scope", "scope_value", "hours"),
    "kpi_completed_contacts": _CELL,
    "kpi_touch_hazard": ("scope", "scope_value", "contact_number"),
    "kpi_collateral_usage": _CELL,
    "kpi_collateral_items": ("collateral_id",),
    "kpi_closed_deals": _CELL,
    "kpi_funnel": (*_CELL, "step"),
    "kpi_rep_profile": ("rep_id", "side"),
    "kpi_pipeline": _CELL,
    "kpi_activity": _CELL,
    "kpi_scorecard": ("kpi", "measure", *_CELL),
}
"""The tables that MARTS.md names, but those that only name customers and days."""
CORE_KEYS: Mapping[str, tuple[str, ...]] = {
    "fct_touches": ("touch",),
    "kpi_contact_ratio": ("period_start", "rep"),
    "kpi_speed_to_lead": ("period_start", "rep"),
    "kpi_completed_contacts": ("period_start", "rep"),
    "kpi_collateral_usage": ("period_start", "rep"),
    "kpi_closed_deals": ("period_start", "rep"),
}
"""What the other contenders make: the five by month for the company (rep: -1) and its reps."""
_FRACTIONS = ("DOUBLE", "FLOAT", "DECIMAL")
_NEAR = 1e-9
"""Of the larger value, or of 1: what the order of additions may change."""
_NEAR_MONEY = 1e-6
"""Data frames have no decimals: a converted amount is rounded in binary."""


@dataclass(frozen=True)
class Difference:
    """Something in which two builds differ."""

    table: str
    what: str
    rows: int

    def __str__(self) -> str:
        return f"{self.table}: {self.what}: {self.rows:,}"


def compare(published: Path, limit: Path) -> list[Difference]:
    """Touchline's published marts and the hand-written ones."""
    connection = _connect()
    connection.execute(f"attach '{published}' as touchline (read_only)")
    connection.execute(f"attach '{limit}' as limits (read_only)")
    return list(differences(connection, "touchline", "limits", KEYS))


def compare_core(limit: Path, out: Path) -> list[Difference]:
    """The hand-written marts, and the Parquet files of a contender that makes the core of them."""
    connection = _connect()
    connection.execute(f"attach '{limit}' as limits (read_only)")
    for name in ("one", "other"):
        connection.execute(f"attach ':memory:' as {name}")
        connection.execute(f"create schema {name}.marts")
    # The text that an id was -> the number that stands for it there.
    kind = "case substr(touch_id, 7, 1) when 'A' then 0 when 'K' then 1 else 2 end"
    connection.execute(
        "create view one.marts.fct_touches as select "
        f"{kind} * 1000000000000 + cast(substr(touch_id, 8, 12) as bigint) as touch, "
        "cast(substr(lead_id, 8) as bigint) as lead, attempt_number, contact_number, "
        "is_completed, is_automated from limits.marts.fct_touches"
    )
    connection.execute(
        "create view other.marts.fct_touches as select cast(touch as bigint) as touch, "
        "cast(lead as bigint) as lead, cast(attempt_number as bigint) as attempt_number, "
        "cast(contact_number as bigint) as contact_number, is_completed, is_automated "
        f"from read_parquet('{out / 'fct_touches.parquet'}')"
    )
    for table in list(CORE_KEYS)[1:]:
        connection.execute(
            f"create view one.marts.{table} as select *, case when scope = 'company' then -1 "
            "else try_cast(substr(scope_value, 8) as bigint) end as rep "
            f"from limits.marts.{table} "
            "where period_grain = 'month' and scope in ('company', 'rep')"
        )
        connection.execute(
            f"create view other.marts.{table} as select * replace ("
            "cast(period_start as date) as period_start, cast(rep as bigint) as rep) "
            f"from read_parquet('{out / table}.parquet')"
        )
    return list(differences(connection, "one", "other", CORE_KEYS, _NEAR_MONEY))


def differences(
    connection: duckdb.DuckDBPyConnection,
    one: str,
    other: str,
    keys: Mapping[str, tuple[str, ...]],
    near: float = _NEAR,
) -> Iterator[Difference]:
    """Rows that only one has, and cells that differ, in the columns that both have.

    `one` and `other` are attached databases, each with the tables in its schema `marts`.
    """
    for table, key in keys.items():
        types = _columns(connection, one, table)
        others = _columns(connection, other, table)
        shared = [name for name in others if name in types]
        missing = sorted(set(key) - set(shared))
        if missing:
            yield Difference(table, f"no column {', '.join(missing)}", 0)
            continue
        apart = {
            name: _apart(name, types[name], others[name], near)
            for name in shared
            if name not in key
        }
        counts = "".join(
            f", count(*) filter (where a._there and b._there and {condition})"
            for condition in apart.values()
        )
        on = " and ".join(f"a.{name} is not distinct from b.{name}" for name in key)
        found = connection.execute(
            "select count(*) filter (where a._there is null), "
            f"count(*) filter (where b._there is null) {counts} "
            f"from (select *, true as _there from {one}.marts.{table}) as a "
            f"full join (select *, true as _there from {other}.marts.{table}) as b on {on}"
        ).fetchall()[0]
        for what, rows in zip(
            (f"rows only in {other}", f"rows only in {one}", *apart), found, strict=True
        ):
            if rows:
                yield Difference(table, what, int(rows))


def _apart(name: str, one_type: str, other_type: str, near: float) -> str:
    if one_type.startswith(_FRACTIONS) or other_type.startswith(_FRACTIONS):
        a, b = f"cast(a.{name} as double)", f"cast(b.{name} as double)"
        return (
            f"((a.{name} is null) <> (b.{name} is null) or "
            f"abs({a} - {b}) > {near} * greatest(1, abs({a}), abs({b})))"
        )
    return f"(a.{name} is distinct from b.{name})"


def _columns(connection: duckdb.DuckDBPyConnection, database: str, table: str) -> dict[str, str]:
    found = connection.execute(f"describe {database}.marts.{table}").fetchall()
    return {name: data_type for name, data_type, *_ in found}


def _connect() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("set timezone = 'UTC'")
    return connection


def main() -> None:
    """Print what differs; fail where anything does."""
    one, other = map(Path, sys.argv[1:3])
    found = compare_core(one, other) if other.is_dir() else compare(one, other)
    for difference in found:
        print(difference)
    print(f"{len(found)} differences")
    raise SystemExit(bool(found))


if __name__ == "__main__":
    main()
