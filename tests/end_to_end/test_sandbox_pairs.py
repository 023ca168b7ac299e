"""The whole way over HTTP: a CRM and a telephone system give the marts that a drop folder gives.

The demo company stands behind servers that answer like the vendors; the real connectors ask them
for two nights, and what lands is transformed. Beside it a drop folder is read in one night: the
rows that the systems hold of that company on the second evening, as `Account.expected` spells them
(ids, stages). What a system has no place for (HOLDS) is not in the folder either: with a CRM
without collateral or quotas the marts are those of a drop folder without them. Each connector's
README says what else its system can't tell.
"""

import io
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pytest
from dotenv import dotenv_values

from orchestration.connectors import discover
from orchestration.connectors.base import Context, Delivery
from orchestration.landing import (
    compute_as_of,
    land,
    load_connector_stages,
    load_state,
    refresh_phone_numbers,
)
from orchestration.settings import Settings, build_settings
from tests.kpis.warehouse import land_folder, open_warehouse, transform
from tests.sandbox import sandbox, sandbox_names
from tests.sandbox.account import Account, Rows
from tests.sandbox.demo_company import build_accounts, demo_company, renamed_calls
from tests.sandbox.night import FAST
from tests.sandbox.serve import Served, serving_company

LEADS = 150
TOUCHLINE = str(Path(sys.executable).with_name("touchline"))
CALLS = "telephony/calls"
NOT_IN_A_CRM = ("dim_collateral", "fct_collateral_events", "fct_quotas", "kpi_collateral_items")
"""Marts that may be empty on both sides."""
PATIENT = {**FAST, "time_out_seconds": "30"}
"""Nothing goes wrong here on purpose; a busy machine may take its time."""


def find_pairs() -> list[tuple[str, ...]]:
    """Every CRM with every telephone system, and alone where it has a log of calls itself."""
    accounts: dict[str, Account] = {
        name: sandbox(name).build_account({}) for name in sandbox_names()
    }
    phones = [name for name, account in accounts.items() if account.MAIN == CALLS]
    crms = [name for name in accounts if name not in phones]
    alone = [(crm,) for crm in crms if CALLS in accounts[crm].HOLDS]
    return [*((crm, phone) for crm in crms for phone in phones), *alone]


@pytest.fixture(scope="module")
def evenings(tmp_path_factory: pytest.TempPathFactory) -> tuple[Rows, Rows]:
    """The company on the first evening, and a day later."""
    first, second = (
        demo_company(tmp_path_factory.mktemp("demo"), leads=LEADS, nights=nights)
        for nights in (1, 2)
    )
    return first, second


@pytest.mark.parametrize("pair", find_pairs(), ids="+".join)
def test_two_nights_over_http_give_the_marts_of_a_drop_folder(
    pair: tuple[str, ...], evenings: tuple[Rows, Rows], tmp_path: Path
) -> None:
    settings = build_settings(home=tmp_path)
    with ExitStack() as stack:
        served = stack.enter_context(serving_company(list(pair), evenings[0]))
        over_http = stack.enter_context(open_warehouse())
        from_folder = stack.enter_context(open_warehouse())
        first = spend_night(over_http, settings, served, "first")
        a_day_passes(served, evenings[1])
        second = spend_night(over_http, settings, served, "second")
        for name in pair:
            assert_only_changes_were_asked_for(first[name], second[name])
        folder = write_folder(tmp_path / "drop", served.accounts)
        as_of = compute_as_of(from_folder, land_folder(from_folder, folder))
        assert compute_as_of(over_http, settings) == as_of
        give_the_stages_of(pair[0], over_http, from_folder)
        for connection in (over_http, from_folder):
            transform(connection, as_of)
        assert_same_marts(over_http, pair, from_folder)


def test_the_command_line_publishes_the_marts_of_a_drop_folder(tmp_path: Path) -> None:
    """`touchline sandbox hubspot+twilio`, what it prints, `touchline run`."""
    pair, leads = ("hubspot", "twilio"), 60
    home = tmp_path / "home"
    with sandbox_process("+".join(pair), leads, tmp_path) as lines:
        # Read as a `.env` is, given by the environment: the checkout's own is not a test's to write.
        told = dotenv_values(stream=io.StringIO("\n".join(lines)))
        ran = subprocess.run(
            [TOUCHLINE, "run"], check=False, capture_output=True, **place(tmp_path, told)
        )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    # The process has made up its company; here is the same once more.
    accounts = build_accounts(demo_company(tmp_path / "again", leads=leads), list(pair))
    with ExitStack() as stack:
        published = stack.enter_context(
            duckdb.connect(home / "current" / "touchline.duckdb", read_only=True)
        )
        build = stack.enter_context(duckdb.connect(home / "build.duckdb", read_only=True))
        from_folder = stack.enter_context(open_warehouse())
        folder = write_folder(tmp_path / "drop", accounts)
        as_of = compute_as_of(from_folder, land_folder(from_folder, folder))
        give_the_stages_of("hubspot", build, from_folder)
        transform(from_folder, as_of)
        assert_same_marts(published, pair, from_folder)


@contextmanager
def sandbox_process(systems: str, leads: int, folder: Path) -> Iterator[list[str]]:
    """The lines of `.env` that `touchline sandbox` prints, while it serves."""
    command = [TOUCHLINE, "sandbox", systems, "--leads", str(leads)]
    with subprocess.Popen(command, **place(folder), stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            # All settings are printed at once; the first line says whose they are.
            first = process.stdout.readline().strip()
            assert first == f"TOUCHLINE_SOURCES={systems.replace('+', ',')}"
            lines = [first]
            while not lines[-1].startswith("TOUCHLINE_TWILIO_AUTH_TOKEN="):
                lines.append(process.stdout.readline().strip())
                assert lines[-1].startswith("TOUCHLINE_"), lines[-1]
            yield lines
        finally:
            process.terminate()


def place(folder: Path, told: Mapping[str, str | None] | None = None) -> Mapping[str, Any]:
    """Where a command runs: with what it is told, and none of this machine's settings."""
    kept = {name: told for name, told in os.environ.items() if not name.startswith("TOUCHLINE_")}
    return {
        "cwd": folder,
        "env": {**kept, **(told or {}), "TOUCHLINE_HOME": str(folder / "home")},
        "text": True,
    }


def spend_night(
    connection: duckdb.DuckDBPyConnection, settings: Settings, served: Served, run_id: str
) -> dict[str, Delivery]:
    """Each system is asked, and what it says lands; no row of it is a bad one."""
    deliveries = {}
    for name, account in served.accounts.items():
        workdir = settings.home / "landing" / name
        workdir.mkdir(parents=True, exist_ok=True)
        told = {**account.settings(served.sandboxes[name].url), **PATIENT}
        context = Context(told, load_state(connection, name), workdir)
        deliveries[name] = discover()[name].extract(context)
        counts = land(connection, settings, name, deliveries[name], run_id)
        assert sum(count.quarantined for count in counts) == 0
    refresh_phone_numbers(connection, settings)
    load_connector_stages(connection)
    return deliveries


def a_day_passes(served: Served, company: Rows) -> None:
    """What is new or has changed in the company is put into its systems."""
    switchboard = next((one for one in served.accounts.values() if one.MAIN == CALLS), None)
    if switchboard is not None:
        put_changes(switchboard, company)
        company = renamed_calls(company, switchboard)
        company.pop(CALLS)
    for account in served.accounts.values():
        if account is not switchboard:
            put_changes(account, company)


def put_changes(account: Account, company: Rows) -> None:
    """All but what the system's connector hears of on some later night only."""
    before = {entity: list(rows.values()) for entity, rows in account.rows.items()}
    for entity in account.HOLDS:
        for row in company.get(entity, ()):
            if row not in before[entity] and account.is_told(entity, row):
                account.put(entity, row)


def assert_only_changes_were_asked_for(first: Delivery, second: Delivery) -> None:
    """A stream with a cursor is not read whole again, and few rows come the second time."""
    before, after = first.state["streams"], second.state["streams"]
    assert any(stream["cursor"] for stream in before.values())
    for name, stream in before.items():
        if stream["cursor"]:
            assert after[name]["full"] == stream["full"], name
            assert after[name]["cursor"] >= stream["cursor"], name
    came = [count_lines(one) for one in (first, second)]
    assert 0 < came[1] < 0.2 * came[0]


def count_lines(delivery: Delivery) -> int:
    return sum(
        len(path.read_bytes().splitlines()) for paths in delivery.files.values() for path in paths
    )


def write_folder(folder: Path, accounts: Mapping[str, Account]) -> Path:
    """What the systems hold, as a drop folder."""
    for account in accounts.values():
        for entity, rows in account.expected().items():
            path = folder / f"{entity}.jsonl"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


def give_the_stages_of(
    crm: str, known: duckdb.DuckDBPyConnection, lacking: duckdb.DuckDBPyConnection
) -> None:
    """The folder's stages are the CRM's, so they mean what the CRM's do: here the files' own map."""
    stages = known.execute(
        "select 'files', * exclude (connector) from raw.connector_stages where connector = ?", [crm]
    ).fetchall()
    lacking.execute("delete from raw.connector_stages where connector = 'files'")
    lacking.executemany("insert into raw.connector_stages values (?, ?, ?, ?, ?)", stages)


def assert_same_marts(
    one: duckdb.DuckDBPyConnection, pair: tuple[str, ...], other: duckdb.DuckDBPyConnection
) -> None:
    tables = [
        table
        for (table,) in one.execute(
            "select table_name from information_schema.tables "
            "where table_schema = 'marts' order by table_name"
        ).fetchall()
    ]
    assert {"fct_leads", "fct_deals", "fct_touches", "kpi_scorecard"} <= set(tables)
    for table in tables:
        columns = one.execute(
            "select column_name, data_type from information_schema.columns "
            "where table_schema = 'marts' and table_name = ? order by ordinal_position",
            [table],
        ).fetchall()
        found = figures(one, table, columns, pair)
        wanted = figures(other, table, columns, ("files",))
        told = f"{table}: {(found - wanted).total()} of {found.total()} rows differ"
        assert not found - wanted, f"{told}, {examples(found - wanted, wanted - found)}"
        assert not wanted - found, f"{table} lacks {(wanted - found).total()} rows"
        assert found or table in NOT_IN_A_CRM, table


def figures(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    columns: Sequence[tuple[str, str]],
    connectors: tuple[str, ...],
) -> "Counter[tuple[Any, ...]]":
    """A mart's rows, ids without their connectors' names."""
    # A run and the warehouse in memory spell the moment in the evidence differently: T or space.
    without = (
        rf"regexp_replace(regexp_replace({{}}, '\b({'|'.join(connectors)}):', '', 'g'), "
        r"'(timestamp ''\d{{4}}-\d\d-\d\d)T', '\1 ', 'g')"
    )
    told = ", ".join(without.format(name) if kind == "VARCHAR" else name for name, kind in columns)
    rows = connection.execute(f"select {told} from marts.{table}").fetchall()
    return Counter(tuple(map(rounded, row)) for row in rows)


def rounded(value: Any) -> Any:
    """Sums of floats end differently by the order of their rows."""
    return float(f"{value:.9g}") if isinstance(value, float) else value


def examples(found: "Counter[tuple[Any, ...]]", wanted: "Counter[tuple[Any, ...]]") -> str:
    return " | ".join(str(next(iter(sorted(some, key=str)), "")) for some in (found, wanted))
