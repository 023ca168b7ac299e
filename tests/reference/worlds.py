"""Random small companies, rich in collisions, as rows of LANDING.md; all rows are valid.

Few people, few numbers and few times, so that ties and the borders of the rules (120 s, 30 s of
talk, 30 and 60 minutes, 24 hours, 14 and 30 days) come up by themselves. `worlds` is for
hypothesis, which shrinks a failure to the rows that matter; `random_world` is for many at once.
"""

from __future__ import annotations

import csv
import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from tests.reference.world_rows import (
    ACCOUNTS,
    Choose,
    Draft,
    Several,
    account_rows,
    activity_drafts,
    call_drafts,
    collateral_drafts,
    contact_drafts,
    deal_drafts,
    event_drafts,
    lead_drafts,
    leg_drafts,
    owner_change_drafts,
    quota_drafts,
    run_drafts,
    take,
)
from tests.reference.world_seeds import REPS, SEEDS
from tests.reference.world_tables import (
    Table,
    add_activities,
    add_calls,
    add_events,
    add_owner_changes,
    add_records,
    add_runs,
    numbered,
    quotas,
)
from tests.reference.world_tables import contacts as contact_table

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class World:
    """The files of a drop folder, by entity, and those of `seeds`, by table."""

    tables: dict[str, Table]
    seeds: dict[str, Table] = field(default_factory=dict)


def write_world(world: World, folder: Path, seeds: Path | None = None) -> Path:
    """Writes the drop folder and its seeds (by default into `folder / "seeds"`)."""
    for entity, rows in world.tables.items():
        if rows:
            _write(folder / f"{entity}.csv", rows)
    seeds = seeds or folder / "seeds"
    for name, rows in world.seeds.items():
        _write(seeds / f"{name}.csv", rows)
    return seeds


def _write(file: Path, rows: Table) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    columns = list(dict.fromkeys(column for row in rows for column in row))
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, columns, restval="")
        writer.writeheader()
        writer.writerows(rows)


@st.composite
def worlds(draw: st.DrawFn, *, most: int = 40) -> World:
    """A company with up to 12 leads and about `most` activities and as many telephony legs."""
    return make_world(lambda count: draw(st.integers(0, count - 1)), most)


def random_world(seed: int, *, most: int = 40) -> World:
    return make_world(random.Random(seed).randrange, most)


def make_world(choose: Choose, most: int) -> World:
    def rows(row: Draft, least: int, upto: int) -> list[Draft]:
        drafts: list[Draft] = take(Several(row, upto, least), choose)
        return drafts

    contacts = rows(contact_drafts, 1, 4)
    leads = rows(lead_drafts, 1, 12)
    deals = rows(deal_drafts, 0, 8)
    calls = rows(call_drafts, 0, most // 3)
    counts = {"C": len(contacts), "L": len(leads), "D": len(deals)}
    tables: dict[str, Table] = {
        "crm/reps": REPS,
        "crm/accounts": account_rows(choose(ACCOUNTS + 1)),
        "crm/contacts": contact_table(contacts),
        "crm/leads": [],
        "crm/deals": [],
        "crm/stage_changes": [],
        "crm/owner_changes": [],
        "crm/activities": [],
        "crm/collateral": numbered("S", rows(collateral_drafts, 0, 3), "collateral_id"),
        "crm/quotas": quotas(rows(quota_drafts, 0, 4)),
        "telephony/calls": [],
    }
    add_records(tables, "lead", "L", leads, counts)
    add_records(tables, "deal", "D", deals, counts)
    add_owner_changes(tables, rows(owner_change_drafts, 0, 8), counts)
    add_calls(tables, calls, rows(leg_drafts, 0, most // 4), counts)
    add_activities(tables, rows(activity_drafts, 0, most // 2), counts)
    add_runs(tables, rows(run_drafts, 0, 2), counts)
    add_events(tables, rows(event_drafts, 0, 10), counts)
    return World(tables, SEEDS)
