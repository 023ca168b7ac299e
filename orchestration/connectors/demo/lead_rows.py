"""crm/leads, contacts, accounts and what became of leads: rows as the CRM would export them.

A lead's row is the state at the end of the night's last day; it is delivered again on every night
on which something about it changed.
"""

# ruff: noqa: PLR2004
# The chances that make up the model stand where they are used.

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from orchestration.connectors.demo import phones, text
from orchestration.connectors.demo.draws import DAY, NEVER, Bools, Ints, delay_days, hashed, whole
from orchestration.connectors.demo.leads import (
    CHANNELS,
    COUNTRIES,
    EXCLUDED,
    NONE,
    SLOTS,
    SOURCES,
)
from orchestration.connectors.demo.names import (
    INDUSTRIES,
    LAST_NAMES,
    TRADES,
    name_parts,
)
from orchestration.connectors.demo.unit import Unit, Window

STATUSES = ("new", "working", "qualified", "converted", "disqualified", *EXCLUDED)
NEW, WORKING, QUALIFIED, CONVERTED, DISQUALIFIED, FIRST_EXCLUDED = range(6)
_COUNTRY_ZONES = ("Europe/Moscow", "America/New_York", "Europe/London")


def lead_statuses(unit: Unit) -> tuple[Ints, Ints]:
    """(times, codes), each lead x 6: when a lead came into which status."""
    leads, path = unit.leads, unit.path
    working = np.where(path.working < leads.cut, path.working, NEVER)
    skips = path.skipped & (path.opened < NEVER)
    qualified = np.where(skips, NEVER, path.qualified)
    times = np.stack(
        [leads.created, working, qualified, path.opened, path.disqualified, leads.excluded_at],
        axis=1,
    )
    codes = np.tile(np.arange(6), (len(leads), 1))
    codes[:, 5] = FIRST_EXCLUDED + np.maximum(leads.excluded, 0)
    return times, codes


def arrival_days(times: Ints, late: Ints) -> Ints:
    """Day of each event (object x event), later by the object's own delay; NEVER stays."""
    return np.where(times < NEVER, times // DAY + late[:, None], NEVER)


def stage_arrivals(times: Ints, late: Ints, keys: Ints, may_be_later: tuple[int, ...]) -> Ints:
    """The same for rows of the stage history; those of some columns arrive later than their object.

    Never those that decide how far a lead came: the truth of a night would be a matter of taste.
    """
    days = arrival_days(times, late)
    for column in may_be_later:
        own = delay_days(keys * 16 + column, 35, 0.04)
        more = np.maximum(own - late, 0)
        days[:, column] += np.where(times[:, column] < NEVER, more, 0)
    return np.asarray(days)


def latest(times: Ints, codes: Ints, seen: Bools) -> Ints:
    """The code of the latest event seen, of each row."""
    place = np.where(seen, times, -1).argmax(axis=1)
    return np.asarray(codes[np.arange(len(codes)), place])


def lead_table(unit: Unit, window: Window) -> pa.Table:
    leads = unit.leads
    times, codes = lead_statuses(unit)
    others = np.stack([leads.reassigned, leads.merged_at, leads.deleted_at], axis=1)
    events = np.concatenate([times, others], axis=1)
    days = arrival_days(events, leads.late)
    rows = np.flatnonzero(window.holds(days).any(axis=1))
    seen = days[rows] <= window.upto
    key = leads.number[rows]
    moved, merged, deleted = (seen[:, 6 + i] for i in range(3))
    inquiry = leads.is_inquiry[rows]
    return pa.table({
        "lead_id": text.ids("L", key),
        "contact_id": text.ids("P", leads.contact[rows]),
        "account_id": text.ids("C", leads.account[rows]),
        "owner_rep_id": text.ids(
            "R", np.where(moved, leads.next_owner[rows], leads.owner[rows]), 1
        ),
        "lead_source": text.pick(SOURCES, leads.source[rows]),
        "is_inquiry": text.flags(inquiry),
        "inquiry_at": text.times(np.where(inquiry, leads.asked[rows], NEVER), key),
        "inquiry_channel": text.pick(CHANNELS, leads.channel[rows]),
        "status": text.pick(STATUSES, latest(events[rows, :6], codes[rows], seen[:, :6])),
        "created_at": text.times(leads.created[rows], key + 1),
        "updated_at": text.times(np.where(seen, events[rows], 0).max(axis=1), key + 2),
        "is_deleted": text.flags(deleted),
        "merged_into_id": text.ids("L", np.where(merged, leads.merged_into[rows], NONE)),
    })  # fmt: skip


def lead_stage_table(unit: Unit, window: Window) -> pa.Table:
    leads = unit.leads
    times, codes = lead_statuses(unit)
    days = stage_arrivals(times, leads.late, leads.number, (WORKING,))
    row, event = np.nonzero(window.holds(days))
    when = times[row, event]
    key = leads.number[row] * 16 + event
    known = hashed(key, 41) < 0.9
    return pa.table({
        "object_type": text.pick(("lead",), np.zeros(len(row), np.int64)),
        "object_id": text.ids("L", leads.number[row]),
        "stage": text.pick(STATUSES, codes[row, event]),
        "changed_at": text.times(when, key),
        "rep_id": text.ids("R", np.where(known, leads.owner_at(row, when), NONE), 1),
    })  # fmt: skip


def lead_owner_table(unit: Unit, window: Window) -> pa.Table:
    """The first owner of every lead, and the next of those that were reassigned."""
    leads = unit.leads
    times = np.stack([leads.assigned, leads.reassigned], axis=1)
    row, event = np.nonzero(window.holds(arrival_days(times, leads.late)))
    owner = np.where(event == 0, leads.owner[row], leads.next_owner[row])
    return pa.table({
        "object_type": text.pick(("lead",), np.zeros(len(row), np.int64)),
        "object_id": text.ids("L", leads.number[row]),
        "owner_rep_id": text.ids("R", owner, 1),
        "changed_at": text.times(times[row, event], leads.number[row] + event),
    })  # fmt: skip


def contact_table(unit: Unit, window: Window) -> pa.Table:
    """Persons: those of core leads, and those that came in once more with a copy."""
    leads = unit.leads
    own = np.flatnonzero(leads.contact == leads.number)
    number, core = leads.number[own], leads.core[own]
    mended = np.where(
        hashed(number, 43) < 0.1, leads.created[own] + whole(hashed(number, 44) * 5 * DAY), NEVER
    )
    merged_at = np.where(leads.merged_at[own] < NEVER, leads.merged_at[own] + 60, NEVER)
    events = np.stack([leads.created[own], mended, merged_at], axis=1)
    days = arrival_days(events, leads.late[own])
    rows = np.flatnonzero(window.holds(days).any(axis=1))
    seen = days[rows] <= window.upto
    own, number, core = own[rows], number[rows], core[rows]
    heir = np.where(leads.merged_into[own] >= 0, leads.merged_into[own], leads.number[own])
    heir = leads.contact[unit.rows_of(heir)]
    return pa.table({
        "contact_id": text.ids("P", number),
        "account_id": text.ids("C", leads.account[own]),
        "full_name": _full_names(leads.number[core], seen[:, 1]),
        "emails": _email_lists(leads.number[core], leads.account[own], number),
        "phones": _phone_lists(unit, own, number),
        "time_zone": text.pick(_COUNTRY_ZONES, leads.country[own]),
        "created_at": text.times(leads.created[own], number + 3),
        "updated_at": text.times(np.where(seen, events[rows], 0).max(axis=1), number + 4),
        "is_deleted": text.flags(np.zeros(len(own), bool)),
        "merged_into_id": text.ids("P", np.where(seen[:, 2], heir, NONE)),
    })  # fmt: skip


def account_table(unit: Unit, window: Window) -> pa.Table:
    leads = unit.leads
    own = np.flatnonzero((leads.account == leads.number // SLOTS) & (leads.slot == 0))
    # Its second lead may come earlier on the same day.
    created = leads.created[own] // DAY * DAY
    number = leads.account[own]
    mended = np.where(hashed(number, 45) < 0.2, created + 3 * DAY, NEVER)
    events = np.stack([created, mended], axis=1)
    days = arrival_days(events, leads.late[own])
    rows = np.flatnonzero(window.holds(days).any(axis=1))
    seen = days[rows] <= window.upto
    number, own = number[rows], own[rows]
    industry = whole(hashed(number, 46) * len(INDUSTRIES))
    trade = text.pick(TRADES, whole(hashed(number, 47) * len(TRADES))).cast(pa.string())
    last = text.pick(LAST_NAMES, whole(hashed(number, 48) * len(LAST_NAMES))).cast(pa.string())
    unknown = (hashed(number, 45) < 0.2) & ~seen[:, 1]
    return pa.table({
        "account_id": text.ids("C", number),
        "name": pc.binary_join_element_wise(last, trade, text.whole_numbers(number), " "),
        "industry": text.pick(INDUSTRIES, np.where(unknown, NONE, industry)),
        "country": text.pick(COUNTRIES, leads.country[own]),
        "created_at": text.times(created[rows], number),
        "updated_at": text.times(np.where(seen, events[rows], 0).max(axis=1), number + 1),
        "is_deleted": text.flags(np.zeros(len(own), bool)),
    })  # fmt: skip


def emails(cores: Ints, accounts: Ints) -> pa.Array:
    """`first.last.123@c45.example`, one a person (lead number of the core lead)."""
    first, last = name_parts(cores)
    person = pc.binary_join_element_wise(
        pc.utf8_lower(first), pc.utf8_lower(last), text.whole_numbers(cores // SLOTS), "."
    )
    domain = pc.fill_null(
        pc.binary_join_element_wise("c", text.whole_numbers(accounts), ""), "mail"
    )
    return pc.binary_join_element_wise(person, "@", domain, ".example", "")


def _email_lists(cores: Ints, accounts: Ints, numbers: Ints) -> pa.Array:
    one = emails(cores, accounts)
    private = emails(cores, np.full(len(cores), NONE))
    both = pc.binary_join_element_wise(one, private, ";")
    shouted = pc.utf8_upper(one)
    form = np.searchsorted((0.75, 0.9), hashed(numbers, 49)).astype(np.int64)
    return text.chosen([one, both, shouted], np.where((form == 1) & (accounts < 0), 0, form))


def _full_names(cores: Ints, mended: Bools) -> pa.Array:
    first, last = name_parts(cores)
    short = pc.binary_join_element_wise(pc.utf8_slice_codeunits(first, 0, 1), last, ". ")
    full = pc.binary_join_element_wise(first, last, " ")
    is_short = (hashed(cores, 50) < 0.15) & ~mended
    return text.chosen([full, short], is_short.astype(np.int64))


def _phone_lists(unit: Unit, own: Ints, numbers: Ints) -> pa.Array:
    leads = unit.leads
    country, has, office = leads.country[own], leads.has_phone[own], leads.has_office[own]
    direct = phones.numbers(2 * (leads.number[leads.core[own]] // SLOTS), country)
    shared = phones.numbers(2 * np.maximum(leads.account[own], 0) + 1, country)
    first = phones.spelled_by_people(direct, numbers)
    second = phones.spelled_by_people(shared, numbers + 7)
    both = pc.binary_join_element_wise(first, second, ";")
    form = np.select([has & office, has, office], [2, 0, 1], NONE)
    return text.chosen([first, second, both], form)
