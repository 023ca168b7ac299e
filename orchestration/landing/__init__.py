"""Deliveries of connectors -> raw: cast, keyed, counted, with what is bad set aside."""

import json
from collections.abc import Mapping
from typing import Any

import duckdb

from orchestration.connectors.base import Delivery
from orchestration.landing.as_of import compute_as_of
from orchestration.landing.conform import conform
from orchestration.landing.contract import Entity, load_contract
from orchestration.landing.merging import (
    LoadCount,
    add_quarantined,
    count_problems,
    create_tables,
    merge,
)
from orchestration.landing.phones import refresh_phone_numbers
from orchestration.landing.reading import FileError, read_files
from orchestration.landing.stages import load_connector_stages
from orchestration.settings import Settings

__all__ = [
    "LandingError",
    "LoadCount",
    "compute_as_of",
    "land",
    "load_connector_stages",
    "load_state",
    "refresh_phone_numbers",
    "replay",
]


class LandingError(Exception):
    """Entities that had to stop: which file, which rule, how many rows, one message each."""

    def __init__(self, problems: list[str], counts: list[LoadCount]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems
        self.counts = counts


def land(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    connector: str,
    delivery: Delivery,
    run_id: str,
) -> list[LoadCount]:
    """Land one connector's delivery, entity by entity, and keep the connector's state.

    An entity that must stop (LANDING.md) leaves raw and quarantine as they were; the others land.
    Then the state is not kept, so that the next night is delivered the same again.
    Raises LandingError after everything that could be landed has been.
    """
    contract = load_contract()
    create_tables(connection, list(contract.values()))
    unknown = sorted(set(delivery.files) - set(contract))
    problems = [f"{connector}: {name} is no entity of LANDING.md" for name in unknown]
    counts: list[LoadCount] = []
    for entity in contract.values():
        try:
            counts.append(_land_entity(connection, settings, connector, entity, delivery, run_id))
        except FileError as error:
            problems.append(f"{connector} {entity.name}: {error}")
    if problems:
        raise LandingError(problems, counts)
    _save_state(connection, connector, delivery, run_id)
    return counts


def replay(
    connection: duckdb.DuckDBPyConnection, settings: Settings, run_id: str
) -> list[LoadCount]:
    """Judge everything in quarantine again, without asking any source."""
    create_tables(connection, list(load_contract().values()))
    names = connection.execute("select distinct connector from quarantine.rows").fetchall()
    counts: list[LoadCount] = []
    for (name,) in sorted(names):
        kept = _load_kept(connection, name)
        delivery = Delivery(files={}, state=kept["state"], time_zone=kept["time_zone"])
        counts += land(connection, settings, name, delivery, run_id)
    return [count for count in counts if count.replayed or count.rows_in]


def load_state(connection: duckdb.DuckDBPyConnection, connector: str) -> dict[str, Any]:
    """What the connector said with its last delivery that landed whole; empty before the first."""
    create_tables(connection, [])
    return dict(_load_kept(connection, connector)["state"])


def _land_entity(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    connector: str,
    entity: Entity,
    delivery: Delivery,
    run_id: str,
) -> LoadCount:
    read_files(
        connection,
        entity,
        delivery.files.get(entity.name, ()),
        root=delivery.root,
        encoding=delivery.encoding,
        tmp_dir=settings.tmp_dir,
    )
    _, superseded = add_quarantined(connection, entity, connector)
    conform(connection, entity, connector, delivery.time_zone)
    _refuse_too_many_problems(connection, settings)
    return merge(connection, entity, connector, run_id, superseded)


def _refuse_too_many_problems(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    problems = count_problems(connection)
    bad = sum(rows for _, rows, _, _ in problems)
    ((rows_in,),) = connection.execute(
        "select (select count(*) from conformed where not _is_replayed) "
        "+ (select count(*) from incoming_unreadable)"
    ).fetchall()
    if bad > settings.min_quarantined_rows and bad > settings.max_quarantined_share * rows_in:
        told = "; ".join(
            f"{rule} in {rows} rows (first: {file} line {line})"
            for rule, rows, file, line in problems
        )
        raise FileError(
            f"{bad} of {rows_in} new rows break the contract, more than "
            f"{settings.max_quarantined_share:.0%}: {told}"
        )


def _save_state(
    connection: duckdb.DuckDBPyConnection, connector: str, delivery: Delivery, run_id: str
) -> None:
    kept = {"state": dict(delivery.state), "time_zone": delivery.time_zone}
    connection.execute("begin")
    connection.execute("delete from raw.connector_states where connector = ?", [connector])
    connection.execute(
        "insert into raw.connector_states values (?, ?, ?)", [connector, json.dumps(kept), run_id]
    )
    connection.execute("commit")


def _load_kept(connection: duckdb.DuckDBPyConnection, connector: str) -> Mapping[str, Any]:
    found = connection.execute(
        "select state from raw.connector_states where connector = ?", [connector]
    ).fetchall()
    return json.loads(found[0][0]) if found else {"state": {}, "time_zone": "UTC"}
