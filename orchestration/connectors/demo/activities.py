"""crm/activities and crm/collateral_events: what reps wrote down, and what they sent."""

# ruff: noqa: PLR2004
# The chances that make up the model stand where they are used.

import numpy as np
import pyarrow as pa

from orchestration.connectors.demo import phones, text
from orchestration.connectors.demo.calls import call_keys, leg_ids, patterns
from orchestration.connectors.demo.company import items_in_force
from orchestration.connectors.demo.draws import (
    DAY,
    NEVER,
    Bools,
    Ints,
    Segments,
    delay_days,
    hashed,
    taken,
    whole,
)
from orchestration.connectors.demo.lead_rows import emails
from orchestration.connectors.demo.leads import NONE
from orchestration.connectors.demo.touches import (
    BY_ADDRESS,
    BY_ALL,
    BY_CONTACT,
    BY_DEAL,
    BY_LEAD,
    CALL,
    EMAIL,
    KINDS,
    LEFT_MESSAGE,
    MEETING,
    MESSAGE,
    OUTCOMES,
    TELEPHONY_ONLY,
    VOICEMAIL,
    Touches,
    burst_sizes,
    is_reply,
)
from orchestration.connectors.demo.unit import Unit, Window, crm_arrivals

_EVENTS = ("sent", "opened", "clicked", "downloaded")
_PARTS = 8
"""Activity number = 8 x touch number + message of the burst; event numbers likewise."""


def activity_ids(touches: Touches) -> pa.Array:
    """The activity of each touch, the first of a burst; null where the CRM has none."""
    known = touches.system != TELEPHONY_ONLY
    return text.ids("A", np.where(known, touches.number * _PARTS, NONE))


def names_contact(touches: Touches) -> Bools:
    """Whether the CRM's row names the contact (where the lead has one)."""
    also = (touches.link == BY_LEAD) & (hashed(touches.number, 101) < 0.7)
    return np.asarray(also | np.isin(touches.link, (BY_CONTACT, BY_ALL)))


def names_number(unit: Unit, touches: Touches) -> Bools:
    """Whether the CRM's row of a call holds the outside number."""
    knows_contact = names_contact(touches) & (unit.leads.contact[touches.lead] != NONE)
    often = np.where(knows_contact, 0.5, 0.85)
    filled = (touches.link == BY_ADDRESS) | (hashed(touches.number, 102) < often)
    return np.asarray((touches.kind == CALL) & ~touches.hidden & filled)


def deleted_at(touches: Touches) -> Ints:
    """When the activity was deleted in the CRM: a few emails and messages are."""
    written = np.isin(touches.kind, (EMAIL, MESSAGE)) & (hashed(touches.number, 103) < 0.006)
    return np.where(written, _mended_at(touches), NEVER)


def corrected_at(touches: Touches) -> Ints:
    """When somebody put another duration in: on some calls."""
    changed = (touches.kind == CALL) & touches.timed & (touches.talk >= 30)
    return np.where(changed & (hashed(touches.number, 104) < 0.06), _mended_at(touches), NEVER)


def _mended_at(touches: Touches) -> Ints:
    return touches.start + touches.talk + whole((0.6 + hashed(touches.number, 105) * 3) * DAY)


def activity_table(unit: Unit, window: Window) -> pa.Table:
    """First versions and, after them, the later ones that arrive in the window."""
    known = taken(unit.touches, unit.touches.system != TELEPHONY_ONLY)
    arrives = crm_arrivals(known)
    mended = np.minimum(deleted_at(known), corrected_at(known))
    comes_back = np.where(mended < NEVER, np.maximum(mended // DAY, arrives + 1), NEVER)
    first = taken(known, window.holds(arrives))
    second = window.holds(comes_back)
    return pa.concat_tables([
        _versions(unit, first, np.full(len(first), NEVER)),
        _versions(unit, taken(known, second), mended[second]),
    ]).unify_dictionaries()  # fmt: skip


def _versions(unit: Unit, of: Touches, mended: Ints) -> pa.Table:
    """One row a touch, one a message for bursts; `mended`: seconds, NEVER for first ones."""
    # Only the first message of a burst is ever deleted.
    runs = Segments(np.where((of.kind == MESSAGE) & (mended == NEVER), burst_sizes(of.number), 1))
    row, part = runs.owners(), runs.positions()
    of, mended, leads = taken(of, row), mended[row], unit.leads
    number = of.number * _PARTS + part
    start = of.start + of.skew + part * 420 + whole(part * hashed(number, 107) * 100)
    inbound = of.inbound ^ is_reply(of.number, part)
    is_call, deleted = of.kind == CALL, deleted_at(of) < NEVER
    corrected = (mended < NEVER) & ~deleted
    timed = of.timed & (is_call | (of.kind == MEETING))
    talk = of.talk + np.where(corrected, 15, 0)
    updated = np.where(mended < NEVER, mended, start + of.talk + 60)
    left = (of.outcome == VOICEMAIL) & ~of.inbound & (hashed(of.number, 109) < 0.5)
    deal = unit.main_deals()[of.lead]
    with_deal = np.isin(of.link, (BY_DEAL, BY_ALL)) & (deal >= 0)
    with_deal &= np.append(unit.deals.created, NEVER)[deal] <= of.start
    outside = unit.outside_numbers(of)
    texted = (of.kind == MESSAGE) & (of.link == BY_ADDRESS)
    mailed = (of.kind == EMAIL) & ((of.link == BY_ADDRESS) | (hashed(number, 110) < 0.4))
    person = leads.contact[of.lead] != NONE
    address = emails(leads.number[leads.core], leads.account)
    rep_known = hashed(of.number, 111) > np.where(of.system == 0, 0.03, 0.0)
    return pa.table({
        "activity_id": text.ids("A", number),
        "kind": text.pick(KINDS, of.kind),
        "direction": text.pick(("outbound", "inbound"), inbound * 1),
        "started_at": text.times(start, number),
        "ended_at": text.times(np.where(timed, start + talk, NEVER), number + 1),
        "duration_seconds": text.whole_numbers(np.where(timed, talk, NONE)),
        "outcome": text.pick(OUTCOMES, np.where(left, LEFT_MESSAGE, of.outcome)),
        "rep_id": text.ids("R", np.where(rep_known, of.rep, NONE), 1),
        "contact_id": text.ids("P", np.where(names_contact(of), leads.contact[of.lead], NONE)),
        "lead_id": text.ids(
            "L", np.where(np.isin(of.link, (BY_LEAD, BY_ALL)), leads.number[of.lead], NONE)
        ),
        "deal_id": text.ids(
            "D", np.where(with_deal, np.append(unit.deals.number, NONE)[deal], NONE)
        ),
        "phone": phones.spelled_by_people(
            np.where(names_number(unit, of) | texted, outside, NONE), number
        ),
        "email": address.take(pa.array(of.lead, mask=~(mailed & person))),
        "thread_id": text.ids("M", np.where(of.kind == EMAIL, leads.number[of.lead], NONE)),
        "is_automated": text.flags(of.automated, of.automated | (hashed(number, 112) < 0.8)),
        "telephony_call_id": _named_calls(of),
        "updated_at": text.times(updated, number + 2),
        "is_deleted": text.flags((mended < NEVER) & deleted),
    })  # fmt: skip


def _named_calls(of: Touches) -> pa.Array:
    """The call's key or, as often, its first leg's id."""
    pattern = patterns(of.number, of.inbound, of.outcome, of.talk)
    form = np.where(of.explicit, (hashed(of.number, 113) < 0.5) * 1, NONE)
    return text.chosen(
        [call_keys(of.number, pattern), leg_ids(of.number, np.zeros_like(of.number))], form
    )


def collateral_event_table(unit: Unit, window: Window) -> pa.Table:
    """What was sent with emails and messages, and what was done with it."""
    leads, touches = unit.leads, unit.touches
    ended = unit.path.ended[touches.lead]
    written = np.isin(touches.kind, (EMAIL, MESSAGE)) & ~touches.inbound & ~touches.automated
    often = np.where(touches.start > ended, 0.6, 0.25)
    of = taken(touches, written & (hashed(touches.number, 121) < often))
    chances = np.stack([hashed(of.number, 122 + i) for i in range(4)], axis=1)
    happens = np.cumprod(chances < (2.0, 0.55, 0.3, 0.25), axis=1).astype(bool)
    waits = np.stack([hashed(of.number, 126 + i) for i in range(4)], axis=1)
    times = of.start[:, None] + np.cumsum(whole(waits**3 * (60, 3 * DAY, 1_800, 900)), axis=1)
    late = delay_days(of.number, 131, 0.02)
    row, event = np.nonzero(happens & window.holds(times // DAY + late[:, None]))
    of, when = taken(of, row), times[row, event]
    number = of.number * _PARTS + event
    item = items_in_force(unit.company, of.start // DAY, of.number)
    sent = event == 0
    lead = np.where(hashed(number, 132) < np.where(sent, 0.8, 0.4), leads.number[of.lead], NONE)
    contact = leads.contact[of.lead]
    # A row that names neither would be nobody's.
    lead = np.where(contact == NONE, leads.number[of.lead], lead)
    with_activity = sent & (hashed(number, 133) < 0.8)
    return pa.table({
        "event_id": text.ids("E", number),
        "collateral_id": text.ids("B", item, 1),
        "event": text.pick(_EVENTS, event),
        "occurred_at": text.times(when, number),
        "rep_id": text.ids("R", np.where(sent, of.rep, NONE), 1),
        "contact_id": text.ids("P", contact),
        "lead_id": text.ids("L", lead),
        "deal_id": text.nothing(len(row)),
        "activity_id": text.ids("A", np.where(with_activity, of.number * _PARTS, NONE)),
    })  # fmt: skip
