"""crm/reps, collateral and quotas: what is the company's own."""

from datetime import timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from orchestration.connectors.demo import phones, text
from orchestration.connectors.demo.company import (
    EPOCH,
    ITEM_EVERY_DAYS,
    TEAMS,
    ZONES,
    Company,
    item_published,
    item_retired,
)
from orchestration.connectors.demo.draws import NEVER, hashed, whole
from orchestration.connectors.demo.names import rep_emails, rep_names
from orchestration.connectors.demo.unit import Window

_KINDS = ("case study", "price list", "brochure", "video", "white paper")
_TOPICS = ("start", "savings", "security", "integration", "support", "comparison")
_CURRENCY_OF_TEAM = ("RUB", "GBP", "USD")
_MONTHLY = np.array([2_700_000, 24_000, 30_000])


def rep_table(company: Company, window: Window) -> pa.Table:
    """Everybody, on the day that somebody comes and again on the day that somebody leaves."""
    reps = company.reps
    first = np.maximum(reps.hired, company.first_day)
    changes = np.stack([first, reps.leaves], axis=1)
    rows = np.flatnonzero(window.holds(changes).any(axis=1))
    names = rep_names(rows)
    return pa.table({
        "rep_id": text.ids("R", rows, 1),
        "full_name": pc.binary_join_element_wise(*names, " "),
        "email": rep_emails(rows),
        "phone": phones.spelled_by_people(phones.GB * 10**10 + phones.COMPANY_NUMBERS + rows, rows),
        "extension": text.whole_numbers(700 + rows),
        "team": text.pick(TEAMS, reps.team[rows]),
        "time_zone": text.pick(ZONES, reps.zone[rows]),
        "is_active": text.flags(reps.leaves[rows] > window.upto),
        "hired_on": text.dates(reps.hired[rows]),
    })  # fmt: skip


def collateral_table(company: Company, window: Window) -> pa.Table:
    """Items, on the day that they are published and again when they are retired."""
    start = int(item_published(company, np.zeros(1, np.int64))[0])
    items = np.arange((window.upto - start) // ITEM_EVERY_DAYS + 1)
    published, retired = item_published(company, items), item_retired(company, items)
    rows = items[window.holds(np.stack([published, retired], axis=1)).any(axis=1)]
    kind, topic = whole(hashed(rows, 73) * len(_KINDS)), whole(hashed(rows, 74) * len(_TOPICS))
    retired = np.where(retired[rows] <= window.upto, retired[rows], NEVER)
    words = (text.pick(_KINDS, kind).cast(pa.string()), text.pick(_TOPICS, topic).cast(pa.string()))
    return pa.table({
        "collateral_id": text.ids("B", rows, 1),
        "title": pc.binary_join_element_wise(*words, text.whole_numbers(rows), " "),
        "kind": words[0],
        "topic": words[1],
        "published_on": text.dates(published[rows]),
        "retired_on": text.dates(retired),
    })  # fmt: skip


def quota_table(company: Company, window: Window) -> pa.Table:
    """A quota a rep and month, on the first of the month."""
    reps = company.reps
    first = max(window.after + 1, company.first_day - 31)
    days = [EPOCH + timedelta(days=day) for day in range(first, window.upto + 1)]
    months = np.array([(day - EPOCH).days for day in days if day.day == 1], np.int64)
    rep = np.repeat(np.arange(len(reps.zone)), len(months))
    month = np.tile(months, len(reps.zone))
    here = (reps.hired[rep] < month + 28) & (reps.leaves[rep] > month)
    rep, month = rep[here], month[here]
    amount = _MONTHLY[reps.team[rep]] * (0.8 + 0.4 * hashed(rep * 10**6 + month, 75))
    return pa.table({
        "rep_id": text.ids("R", rep, 1),
        "month": text.dates(month),
        "amount": text.amounts(np.round(amount, -2)),
        "currency": text.pick(_CURRENCY_OF_TEAM, reps.team[rep]),
    })  # fmt: skip
