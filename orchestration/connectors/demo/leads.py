"""Who asks, or is asked: the leads of a unit, with their contacts and accounts.

A lead is of one of four slots: the core lead, a customer's later interest (upsell), and one or two
that are the core lead once more (copies, merged away or marked as duplicates).
"""

# ruff: noqa: PLR2004
# The chances that make up the model stand where they are used.

from dataclasses import dataclass

import numpy as np

from orchestration.connectors.demo.company import Company
from orchestration.connectors.demo.draws import (
    DAY,
    HOUR,
    NEVER,
    Bools,
    Floats,
    Ints,
    choice,
    stacked,
    taken,
    whole,
)

CORE, UPSELL, COPY, SECOND_COPY = range(4)
SLOTS = 10
"""Lead number = 10 x core number + slot; the slots 8 and 9 number calls that belong to no lead."""

SOURCES = ("web", "ads", "referral", "event", "cold_list", "partner")
_SOURCE_WEIGHTS = (34, 20, 12, 12, 12, 10)
_ASKS_FIRST = np.array([0.97, 0.97, 0.6, 0.4, 0.0, 0.5])
_QUALITY = np.array([1.0, 0.7, 1.7, 1.0, 0.35, 1.35])
COLD = SOURCES.index("cold_list")
CHANNELS = ("web", "call", "email", "chat")
BY_CALL = CHANNELS.index("call")
COUNTRIES = ("Russia", "United States", "United Kingdom")
_COUNTRY_WEIGHTS = (42, 33, 25)
EXCLUDED = ("spam", "duplicate", "test")
SPAM, DUPLICATE, TEST = range(3)
NONE = -1


@dataclass(frozen=True)
class Leads:
    """One element of each array a lead; -1 is none, times are seconds UTC."""

    number: Ints
    core: Ints
    """Row of the core lead within the unit: who the person is."""
    slot: Ints
    created: Ints
    asked: Ints
    """Start of the clock; for an inquiry by call, the start of the call."""
    is_inquiry: Bools
    channel: Ints
    source: Ints
    quality: Floats
    owner: Ints
    next_owner: Ints
    assigned: Ints
    reassigned: Ints
    country: Ints
    zone: Ints
    contact: Ints
    """Number of the contact, numbered as leads are."""
    account: Ints
    """Core number of the lead that brought the account."""
    has_phone: Bools
    has_office: Bools
    """The contact is also reached through the office number that the account shares."""
    excluded: Ints
    excluded_at: Ints
    merged_into: Ints
    merged_at: Ints
    deleted_at: Ints
    cut: Ints
    """Nothing more happens with the lead from then on."""
    most: Ints
    """How many touches there may be at most."""
    late: Ints
    """Days that its rows arrive late."""

    def __len__(self) -> int:
        return len(self.number)

    def owner_at(self, rows: Ints, times: Ints) -> Ints:
        """Whose lead it was."""
        return np.where(times >= self.reassigned[rows], self.next_owner[rows], self.owner[rows])


def draw_core_leads(company: Company, unit: int, rng: np.random.Generator) -> Leads:
    """The leads of a unit, in order of their day."""
    n = company.unit_size
    numbers = np.arange(unit * n, (unit + 1) * n)
    day = company.created_days(numbers)
    source = choice(rng, n, _SOURCE_WEIGHTS)
    is_inquiry = rng.random(n) < _ASKS_FIRST[source]
    channel = np.where(is_inquiry, choice(rng, n, (48, 24, 18, 10)), NONE)
    reps = company.reps
    owner = company.working_reps(rng.integers(0, len(reps.zone), n), day)
    next_owner = company.working_reps(
        (owner + rng.integers(1, len(reps.zone), n)) % len(reps.zone), day
    )
    # A form is filled in at any hour, a call is made when offices are open.
    any_hour = np.clip(rng.normal(14 * HOUR, 4 * HOUR, n), 0, DAY - 1)
    office_hour = 9 * HOUR + rng.random(n) * 9 * HOUR - company.offset(reps.zone[owner], day)
    at_office = (channel == BY_CALL) & (rng.random(n) < 0.93) | ~is_inquiry
    created = day * DAY + whole(np.where(at_office, office_hour, any_hour))
    rings_before = whole(rng.random(n) * 600)
    asked = np.where(
        channel == BY_CALL, created - rings_before, created - whole(rng.random(n) * 30)
    )
    assigned = created + whole(rng.exponential(240, n) * (rng.random(n) < 0.8))
    reassigned = company.next_open(
        created + whole((1 + rng.random(n) * 20) * DAY),
        reps.zone[owner],
        whole(rng.random(n) * HOUR),
    )
    reassigned = np.where(rng.random(n) < 0.06, reassigned, NEVER)

    has_contact = rng.random(n) > 0.03
    country, leader, has_account = _accounts(rng, n, has_contact)
    joined = leader != np.arange(n)
    has_office = has_account & (rng.random(n) < np.where(joined, 0.8, 0.5))
    excluded = np.where(rng.random(n) < 0.025, choice(rng, n, (75, 0, 25)), NONE)
    excluded_at = np.where(
        excluded != NONE, created + whole((0.05 + rng.random(n) * 2) * DAY), NEVER
    )
    deleted_at = np.where(
        (rng.random(n) < 0.01) & (excluded == NONE),
        created + whole((1 + rng.random(n) * 40) * DAY),
        NEVER,
    )
    never = np.full(n, NEVER, np.int64)
    return Leads(
        number=numbers * SLOTS,
        core=np.arange(n),
        slot=np.zeros(n, np.int64),
        created=created,
        asked=asked,
        is_inquiry=is_inquiry,
        channel=channel,
        source=source,
        quality=_QUALITY[source],
        owner=owner,
        next_owner=next_owner,
        assigned=assigned,
        reassigned=reassigned,
        country=country,
        zone=reps.zone[owner],
        contact=np.where(has_contact, numbers * SLOTS, NONE),
        account=np.where(has_account, numbers[leader], NONE),
        has_phone=has_contact & (rng.random(n) > 0.04),
        has_office=has_office,
        excluded=excluded,
        excluded_at=excluded_at,
        merged_into=np.full(n, NONE, np.int64),
        merged_at=never,
        deleted_at=deleted_at,
        cut=np.minimum(np.minimum(excluded_at, deleted_at), created + 70 * DAY),
        most=np.where(excluded == NONE, 40, 1),
        late=np.where(rng.random(n) < 0.01, 1 + rng.integers(0, 5, n), 0),
    )


def _accounts(rng: np.random.Generator, n: int, has_contact: Bools) -> tuple[Ints, Ints, Bools]:
    """Country, the row that brought the account, whether there is one.

    One lead in nine comes from the company of the lead before it: such colleagues share an office
    number, and often have leads open at the same time.
    """
    joins = (rng.random(n) < 0.11) & has_contact
    joins[0] = False
    leader = np.maximum.accumulate(np.where(joins, 0, np.arange(n)))
    has_account = ((rng.random(n) < 0.7) & has_contact)[leader] & has_contact
    leader = np.where(has_account, leader, np.arange(n))
    return choice(rng, n, _COUNTRY_WEIGHTS)[leader], leader, has_account


def draw_later_leads(company: Company, core: Leads, won: Ints, rng: np.random.Generator) -> Leads:
    """Upsells of customers won early enough (`won`: seconds, a core lead each), and copies."""
    n = len(core)
    wait = whole((8 + rng.random(n) * 12) * DAY)
    asked = company.next_open(won + wait, core.zone, whole(rng.random(n) * 8 * HOUR))
    upsold = (won < core.created + 35 * DAY) & (rng.random(n) < 0.3) & (core.contact != NONE)
    upsells = _again(core, upsold, UPSELL, asked, rng)

    plain = (core.excluded == NONE) & core.is_inquiry & (core.deleted_at == NEVER)
    copied = plain & (rng.random(n) < 0.05)
    twice = copied & (rng.random(n) < 0.25)
    after = whole((0.01 + rng.random(n) * 2) * DAY)
    copies = _again(core, copied, COPY, core.created + after, rng)
    more = _again(core, twice, SECOND_COPY, core.created + after + HOUR, rng)
    has_second = twice[copies.core]
    copies = _given_up(copies, core.number[copies.core], 6 * DAY, ~has_second, rng)
    # A chain: the second copy goes into the first, and that one later into the core lead.
    more = _given_up(more, core.number[more.core] + COPY, 3 * DAY, np.zeros(len(more), bool), rng)
    return stacked([upsells, copies, more])


def _again(core: Leads, which: Bools, slot: int, created: Ints, rng: np.random.Generator) -> Leads:
    """The same persons once more, as leads of their own."""
    rows = np.flatnonzero(which)
    n = len(rows)
    same, created = taken(core, rows), created[rows]
    number = same.number + slot
    own_contact = (slot != UPSELL) & (same.contact != NONE) & (rng.random(n) < 0.7)
    never = np.full(n, NEVER, np.int64)
    is_inquiry = same.is_inquiry if slot != UPSELL else rng.random(n) < 0.4
    return Leads(
        number=number,
        core=same.core,
        slot=np.full(n, slot, np.int64),
        created=created,
        asked=created,
        is_inquiry=is_inquiry,
        channel=np.where(is_inquiry, choice(rng, n, (60, 0, 30, 10)), NONE),
        source=same.source,
        quality=np.full(n, 3.0 if slot == UPSELL else 1.0),
        owner=same.owner,
        next_owner=same.owner,
        assigned=created,
        reassigned=never,
        country=same.country,
        zone=same.zone,
        contact=np.where(own_contact, number, same.contact),
        account=same.account,
        has_phone=same.has_phone,
        has_office=same.has_office,
        excluded=np.full(n, NONE, np.int64),
        excluded_at=never,
        merged_into=np.full(n, NONE, np.int64),
        merged_at=never,
        deleted_at=never,
        cut=created + 20 * DAY,
        most=np.full(n, 14 if slot == UPSELL else 2, np.int64),
        late=np.where(rng.random(n) < 0.01, 1 + rng.integers(0, 5, n), 0),
    )


def _given_up(
    copies: Leads, into: Ints, after: int, may_be_marked: Bools, rng: np.random.Generator
) -> Leads:
    """What becomes of copies: merged away, or some of those that may, marked as duplicates."""
    n = len(copies)
    end = copies.created + after - whole(rng.random(n) * DAY)
    marked = may_be_marked & (rng.random(n) < 0.4)
    columns = {
        **vars(copies),
        "excluded": np.where(marked, DUPLICATE, NONE),
        "excluded_at": np.where(marked, end, NEVER),
        "merged_into": np.where(marked, NONE, into),
        "merged_at": np.where(marked, NEVER, end),
        "cut": end,
    }
    return Leads(**columns)
