"""Raw rows -> `raw.links`: which records have to do with each other.

A record is a *node*, a 64-bit hash of its kind and id: links of millions of records are then pairs
of integers. Two records of one hash would only be computed together, which spoils nothing. Links
only grow until the next rebuild: one too many costs a little, one missing would leave a record as
it was.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import duckdb

from orchestration.landing.contract import load_contract

TABLE = "raw.links"
NOBODYS = "nobodys"
"""Temporary table of the nodes that link nothing."""
NUMBER = "case direction when 'outbound' then to_number when 'inbound' then from_number end"
CALL = "coalesce(linked_id, call_id)"
"""A call is its legs (KPIS.md 1)."""


def node(kind: str, column: str) -> str:
    """SQL of a record's node; null where there is no id."""
    return f"case when {column} is not null then hash({column}, '{kind}') end"


# What a row names. Its first that is filled stands for the row: all of them are linked with it.
HUBS: Mapping[str, tuple[str, ...]] = {
    "crm_accounts": (node("account", "account_id"),),
    "crm_contacts": (
        node("contact", "contact_id"),
        node("account", "account_id"),
        node("contact", "merged_into_id"),
    ),
    "crm_leads": (
        node("lead", "lead_id"),
        node("contact", "contact_id"),
        node("account", "account_id"),
        node("lead", "merged_into_id"),
    ),
    "crm_deals": (
        node("deal", "deal_id"),
        node("lead", "lead_id"),
        node("contact", "contact_id"),
        node("account", "account_id"),
        node("deal", "merged_into_id"),
    ),
    "crm_stage_changes": ("hash(object_id, object_type)",),
    "crm_owner_changes": ("hash(object_id, object_type)",),
    "crm_activities": (
        node("lead", "lead_id"),
        node("contact", "contact_id"),
        node("deal", "deal_id"),
        node("email", "lower(trim(email))"),
        node("phone", "trim(phone)"),
        node("activity", "activity_id"),
    ),
    "crm_collateral_events": (
        node("lead", "lead_id"),
        node("contact", "contact_id"),
        node("deal", "deal_id"),
        node("event", "event_id"),
    ),
    "telephony_calls": (node("phone", f"trim({NUMBER})"), node("call", CALL)),
}

# What nobody but the row itself has; linked only where something else names it.
_OWN = ("crm_activities", "crm_collateral_events", "telephony_calls")


@dataclass(frozen=True)
class Changed:
    """Which rows of raw are other than they were, or seen for the first time."""

    run_ids: tuple[str, ...]
    """The runs that brought them."""
    seen_until: datetime
    """The marts saw nothing that happened after this (UTC) …"""
    as_of: datetime
    """… and are to see what happened up to this."""
    spellings: int
    """Entries of raw.phone_numbers that were there."""

    def rows(self, table: str) -> str:
        """SQL condition on an entity's table."""
        listed = ", ".join(f"'{run_id}'" for run_id in self.run_ids) or "null"
        came = f"_run_id in ({listed})"
        if self.as_of == self.seen_until:
            return came
        moments = [
            column.name
            for entity in load_contract().values()
            if entity.table == f"raw.{table}"
            for column in entity.columns
            if column.kind == "time"
        ]
        between = f"between '{self.seen_until}'::timestamp and '{self.as_of}'::timestamp"
        return f"({' or '.join([came, *(f'{moment} {between}' for moment in moments)])})"


def hub(table: str) -> str:
    """SQL of the node that stands for a row."""
    hubs = HUBS[table]
    return f"coalesce({', '.join(hubs)})" if len(hubs) > 1 else hubs[0]


def named_hubs(table: str) -> tuple[str, ...]:
    """What a row names, without itself."""
    return HUBS[table][:-1] if table in _OWN else HUBS[table]


def add_links(connection: duckdb.DuckDBPyConnection, changed: Changed | None = None) -> None:
    """Add what the changed rows link with each other and with the rest; None: all rows, anew."""
    connection.execute(f"create table if not exists {TABLE} (a ubigint, b ubigint)")
    if changed is None:
        connection.execute(f"truncate {TABLE}")
    spellings = "true" if changed is None else f"rowid >= {changed.spellings}"
    parts = [
        *(_star(table, changed) for table in HUBS if len(named_hubs(table)) > 1),
        _points("phones", "phone", changed),
        _points("lower(emails)", "email", changed),
        f"select {node('phone', 'written')} as a, {node('e164', 'e164')} as b "
        f"from raw.phone_numbers where e164 is not null and {spellings}",
        *_call_links(changed),
        *_event_links(changed),
    ]
    find_nobodys(connection)
    connection.execute(
        f"""
        insert into {TABLE} select distinct a, b from ({" union all ".join(parts)})
        where a is not null and b is not null and a <> b
            and a not in (select node from {NOBODYS}) and b not in (select node from {NOBODYS})
        """
    )


def find_nobodys(connection: duckdb.DuckDBPyConnection) -> None:
    """Numbers such as «anonymous»: they would make one person of all who have them."""
    connection.execute(
        f"""
        create or replace temp table {NOBODYS} as
        select {node("phone", "written")} as node from raw.phone_numbers group by written
        having count(*) filter (
            where e164 not in (select e164 from seeds.phone_placeholders)
        ) = 0
        """
    )


def _star(table: str, changed: Changed | None) -> str:
    """The first that a row names with each other one; what many rows say alike, once."""
    hubs = named_hubs(table)
    names = [f"h{place}" for place in range(len(hubs))]
    told = ", ".join(f"{sql} as {name}" for sql, name in zip(hubs, names, strict=True))
    return (
        f"select coalesce({', '.join(names)}) as a, unnest([{', '.join(names[1:])}]) as b "
        f"from (select distinct {told} from raw.{table} where {_among(table, changed)})"
    )


def _points(column: str, kind: str, changed: Changed | None) -> str:
    """A contact with its numbers or addresses."""
    return (
        f"select contact as a, {node(kind, 'point')} as b from (select "
        f"{node('contact', 'contact_id')} as contact, trim(unnest(string_split({column}, ';'))) "
        f"as point from raw.crm_contacts where {column} is not null "
        f"and {_among('crm_contacts', changed)})"
    )


def _call_links(changed: Changed | None) -> tuple[str, ...]:
    """Activities with the calls that they name; these, and calls of several legs, with numbers."""
    number, call = HUBS["telephony_calls"]
    new_calls = _among("telephony_calls", changed)
    # By the telephony's own id, of the call or of a leg of it.
    named = (
        f"select unnest([substr(call_id, length(_connector) + 2), "
        f"substr({CALL}, length(_connector) + 2)]) as native_id, {CALL} as call "
        "from raw.telephony_calls"
    )
    naming = (
        f"select telephony_call_id, {hub('crm_activities')} as activity "
        "from raw.crm_activities where telephony_call_id is not null"
    )
    pairs = " union ".join(
        f"select naming.activity, named.call from ({one}) as naming inner join "
        f"({other}) as named on naming.telephony_call_id = named.native_id"
        for one, other in _changed_on_a_side(
            naming,
            f"{naming} and {_among('crm_activities', changed)}",
            named,
            f"{named} where {new_calls}",
            changed,
        )
    )
    several = "call_id <> linked_id" if changed is None else new_calls
    return (
        f"select activity as a, {node('call', 'call')} as b from ({pairs})",
        f"select {call} as a, {number} as b from raw.telephony_calls where {CALL} in ("
        f"select {CALL} from raw.telephony_calls where {several} union "
        f"select call from ({pairs}))",
    )


def _event_links(changed: Changed | None) -> tuple[str, ...]:
    """Collateral with the email or message that it came with."""
    events, activities = (
        f"select activity_id, {hub(table)} as hub from raw.{table} where activity_id is not null"
        for table in ("crm_collateral_events", "crm_activities")
    )
    return tuple(
        f"select events.hub as a, activities.hub as b from ({one}) as events inner join "
        f"({other}) as activities on events.activity_id = activities.activity_id"
        for one, other in _changed_on_a_side(
            events,
            f"{events} and {_among('crm_collateral_events', changed)}",
            activities,
            f"{activities} and {_among('crm_activities', changed)}",
            changed,
        )
    )


def _changed_on_a_side(
    one: str, changed_one: str, other: str, changed_other: str, changed: Changed | None
) -> tuple[tuple[str, str], ...]:
    """What to join: few changed rows with all, on either side, and never all with all again."""
    return ((one, other),) if changed is None else ((changed_one, other), (one, changed_other))


def _among(table: str, changed: Changed | None) -> str:
    return "true" if changed is None else changed.rows(table)
