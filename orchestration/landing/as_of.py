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
    before = _last_night(connection)
    # Whatever is not before the last night's is later than all that is: most of raw is passed over.
    moment = _latest(connection, since=before) if before else None
    moment = moment or _latest(connection)
    if moment is None:
        raise ValueError("no row with a time has landed: there is nothing to describe yet")
    return moment


def _latest(
    connection: duckdb.DuckDBPyConnection, since: datetime | None = None
) -> datetime | None:
    begin = f"and {{0}} >= timestamp '{since}'" if since else ""
    latest = " union all ".join(
        f"select max({column.name}) as moment from {entity.table} "
        f"where {column.name} <= make_timestamp(epoch_us(now())) {begin.format(column.name)}"
        for entity in load_contract().values()
        for column in entity.columns
        if column.event_time
    )
    ((moment,),) = connection.execute(f"select max(moment) from ({latest})").fetchall()
    assert moment is None or isinstance(moment, datetime)
    return moment


def _last_night(connection: duckdb.DuckDBPyConnection) -> datetime | None:
    known = connection.execute(
        "select 1 from duckdb_tables() where schema_name = 'raw' and table_name = 'runs'"
    ).fetchall()
    if not known:
        return None
    moments = connection.execute(
        "select as_of from raw.runs order by started_at desc limit 1"
    ).fetchall()
    return moments[0][0] if moments else None
