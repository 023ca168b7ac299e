"""The limit: the same facts and KPIs by hand-written SQL (limit/*.sql), without any framework.

`python -m tests.benchmarks.hand_written REPORT.json FOLDER DATABASE MEMORY_LIMIT` reads a drop
folder as the `files` connector does and leaves schema `marts` in a DuckDB file.
"""

import json
import re
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import duckdb

from tests.benchmarks.measuring import StepCost, cpu_seconds, peak_bytes
from tests.benchmarks.sql_parts import REFERENCE, files_of, parts, statements

# The latest row of a key holds: by `updated`, then by the order in which the rows were delivered.
KEYS = {
    "contacts": ("contact", "updated desc nulls last, "),
    "leads": ("lead", "updated desc nulls last, "),
    "deals": ("deal", "updated desc nulls last, "),
    "activities": ("activity", "updated desc nulls last, "),
    "events": ("event", ""),
    "legs": ("leg", ""),
}
MACROS = """
create temp macro moment_of(seconds) as make_timestamp(cast(seconds as bigint) * 1000000);
create temp macro ratio(part, whole) as
    cast(part as double) / nullif(cast(whole as double), 0);
create temp macro rounded(share) as round(share, 12);
create temp macro wilson(successes, trials, sign) as case
    when trials <= 0 then null
    when sign < 0 and successes = 0 then 0.0
    when sign > 0 and successes = trials then 1.0
    else greatest(0.0, least(1.0, (
        successes / cast(trials as double) + 3.8414588206941227 / (2 * trials)
        + sign * 1.959963984540054 * sqrt((
            successes / cast(trials as double) * (1 - successes / cast(trials as double))
            + 3.8414588206941227 / (4 * trials)
        ) / trials)
    ) / (1 + 3.8414588206941227 / trials)))
end;
create temp macro rate_ratio_limit(converted, trials, others, other_trials, sign) as case
    when converted > 0 and others > 0 then exp(
        ln((converted / cast(trials as double)) / (others / cast(other_trials as double)))
        + sign * 1.959963984540054
        * sqrt(1.0 / converted - 1.0 / trials + 1.0 / others - 1.0 / other_trials)
    )
end;
"""


def connect(database: Path, memory_limit: str) -> duckdb.DuckDBPyConnection:
    """A new file with an empty schema `marts`; what lies between lives in memory, as `work`."""
    database.unlink(missing_ok=True)
    connection = duckdb.connect(str(database))
    connection.execute("set timezone = 'UTC'")
    connection.execute(f"set memory_limit = '{memory_limit}'")
    connection.execute(f"set temp_directory = '{database.with_suffix('.tmp')}'")
    connection.execute("create schema marts")
    connection.execute("attach ':memory:' as work")
    connection.execute(MACROS)
    for name, path in REFERENCE.items():
        connection.execute(
            f"create table work.seed_{name} as "
            f"select * from read_csv('{path}', header = true, all_varchar = true)"
        )
    return connection


def build(connection: duckdb.DuckDBPyConnection, folder: Path) -> Iterator[StepCost]:
    """Run the parts; what each of them cost."""
    for part in parts():
        wall, cpu = time.monotonic(), cpu_seconds()
        peak_bytes(reset=True)
        for statement in statements(part, "duckdb"):
            connection.execute(_with_files(statement, folder))
        if part.stem == "01_read":
            for table, (key, order) in KEYS.items():
                drop_repeated(connection, table, key, order)
        yield StepCost(part.stem, time.monotonic() - wall, cpu_seconds() - cpu, peak_bytes())


def drop_repeated(connection: duckdb.DuckDBPyConnection, table: str, key: str, order: str) -> None:
    """Keep the latest row of each key; most keys come once, so only the others are sorted."""
    connection.execute(
        f"delete from work.{table} where rowid in (select row from (select rowid as row, "
        f"row_number() over (partition by {key} order by {order}rowid desc) as place "
        f"from work.{table} where {key} in (select {key} from work.{table} group by {key} "
        "having count(*) > 1)) where place > 1)"
    )


def _with_files(statement: str, folder: Path) -> str:
    """`{crm/leads}` -> a list of the entity's files."""

    def listed(match: re.Match[str]) -> str:
        return "[" + ", ".join(f"'{path}'" for path in files_of(folder, match.group(1))) + "]"

    return re.sub(r"\{((?:crm|telephony)/\w+)\}", listed, statement)


def main() -> None:
    """Build, and tell what it took."""
    report, folder, database = map(Path, sys.argv[1:4])
    connection = connect(database, memory_limit=sys.argv[4])
    costs = list(build(connection, folder))
    connection.close()
    report.write_text(json.dumps([asdict(cost) for cost in costs], indent=1))


if __name__ == "__main__":
    main()
