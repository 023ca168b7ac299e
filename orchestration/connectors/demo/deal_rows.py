"""crm/deals, and what became of them."""

# ruff: noqa: PLR2004
# The chances that make up the model stand where they are used.

import numpy as np
import pyarrow as pa

from orchestration.connectors.demo import text
from orchestration.connectors.demo.deals import BETWEEN, CURRENCIES, LOST, MAIN, STAGES, WON
from orchestration.connectors.demo.draws import NEVER, Ints, hashed
from orchestration.connectors.demo.lead_rows import arrival_days, latest, stage_arrivals
from orchestration.connectors.demo.leads import NONE, UPSELL
from orchestration.connectors.demo.unit import Unit, Window


def deal_owners(unit: Unit, rows: Ints, times: Ints) -> Ints:
    """Whose deal it was at that time."""
    deals, leads = unit.deals, unit.leads
    lead = deals.lead[rows]
    first = leads.owner_at(lead, deals.created[rows])
    return np.where(times >= deals.moved_at[rows], leads.next_owner[lead], first)


def deal_table(unit: Unit, window: Window) -> pa.Table:
    deals, leads = unit.deals, unit.leads
    others = np.stack(
        [deals.corrected_at, deals.moved_at, deals.merged_at, deals.deleted_at], axis=1
    )
    events = np.concatenate([deals.times, others], axis=1)
    days = arrival_days(events, leads.late[deals.lead])
    rows = np.flatnonzero(window.holds(days).any(axis=1))
    seen, width = days[rows] <= window.upto, deals.times.shape[1]
    lead, key = deals.lead[rows], deals.number[rows]
    stage = latest(events[rows, :width], deals.stages[rows], seen[:, :width])
    is_closed = np.isin(stage, (WON, LOST))
    closings = deals.is_closing()[rows] & seen[:, :width]
    closed = np.where(closings, deals.times[rows], 0).max(axis=1)
    corrected, moved, merged, deleted = (seen[:, width + i] for i in range(4))
    amount = np.where(is_closed, deals.amount[rows], deals.estimate[rows])
    amount = np.where(corrected, deals.correction[rows], amount)
    pipeline = np.where((leads.slot[lead] == UPSELL) | (deals.slot[rows] > MAIN), 1, 0)
    first = leads.owner_at(lead, deals.created[rows])
    return pa.table({
        "deal_id": text.ids("D", key),
        "lead_id": text.ids("L", leads.number[lead]),
        "contact_id": text.ids("P", leads.contact[lead]),
        "account_id": text.ids("C", leads.account[lead]),
        "owner_rep_id": text.ids("R", np.where(moved, leads.next_owner[lead], first), 1),
        "pipeline": text.pick(("new business", "existing customers"), pipeline),
        "stage": text.pick(STAGES, stage),
        "amount": text.amounts(amount),
        "currency": text.pick(CURRENCIES, deals.currency[rows]),
        "created_at": text.times(deals.created[rows], key),
        "updated_at": text.times(np.where(seen, events[rows], 0).max(axis=1), key + 1),
        "closed_at": text.times(np.where(is_closed, closed, NEVER), key + 2),
        "is_deleted": text.flags(deleted),
        "merged_into_id": text.ids("D", np.where(merged, key // 10 * 10, NONE)),
    })  # fmt: skip


def deal_stage_table(unit: Unit, window: Window) -> pa.Table:
    deals = unit.deals
    late = unit.leads.late[deals.lead]
    days = stage_arrivals(deals.times, late, deals.number, BETWEEN)
    row, event = np.nonzero(window.holds(days))
    when = deals.times[row, event]
    key = deals.number[row] * 16 + event
    owner = deal_owners(unit, row, when)
    return pa.table({
        "object_type": text.pick(("deal",), np.zeros(len(row), np.int64)),
        "object_id": text.ids("D", deals.number[row]),
        "stage": text.pick(STAGES, deals.stages[row, event]),
        "changed_at": text.times(when, key),
        "rep_id": text.ids("R", np.where(hashed(key, 41) < 0.9, owner, NONE), 1),
    })  # fmt: skip


def deal_owner_table(unit: Unit, window: Window) -> pa.Table:
    deals = unit.deals
    times = np.stack([deals.created, deals.moved_at], axis=1)
    days = arrival_days(times, unit.leads.late[deals.lead])
    row, event = np.nonzero(window.holds(days))
    return pa.table({
        "object_type": text.pick(("deal",), np.zeros(len(row), np.int64)),
        "object_id": text.ids("D", deals.number[row]),
        "owner_rep_id": text.ids("R", deal_owners(unit, row, times[row, event]), 1),
        "changed_at": text.times(times[row, event], deals.number[row] + event),
    })  # fmt: skip
