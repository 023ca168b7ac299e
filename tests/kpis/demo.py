"""The marts of a small made-up company, in memory: richer than a random world."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import duckdb

from orchestration.connectors.base import Context
from orchestration.connectors.demo import CONNECTOR
from orchestration.landing import (
    compute_as_of,
    land,
    load_connector_stages,
    refresh_phone_numbers,
)
from orchestration.settings import build_settings
from tests.kpis.warehouse import open_warehouse, transform


@contextmanager
def open_demo(home: Path, leads: int = 150) -> Iterator[tuple[duckdb.DuckDBPyConnection, datetime]]:
    """A connection to the build, and the moment that its marts describe."""
    settings = build_settings(home=home)
    with open_warehouse() as connection:
        delivery = CONNECTOR.extract(Context({"leads": str(leads)}, {}, home / "landing"))
        land(connection, settings, "demo", delivery, "run")
        refresh_phone_numbers(connection, settings)
        load_connector_stages(connection)
        as_of = compute_as_of(connection, settings)
        transform(connection, as_of)
        yield connection, as_of
