"""A published database of a small company, to make reports of."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import duckdb

from orchestration.warehouse import MARTS
from tests.kpis.warehouse import build, open_warehouse
from tests.reference.worlds import random_world, write_world

PAYLOADS = (
    "<script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "</style><script>alert(1)</script>",
    "--></svg><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    '"><script>alert(1)</script>',
    '" onmouseover="alert(1)',
    "' onfocus='alert(1)' autofocus='",
    "<iframe src=javascript:alert(1)></iframe>",
    "<a href=javascript:alert(1)>x</a>",
    "<style>*{display:none}</style>",
    "<meta http-equiv=refresh content='0;url=https://example.com'>",
    "<link rel=stylesheet href=https://example.com/x.css>",
    "<base href=https://example.com/>",
    "{{ 7 * 7 }}{% raw %}",
    "<form action=https://example.com><input></form>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "\u202e<math><mtext><b onclick=alert(1)>x\x1b[2J\x07[red]x[/red]",
)


@cache
def _build_once() -> Path:
    """Of a random company, its marts and what labels them, as the publication lays them out."""
    folder = Path(mkdtemp())
    path = folder / "touchline.duckdb"
    seeds = write_world(random_world(3, most=60), folder)
    with open_warehouse() as connection:
        as_of = build(connection, folder, seeds=seeds)
        connection.execute(f"attach '{path}' as published")
        for catalog, schema, target in (
            (MARTS, "marts", "marts"),
            ("build", "seeds", "reference"),
        ):
            connection.execute(f"create schema published.{target}")
            for (table,) in connection.execute(
                "select table_name from information_schema.tables "
                "where table_catalog = ? and table_schema = ?",
                [catalog, schema],
            ).fetchall():
                if schema == "marts" or table in ("kpi_definitions", "kpi_benchmarks"):
                    connection.execute(
                        f"create table published.{target}.{table} as from {catalog}.{schema}.{table}"
                    )
        _add_release(connection, "published.", as_of)
        connection.execute("detach published")
    return path


def publish(path: Path, changes: Sequence[str] = ()) -> Path:
    """A copy of that database, with SQL run on it."""
    path.write_bytes(_build_once().read_bytes())
    with duckdb.connect(str(path)) as connection:
        for change in changes:
            connection.execute(change)
    return path


def name_everything(names: Sequence[str]) -> list[str]:
    """SQL that adds a rep, a team, a lead source and an item of each name."""
    return [change for name in names for change in _name_everything(name.replace("'", "''"))]


def _name_everything(name: str) -> list[str]:
    return [
        f"insert into marts.dim_reps (rep_id, full_name, team) values ('{name}', '{name}', '{name}')",
        *(
            "insert into marts.kpi_scorecard select * replace "
            f"('{name}' as scope_value, '{name}' as scope_label) from marts.kpi_scorecard "
            f"where scope = '{scope}' and scope_value = (select min(scope_value) "
            f"from marts.kpi_scorecard where scope = '{scope}')"
            for scope in ("rep", "lead_source")
        ),
        f"""
        insert into marts.kpi_rep_profile
            (rep_id, side, observed_rate, observed_low, observed_high, expected_rate, verdict)
        values
            ('{name}', 'opener', 0.5, 0.4, 0.6, 0.3, 'strong'),
            ('{name}', 'closer', 0.5, 0.4, 0.6, 0.3, '{name}')
        """,
        f"""
        insert into marts.kpi_collateral_items
            (collateral_id, title, kind, sends, reps, leads, opens, wins_after, is_in_force,
            is_forgotten)
        values ('{name}', '{name}', '{name}', 1000, 1, 1, 1, 1, true, false)
        """,
    ]


def empty_everything(path: Path) -> Path:
    """A company to which nothing has happened yet."""
    publish(path)
    with duckdb.connect(str(path)) as connection:
        for (table,) in connection.execute(
            "select table_name from information_schema.tables where table_schema = 'marts'"
        ).fetchall():
            connection.execute(f"delete from marts.{table}")
    return path


def _add_release(connection: duckdb.DuckDBPyConnection, catalog: str, as_of: datetime) -> None:
    connection.execute(
        f"create table {catalog}reference.release as select 'r1' as release_id, "
        "?::timestamp as as_of, 'UTC' as business_timezone, 'USD' as reporting_currency",
        [as_of],
    )
