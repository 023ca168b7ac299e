"""What really happened, beside what the systems say: to hold a warehouse's answers against.

Times are naive UTC timestamps. A table has the rows that became visible in the window.
"""

import numpy as np
import pyarrow as pa

from orchestration.connectors.demo import text
from orchestration.connectors.demo.activities import (
    activity_ids,
    deleted_at,
    names_contact,
    names_number,
)
from orchestration.connectors.demo.calls import call_keys, patterns, stray_calls
from orchestration.connectors.demo.company import Company
from orchestration.connectors.demo.draws import DAY, NEVER, Bools, Ints, Segments, taken
from orchestration.connectors.demo.lead_rows import arrival_days, lead_statuses
from orchestration.connectors.demo.leads import EXCLUDED, NONE, SOURCES
from orchestration.connectors.demo.touches import (
    BOTH,
    BY_ADDRESS,
    BY_ALL,
    BY_CONTACT,
    BY_DEAL,
    BY_LEAD,
    CALL,
    CRM_ONLY,
    EMAIL,
    KINDS,
    TALKS_SECONDS,
    TELEPHONY_ONLY,
    Touches,
)
from orchestration.connectors.demo.unit import Unit, Window, crm_arrivals, log_arrivals

_TOLERANCE = 30 * 60
"""A lead may be created so many seconds after a touch of it began (KPIS.md 1)."""


def _instants(seconds: Ints) -> pa.Array:
    return pa.array(seconds.astype("datetime64[s]"), mask=seconds >= NEVER)


def _days(days: Ints) -> pa.Array:
    return pa.array(days.astype(np.int32), mask=days >= NEVER).cast(pa.date32())


def _arrivals(touches: Touches) -> tuple[Ints, Ints]:
    """The days on which the first and the last row of each touch are there."""
    log = log_arrivals(touches.number, touches.start + touches.talk + 60)
    crm = np.where(touches.system == TELEPHONY_ONLY, log, crm_arrivals(touches))
    log = np.where((touches.kind == CALL) & (touches.system != CRM_ONLY), log, crm)
    return np.minimum(crm, log), np.maximum(crm, log)


def _call_keys(touches: Touches) -> pa.Array:
    pattern = patterns(touches.number, touches.inbound, touches.outcome, touches.talk)
    known = (touches.kind == CALL) & (touches.system != CRM_ONLY)
    return text.chosen([call_keys(touches.number, pattern)], np.where(known, 0, NONE))


def _can_pair(unit: Unit, of: Touches) -> Bools:
    """Whether the rule for one call in two systems can find the pair."""
    lead = of.lead
    listed = np.where(of.office, unit.leads.has_office[lead], unit.leads.has_phone[lead])
    by_contact = names_contact(of) & (unit.leads.contact[lead] != NONE) & listed
    by_number = ~of.hidden & (names_number(unit, of) | by_contact)
    return np.asarray(of.explicit | by_number & ~np.isin(of.number, unit.near_touches))


def pair_table(unit: Unit, window: Window) -> pa.Table:
    """The calls that stand in both systems."""
    both = taken(unit.touches, unit.touches.system == BOTH)
    of = taken(both, window.holds(_arrivals(both)[1]))
    return pa.table({
        "activity_id": activity_ids(of),
        "call_key": _call_keys(of),
        "is_explicit": of.explicit,
        "decidable": _can_pair(unit, of),
    })  # fmt: skip


def touch_lead_table(unit: Unit, window: Window) -> pa.Table:
    """Whose touch each was; calls of strangers have no lead, those between reps are left out."""
    of = taken(unit.touches, window.holds(_arrivals(unit.touches)[1]))
    leads = unit.leads
    strays = stray_calls(unit.company, unit.index, leads)
    days = log_arrivals(strays.number, strays.start + strays.talk + 60)
    strangers = taken(strays, ~strays.internal & window.holds(days))
    gone = deleted_at(of)
    # While its own row is late, a lead can't be matched.
    is_there = leads.created // DAY + leads.late <= window.upto
    known = pa.table({
        "activity_id": activity_ids(of),
        "call_key": _call_keys(of),
        "lead_id": text.ids("L", leads.number[of.lead]),
        "survivor_lead_id": text.ids("L", leads.number[unit.survivors(window.upto)[of.lead]]),
        "decidable": _can_match(unit, of) & is_there[of.lead],
        "kind": text.pick(KINDS, of.kind).cast(pa.string()),
        "direction": text.pick(("outbound", "inbound"), of.inbound * 1).cast(pa.string()),
        "started_at": _instants(of.start),
        "rep_id": text.ids("R", of.rep, 1),
        "is_completed": of.completed,
        "is_automated": of.automated,
        "deleted_on": _days(np.where(gone < NEVER, gone // DAY, NEVER)),
    })  # fmt: skip
    n = len(strangers.number)
    nobody = pa.nulls(n, pa.string())
    unknown = pa.table({
        "activity_id": nobody,
        "call_key": call_keys(strangers.number, strangers.pattern),
        "lead_id": nobody,
        "survivor_lead_id": nobody,
        "decidable": np.ones(n, bool),
        "kind": pa.array(["call"] * n, pa.string()),
        "direction": pa.array(["inbound"] * n, pa.string()),
        "started_at": _instants(strangers.start),
        "rep_id": text.ids("R", strangers.rep, 1),
        "is_completed": (strangers.outcome == 0) & (strangers.talk >= TALKS_SECONDS),
        "is_automated": np.zeros(n, bool),
        "deleted_on": _days(np.full(n, NEVER)),
    })  # fmt: skip
    return pa.concat_tables([known, unknown])


def _can_match(unit: Unit, of: Touches) -> Bools:
    """Whether the rule for the lead of a touch (KPIS.md 1) finds the true one, not by luck."""
    leads = unit.leads
    in_crm = of.system != TELEPHONY_ONLY
    named = in_crm & np.isin(of.link, (BY_LEAD, BY_ALL, BY_DEAL))
    person = leads.contact[of.lead] != NONE
    by_contact = in_crm & (of.link == BY_CONTACT) & person
    by_email = in_crm & (of.link == BY_ADDRESS) & (of.kind == EMAIL) & person
    by_number = ~named & ~by_contact & ~by_email & ~of.hidden
    listed = np.where(of.office, leads.has_office[of.lead], leads.has_phone[of.lead])
    findable = by_contact | by_email | by_number & listed
    # A lead that was excluded at any time is no safe answer; nor is one closed before the touch.
    out = (leads.excluded != NONE) | (leads.merged_at < NEVER) | (leads.deleted_at < NEVER)
    first_end = np.minimum(unit.path.closed, unit.path.disqualified)
    findable &= ~out[of.lead] & (first_end[of.lead] > of.start)
    alone = np.zeros(len(of), bool)
    rows = np.flatnonzero(findable)
    shared = by_number[rows] & of.office[rows]
    alone[rows] = _is_alone(unit, taken(of, rows), shared)
    is_itself = np.where(
        of.system == BOTH, _can_pair(unit, of), ~np.isin(of.number, unit.near_touches)
    )
    return np.asarray((named | alone) & is_itself)


def _is_alone(unit: Unit, of: Touches, shared: Bools) -> Bools:
    """Whether no other lead of the same person (`shared`: of the same office) competes.

    One that does counts as out of the running only if its reps and the touch's rep settle it.
    """
    leads, path = unit.leads, unit.path
    person = leads.core[of.lead]
    # Offices get keys behind those of the persons, so that one look-up serves both.
    behind = len(leads)
    account = np.unique(leads.account, return_inverse=True)[1]
    wanted = np.where(shared, behind + account[of.lead], person)
    groups = np.concatenate([leads.core, behind + account])
    order = np.argsort(groups, kind="stable")
    members = order % behind
    low = np.searchsorted(groups[order], wanted, side="left")
    runs = Segments(np.searchsorted(groups[order], wanted, side="right") - low)
    touch = runs.owners()
    rival = members[np.repeat(low, runs.counts) + runs.positions()]
    time = of.start[touch]
    is_open = (leads.created[rival] - _TOLERANCE <= time) & (path.ended[rival] >= time)
    stays = (leads.reassigned == NEVER) & (leads.excluded == NONE)
    # The telephone log does not always say who; the CRM does where it alone knows of the touch.
    mine = (of.rep == leads.owner[of.lead]) & (of.system == CRM_ONLY)
    settled = (mine & stays[of.lead])[touch] & stays[rival] & (leads.owner[rival] != of.rep[touch])
    competes = is_open & (rival != of.lead[touch]) & ~settled
    return np.asarray(np.bincount(touch, weights=competes, minlength=len(of)) == 0)


def lead_path_table(unit: Unit, window: Window) -> pa.Table:
    """How far each lead has come by the end of the window, whenever something about it is new.

    The touches of merged leads count for the lead that is left.
    """
    leads, path, touches = unit.leads, unit.path, unit.touches
    heir = unit.survivors(window.upto)
    owner = heir[touches.lead]
    arrived, complete = _arrivals(touches)
    times, _ = lead_statuses(unit)
    ends = (leads.merged_at, leads.deleted_at, path.closed, path.reopened, path.closed_again)
    events = np.concatenate([times, np.stack(ends, axis=1)], axis=1)
    is_new = np.asarray(window.holds(arrival_days(events, leads.late)).any(axis=1), bool)
    is_new[touches.lead[window.holds(arrived) | window.holds(complete)]] = True
    is_new[heir[is_new]] = True
    rows = np.flatnonzero(is_new)
    seen = arrived <= window.upto

    def upto(when: Ints) -> Ints:
        day = np.where(when < NEVER, when // DAY + leads.late, NEVER)
        return np.where(day <= window.upto, when, NEVER)

    closed, again = upto(path.closed), upto(path.closed_again)
    closing = np.where(again < NEVER, again, closed)
    won = np.where(again < NEVER, path.won_again, path.closed_won)
    opened = upto(path.opened)
    is_skipped = path.skipped & (path.opened < NEVER)
    clock = np.where(leads.is_inquiry, leads.asked, leads.created)
    counted = seen & (touches.start >= clock[owner] - _TOLERANCE)
    attempt = counted & ~touches.automated & ~touches.inbound
    contact = seen & touches.completed
    columns = {
        "prospect_at": np.minimum(np.where(is_skipped, NEVER, upto(path.qualified)), opened),
        "opportunity_at": opened,
        "won_at": np.where(won, closing, NEVER),
        "lost_at": np.minimum(np.where(won, NEVER, closing), upto(path.disqualified)),
        "first_attempt_at": _firsts(owner, touches.start, attempt, len(leads)),
        "first_contact_at": _firsts(owner, touches.start, contact & counted, len(leads)),
    }
    reopened = upto(path.reopened) < again
    columns["lost_at"] = np.where(reopened & (again == NEVER), NEVER, columns["lost_at"])
    excluded = np.where(upto(leads.excluded_at) < NEVER, leads.excluded, NONE)
    counts = np.bincount(owner[contact], minlength=len(leads))
    return pa.table({
        "lead_id": text.ids("L", leads.number[rows]),
        "survivor_lead_id": text.ids("L", leads.number[heir[rows]]),
        "lead_source": text.pick(SOURCES, leads.source[rows]).cast(pa.string()),
        "is_inquiry": leads.is_inquiry[rows],
        "clock_started_at": _instants(clock[rows]),
        "first_owner_rep_id": text.ids("R", leads.owner[rows], 1),
        "excluded_as": text.pick(EXCLUDED, excluded[rows]).cast(pa.string()),
        "is_deleted": upto(leads.deleted_at)[rows] < NEVER,
        "is_merged": upto(leads.merged_at)[rows] < NEVER,
        "completed_contacts": counts[rows],
        **{name: _instants(when[rows]) for name, when in columns.items()},
    })  # fmt: skip


def _firsts(owners: Ints, starts: Ints, which: Bools, leads: int) -> Ints:
    """The first start of these touches, a lead."""
    found = np.full(leads, NEVER, np.int64)
    np.minimum.at(found, owners[which], starts[which])
    return found


def rep_truth_table(company: Company) -> pa.Table:
    reps = company.reps
    return pa.table({
        "rep_id": text.ids("R", np.arange(len(reps.zone)), 1),
        "opener_skill": reps.opener,
        "closer_skill": reps.closer,
    })  # fmt: skip


def bad_row_table(counts: dict[tuple[str, str], int]) -> pa.Table:
    """How many rows break which rule."""
    found = sorted(counts.items())
    return pa.table({
        "entity": pa.array([entity for (entity, _), _ in found], pa.string()),
        "rule": pa.array([rule for (_, rule), _ in found], pa.string()),
        "count": pa.array([count for _, count in found], pa.int64()),
    })  # fmt: skip
