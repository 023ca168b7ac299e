"""The moment that the marts describe."""

from datetime import datetime

import duckdb

from orchestration.landing.contract import load_contract
from orchestration.settings import Settings


def compute_as_of(connection: duckdb.DuckDBPyConnection, settings: Settings) -> datetime:
    """The setting, else the latest event time in raw that is not in the future (naive, UTC).

    Raises ValueError where there is no row with a time at all.
    """
    if settings.as_of is not None:
        return settings.as_of
    latest = " union all ".join(
        f"select max({column.name}) filter (where {column.name} <= make_timestamp(epoch_us(now())))"
        f" as moment from {entity.table}"
        for entity in load_contract().values()
        for column in entity.columns
        if column.event_time
    )
    ((moment,),) = connection.execute(f"select max(moment) from ({latest})").fetchall()
    if moment is None:
        raise ValueError("no row with a time has landed: there is nothing to describe yet")
    assert isinstance(moment, datetime)
    return moment
