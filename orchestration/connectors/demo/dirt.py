"""Rows that break the contract: copies of real rows under ids of their own.

So no truth is touched.

Less than one row in a hundred; counted, so that quarantine can be held against the count.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from orchestration.connectors.demo.draws import Ints, hashed

REPEATED = "repeated_row"
"""The rule under which rows delivered twice are counted: replaced, not quarantined."""
_SHARE, _REPEATED_SHARE = 0.004, 0.003
_NO_DAY = "2026-02-30T10:00:00Z"
_NOON, _BEFORE = "2026-03-10T12:00:00Z", "2026-03-10T11:58:30Z"


@dataclass(frozen=True)
class Rule:
    """One way to break a row: what is put into which columns (None: nothing)."""

    name: str
    """As quarantine names it."""
    cells: Mapping[str, str | None]


_RULES: Mapping[str, tuple[str, tuple[Rule, ...]]] = {
    "crm/leads": ("lead_id", (
        Rule("empty:status", {"status": None}),
        Rule("bad_time:created_at", {"created_at": _NO_DAY}),
    )),
    "crm/deals": ("deal_id", (
        Rule("bad_number:amount", {"amount": "twelve"}),
        Rule("empty:stage", {"stage": None}),
        Rule("negative:amount", {"amount": "-100.00"}),
    )),
    "crm/contacts": ("contact_id", (Rule("bad_time:updated_at", {"updated_at": "yesterday"}),)),
    "crm/stage_changes": ("object_id", (
        Rule("missing_reference:object_id", {}),
        Rule("bad_time:changed_at", {"changed_at": "31.02."}),
    )),
    "crm/activities": ("activity_id", (
        Rule("ends_before_it_starts", {"started_at": _NOON, "ended_at": _BEFORE}),
        Rule("bad_time:started_at", {"started_at": _NO_DAY}),
        Rule("empty:kind", {"kind": None}),
        Rule("bad_number:duration_seconds", {"duration_seconds": "a while"}),
    )),
    "crm/collateral_events": ("event_id", (
        Rule("missing_reference:collateral_id", {"collateral_id": "B9999"}),
        Rule("unknown_value:event", {"event": "lost"}),
    )),
    "telephony/calls": ("call_id", (
        Rule("ends_before_it_starts", {
            "started_at": _NOON, "answered_at": None, "ended_at": _BEFORE, "talk_seconds": None,
        }),
        Rule("bad_time:started_at", {"started_at": "n/a"}),
        Rule("unknown_value:disposition", {"disposition": "SUCCESS"}),
    )),
}  # fmt: skip
_REPEATED_IN = ("crm/activities", "crm/stage_changes", "telephony/calls")


def soiled(entity: str, table: pa.Table) -> tuple[pa.Table, dict[str, int]]:
    """The table with bad rows behind the good ones, and how many there are by rule."""
    if entity not in _RULES or not table.num_rows:
        return table, {}
    column, rules = _RULES[entity]
    keys = _keys(table, column)
    parts, counts = [table], {}
    copied = np.flatnonzero(hashed(keys, 141) < _SHARE)
    which = (hashed(keys[copied], 142) * len(rules)).astype(np.int64)
    for number, rule in enumerate(rules):
        rows = copied[which == number]
        if len(rows):
            parts.append(_broken(table.take(pa.array(rows)), column, rule))
            counts[rule.name] = len(rows)
    repeated = np.flatnonzero(hashed(keys, 143) < _REPEATED_SHARE)
    if entity in _REPEATED_IN and len(repeated):
        parts.append(table.take(pa.array(repeated)))
        counts[REPEATED] = len(repeated)
    return pa.concat_tables(parts), counts


def _keys(table: pa.Table, column: str) -> Ints:
    """The number in the key; the history of an object has many rows, so there its time comes in."""
    number = pc.utf8_slice_codeunits(table[column], 1).cast(pa.int64())
    keys = np.asarray(number, np.int64)
    if "changed_at" in table.column_names:
        minute = pc.utf8_slice_codeunits(table["changed_at"], 14, 16).cast(pa.int64())
        second = pc.utf8_slice_codeunits(table["changed_at"], 17, 19).cast(pa.int64())
        keys = keys * 3_600 + np.asarray(minute, np.int64) * 60 + np.asarray(second, np.int64)
    return keys


def _broken(rows: pa.Table, column: str, rule: Rule) -> pa.Table:
    """Under an id of its own, so that it replaces no good row."""
    rows = _with(rows, column, lambda old: pc.binary_join_element_wise("X", old, ""))
    for name, cell in rule.cells.items():
        rows = _with(rows, name, partial(_filled, cell))
    return rows


def _filled(cell: str | None, old: pa.Array) -> pa.Array:
    return pa.array([cell] * len(old), pa.string())


def _with(rows: pa.Table, column: str, change: Callable[[pa.Array], pa.Array]) -> pa.Table:
    place = rows.schema.get_field_index(column)
    old = rows.column(place).combine_chunks()
    text = old.cast(pa.string())
    return rows.set_column(place, rows.schema.field(place), change(text).cast(old.type))
