"""Deliveries of connectors -> raw: cast, keyed, counted, with what is bad set aside."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import duckdb

from orchestration.connectors.base import Delivery
from orchestration.landing.as_of import compute_as_of
from orchestration.landing.conform import CONFORMED, STAGED, conform, describe_rules
from orchestration.landing.contract import Entity, load_contract
from orchestration.landing.headers import FileError
from orchestration.landing.merging import (
    Aside,
    LoadCount,
    create_tables,
    drop_losers,
    merge,
    record_load,
    set_aside,
    tell_broken,
)
from orchestration.landing.phones import refresh_phone_numbers
from orchestration.landing.quarantine import WAITING, find_superseded, find_waiting
from orchestration.landing.reading import open_reading
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


_MUCH_BYTES = 1 << 26
"""So much in an entity's files is not held in memory, though raw be there to take it."""


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
    *,
    judge_all: bool = False,
) -> list[LoadCount]:
    """Land one connector's delivery, entity by entity, and keep the connector's state.

    Of what waits in quarantine, what may have come right is judged again; all of it where the
    rules have changed since the last night, or with `judge_all`.

    An entity that must stop (LANDING.md) leaves raw and quarantine as they were; the others land.
    Then the state is not kept, so that the next night is delivered the same again.
    Raises LandingError after everything that could be landed has been.
    """
    contract = load_contract()
    create_tables(connection, list(contract.values()))
    unknown = sorted(set(delivery.files) - set(contract))
    problems = [f"{connector}: {name} is no entity of LANDING.md" for name in unknown]
    counts: list[LoadCount] = []
    rules = describe_rules(delivery.time_zone)
    night = _Night(
        connection,
        settings,
        connector,
        delivery,
        run_id,
        judge_all=judge_all or _load_kept(connection, connector).get("rules") != rules,
    )
    for entity in contract.values():
        try:
            counts.append(_land_entity(night, entity))
        except FileError as error:
            problems.append(f"{connector} {entity.name}: {error}")
    if problems:
        raise LandingError(problems, counts)
    _save_state(night, rules)
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
        counts += land(connection, settings, name, delivery, run_id, judge_all=True)
    return [count for count in counts if count.replayed or count.rows_in]


def load_state(connection: duckdb.DuckDBPyConnection, connector: str) -> dict[str, Any]:
    """What the connector said with its last delivery that landed whole; empty before the first."""
    create_tables(connection, [])
    return dict(_load_kept(connection, connector)["state"])


@dataclass(frozen=True)
class _Night:
    """One connector's delivery on its way into raw."""

    connection: duckdb.DuckDBPyConnection
    settings: Settings
    connector: str
    delivery: Delivery
    run_id: str
    judge_all: bool


def _land_entity(night: _Night, entity: Entity) -> LoadCount:
    connection = night.connection
    waiting = find_waiting(connection, entity, night.connector, judge_all=night.judge_all)
    if not night.delivery.files.get(entity.name) and not waiting:
        count = LoadCount(night.connector, entity.name, 0, 0, 0, 0, 0)
        record_load(connection, night.run_id, count)
        return count
    try:
        table = _conform_files(night, entity)
        superseded = find_superseded(connection, entity, night.connector, table)
        if waiting:
            _conform(night, entity, [WAITING], table, is_replayed=True)
        aside = set_aside(connection, table)
        _refuse_too_many_problems(night, aside)
        drop_losers(connection, entity, table)
        return merge(
            connection,
            entity,
            table,
            aside,
            connector=night.connector,
            run_id=night.run_id,
            superseded=superseded,
        )
    finally:
        connection.execute(f"drop table if exists {STAGED}")


def _conform_files(night: _Night, entity: Entity) -> str:
    """Judge the rows of the delivered files; returns the table that they are in."""
    with open_reading(night.connection, entity, night.delivery, night.settings.tmp_dir) as reading:
        table = STAGED if _is_much(night, entity) else CONFORMED
        try:
            _conform(night, entity, reading.queries(), table)
            if reading.settle_odd(table):
                _conform(night, entity, reading.queries(), table)
        except duckdb.Error:
            # Most likely a file that can't be read: read by itself, it is told by its name.
            reading.copy_all()
            _conform(night, entity, reading.queries(), table)
    return table


def _conform(
    night: _Night, entity: Entity, queries: list[str], table: str, *, is_replayed: bool = False
) -> None:
    conform(
        night.connection,
        entity,
        queries,
        table,
        connector=night.connector,
        run_id=night.run_id,
        time_zone=night.delivery.time_zone,
        is_replayed=is_replayed,
    )


def _is_much(night: _Night, entity: Entity) -> bool:
    """Whether the rows go into the build file at once: memory would not hold them, or raw is empty.

    Then what was written becomes the entity's table.
    """
    files = night.delivery.files.get(entity.name, ())
    if sum(path.stat().st_size for path in files) > _MUCH_BYTES:
        return True
    known = night.connection.execute(f"select 1 from {entity.table} limit 1").fetchall()
    return not known


def _refuse_too_many_problems(night: _Night, aside: Aside) -> None:
    settings = night.settings
    share = settings.max_quarantined_share
    if aside.bad > settings.min_quarantined_rows and aside.bad > share * aside.rows_in:
        told = "; ".join(
            f"{rule} in {rows} rows (first: {file} line {line})"
            for rule, rows, file, line in tell_broken(night.connection)
        )
        raise FileError(
            f"{aside.bad} of {aside.rows_in} new rows break the contract, more than "
            f"{share:.0%}: {told}"
        )


def _save_state(night: _Night, rules: str) -> None:
    kept = {
        "state": dict(night.delivery.state),
        "time_zone": night.delivery.time_zone,
        "rules": rules,
    }
    connection = night.connection
    connection.execute("begin")
    connection.execute("delete from raw.connector_states where connector = ?", [night.connector])
    connection.execute(
        "insert into raw.connector_states values (?, ?, ?)",
        [night.connector, json.dumps(kept), night.run_id],
    )
    connection.execute("commit")


def _load_kept(connection: duckdb.DuckDBPyConnection, connector: str) -> Mapping[str, Any]:
    found = connection.execute(
        "select state from raw.connector_states where connector = ?", [connector]
    ).fetchall()
    return json.loads(found[0][0]) if found else {"state": {}, "time_zone": "UTC"}
