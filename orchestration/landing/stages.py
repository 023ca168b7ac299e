"""What each connector's native stages mean: its `stages.csv`, then what its system itself says.

The seed stage_map overrules both.
"""

from collections.abc import Iterable

import duckdb

from orchestration.settings import PROJECT_DIR

CONNECTORS_DIR = PROJECT_DIR / "orchestration" / "connectors"

_TOLD = (
    '[{"object_type": "varchar", "native_stage": "varchar", "funnel_step": "varchar", '
    '"is_excluded": "boolean"}]'
)


def load_connector_stages(
    connection: duckdb.DuckDBPyConnection, connectors: Iterable[str] | None = None
) -> int:
    """Fill raw.connector_stages anew; returns its number of rows."""
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
    _add_told(connection, names)
    ((rows,),) = connection.execute("select count(*) from raw.connector_stages").fetchall()
    return int(rows)


def _add_told(connection: duckdb.DuckDBPyConnection, names: list[str] | None) -> None:
    """A company's own stages, as connectors keep them in their state."""
    states = connection.execute(
        "select 1 from information_schema.tables "
        "where table_schema = 'raw' and table_name = 'connector_states'"
    )
    if not states.fetchall():
        return
    connection.execute(
        """
        insert into raw.connector_stages
        with told as (
            select connector, unnest(from_json(state -> '$.state.stages', $shape)) as stage
            from raw.connector_states
            where $names is null or list_contains($names, connector)
        )
        select connector, stage.object_type, stage.native_stage, stage.funnel_step,
            coalesce(stage.is_excluded, false)
        from told
        where not exists (
            select 1 from raw.connector_stages as known
            where known.connector = told.connector
                and known.object_type = told.stage.object_type
                and lower(known.native_stage) = lower(told.stage.native_stage)
        )
        """,
        {"names": names, "shape": _TOLD},
    )
