"""What each connector's native stages mean, as its `stages.csv` says (the seed overrules it)."""

from collections.abc import Iterable

import duckdb

from orchestration.settings import PROJECT_DIR

CONNECTORS_DIR = PROJECT_DIR / "orchestration" / "connectors"


def load_connector_stages(
    connection: duckdb.DuckDBPyConnection, connectors: Iterable[str] | None = None
) -> int:
    """Fill raw.connector_stages anew from the connectors' folders; returns its number of rows."""
    names = sorted(connectors) if connectors is not None else None
    connection.execute("create schema if not exists raw")
    connection.execute(
        "create or replace table raw.connector_stages (connector varchar, object_type varchar, "
        "native_stage varchar, funnel_step varchar, is_excluded boolean)"
    )
    for path in sorted(CONNECTORS_DIR.glob("*/stages.csv")):
        if names is None or path.parent.name in names:
            connection.execute(
                "insert into raw.connector_stages select ?, object_type, native_stage, "
                "funnel_step, coalesce(is_excluded, false) from read_csv(?, header = true, "
                "columns = {'object_type': 'varchar', 'native_stage': 'varchar', "
                "'funnel_step': 'varchar', 'is_excluded': 'boolean'})",
                [path.parent.name, str(path)],
            )
    ((rows,),) = connection.execute("select count(*) from raw.connector_stages").fetchall()
    return int(rows)
