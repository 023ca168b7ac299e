"""What a night has to compute: everything, or what its new, changed and newly seen rows touch."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import duckdb

from orchestration.affected.baseline import Baseline, marts_are_of, read_baseline
from orchestration.affected.basis import Basis
from orchestration.affected.links import CALL, HUBS, NOBODYS, TABLE, Changed, add_links, hub
from orchestration.affected.reps import moves_a_team, rep_nodes
from orchestration.landing.contract import load_contract
from orchestration.landing.merging import REPLACED, replaced_table

AFFECTED = "raw.affected"
MOST_AFFECTED = 0.3
"""Above this share of the leads, a rebuild costs less than finding out what to leave."""

# How the marts know the records that a table's rows name: kind -> id. A touch is an activity, or a
# call that the CRM does not know.
_IDS = {
    "crm_accounts": {"account": "account_id"},
    "crm_contacts": {"contact": "contact_id", "account": "account_id"},
    "crm_leads": {"lead": "lead_id", "contact": "contact_id", "account": "account_id"},
    "crm_deals": {
        "deal": "deal_id",
        "lead": "lead_id",
        "contact": "contact_id",
        "account": "account_id",
    },
    "crm_activities": {
        "activity": "activity_id",
        "deal": "deal_id",
        "lead": "lead_id",
        "contact": "contact_id",
    },
    "crm_collateral_events": {"event": "event_id"},
    "telephony_calls": {"call": CALL},
}


@dataclass(frozen=True)
class Scope:
    kind: Literal["all", "affected", "nothing"]
    """Whether to compute all, what stands in `raw.affected` (kind, id), or nothing."""
    reason: str
    """Why so, for people."""


def plan_scope(
    connection: duckdb.DuckDBPyConnection,
    basis: Basis,
    *,
    rebuild: bool = False,
    most_affected: float = MOST_AFFECTED,
) -> Scope:
    """Bring `raw.links` up to date, fill `raw.affected`, and say what is to be computed.

    Needs everything landed, and the seeds of the last build.
    """
    connection.execute(f"create or replace table {AFFECTED} (kind varchar, id varchar)")
    baseline = read_baseline(connection)
    if rebuild or baseline is None:
        return Scope("all", "asked for" if rebuild else "the marts have not been built whole")
    if reason := _reason_for_all(connection, baseline, basis):
        return Scope("all", reason)
    changed = _find_changed(connection, baseline, basis.as_of)
    if moves_a_team(connection, changed):
        return Scope("all", "a rep who worked leads is of another team")
    add_links(connection, changed)
    _reach(connection, changed, basis.ageing)
    _resolve(connection)
    share = _share_of_leads(connection)
    if share > most_affected:
        return Scope("all", f"{share:.0%} of the leads are affected")
    return Scope("affected", f"{share:.2%} of the leads are affected")


def is_as_it_was(connection: duckdb.DuckDBPyConnection, basis: Basis) -> bool:
    """Whether a build now would give what was built for the baseline, and checks find the same."""
    baseline = read_baseline(connection)
    if baseline is None or (baseline.as_of, baseline.code) != (basis.as_of, basis.code):
        return False
    if _reason_for_all(connection, baseline, basis):
        return False
    changed = _find_changed(connection, baseline, basis.as_of)
    rows = [
        f"select 1 from {source}"
        for entity in load_contract().values()
        for source in (
            f"{entity.table} where {changed.rows(entity.table.removeprefix('raw.'))}",
            replaced_table(entity),
        )
    ]
    found = connection.execute(f"{' union all '.join(rows)} limit 1").fetchall()
    return not found


def _reason_for_all(
    connection: duckdb.DuckDBPyConnection, baseline: Baseline, basis: Basis
) -> str | None:
    if baseline.fingerprint != basis.fingerprint:
        return "the project, a seed or a setting has changed"
    if basis.as_of < baseline.as_of:
        return "the marts are to describe an earlier moment than they do"
    found = connection.execute("select schema_name, table_name from duckdb_tables()").fetchall()
    missing = sorted({*basis.growing, TABLE} - {f"{schema}.{table}" for schema, table in found})
    if missing:
        return f"{', '.join(missing)} is not there"
    return None if marts_are_of(connection, baseline) else "the marts are not of this build file"


def _find_changed(
    connection: duckdb.DuckDBPyConnection, baseline: Baseline, as_of: datetime
) -> Changed:
    runs = connection.execute(
        "select distinct run_id from quality.loads where rowid >= ? order by run_id",
        [baseline.loads],
    ).fetchall()
    return Changed(tuple(run_id for (run_id,) in runs), baseline.as_of, as_of, baseline.spellings)


def _reach(connection: duckdb.DuckDBPyConnection, changed: Changed, ageing: str) -> None:
    """Every node that is linked with a changed row, as it is or was, over any number of links."""
    starts = [
        f"select unnest([{', '.join(hubs)}]) as node from {rows}"
        for table, hubs in HUBS.items()
        for rows in (
            f"raw.{table} where {changed.rows(table)}",
            f"{REPLACED}.{table}",
        )
    ]
    connection.execute(
        f"""
        create or replace temp table reached as
        with recursive neighbours as materialized (
            select a, b from {TABLE} union all select b, a from {TABLE}
        ),
        nodes(node) as (
            select node from (
                {" union all ".join([*starts, rep_nodes(changed), ageing])}
            )
            where node is not null and node not in (select node from {NOBODYS})
            union
            select neighbours.b from nodes inner join neighbours on nodes.node = neighbours.a
        )
        select distinct node from nodes
        """
    )


def _resolve(connection: duckdb.DuckDBPyConnection) -> None:
    """Nodes -> the ids of the records, and of what they name though it is not there."""
    # A row's nodes are hashes of texts: each table is gone through once, for all that it names.
    parts = [
        f"select unnest({list(ids)}) as kind, unnest([{', '.join(ids.values())}]) as id from {rows}"
        for table, ids in _IDS.items()
        for rows in (f"raw.{table} where {_rows_reached(table)}", f"{REPLACED}.{table}")
    ]
    connection.execute(
        f"insert into {AFFECTED} select distinct kind, id from ({' union all '.join(parts)}) "
        "where id is not null"
    )
    connection.execute(
        f"insert into {AFFECTED} select 'touch', id || case kind when 'call' then '#call' "
        f"else '' end from {AFFECTED} where kind in ('activity', 'call')"
    )


def _rows_reached(table: str) -> str:
    """SQL condition: the rows that are linked with a changed one."""
    reached = "(select node from reached)"
    own = HUBS[table][-1]
    condition = f"{hub(table)} in {reached}"
    return condition if own == hub(table) else f"({condition} or {own} in {reached})"


def _share_of_leads(connection: duckdb.DuckDBPyConnection) -> float:
    ((affected, leads),) = connection.execute(
        "select count(*) filter (where lead_id in "
        f"(select id from {AFFECTED} where kind = 'lead')), count(*) from raw.crm_leads"
    ).fetchall()
    return float(affected) / max(int(leads), 1)
