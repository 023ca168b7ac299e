"""A unit: a run of leads with all that ever happens with them, whichever night asks for it."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from orchestration.connectors.demo import phones
from orchestration.connectors.demo.company import Company
from orchestration.connectors.demo.deals import MAIN, Deals, draw_deals
from orchestration.connectors.demo.draws import (
    DAY,
    NEVER,
    Bools,
    Ints,
    delay_days,
    stacked,
    taken,
)
from orchestration.connectors.demo.leads import SLOTS, Leads, draw_core_leads, draw_later_leads
from orchestration.connectors.demo.timeline import Path, draw_timeline
from orchestration.connectors.demo.touches import (
    BY_ADDRESS,
    BY_DEAL,
    BY_LEAD,
    CALL,
    MESSAGE,
    Touches,
)

_NEAR_CALLS, _NEAR_MESSAGES = 300, 3_600 + 2_100
"""Seconds between starts; a burst of messages lasts up to 2,100."""


@dataclass(frozen=True)
class Window:
    """The days whose arrivals a night delivers: those after `after`, up to and with `upto`."""

    after: int
    upto: int

    def holds(self, days: Ints) -> Bools:
        return np.asarray((days > self.after) & (days <= self.upto))


@dataclass(frozen=True)
class Unit:
    """Leads, and what hangs on them."""

    company: Company
    index: int
    leads: Leads
    touches: Touches
    path: Path
    deals: Deals

    def rows_of(self, numbers: Ints) -> Ints:
        """Rows of the leads of these numbers (all in this unit)."""
        order = np.argsort(self.leads.number)
        return np.asarray(order[np.searchsorted(self.leads.number[order], numbers)])

    def main_deals(self) -> Ints:
        """For every lead, the row of its deal; -1 without one."""
        found = np.full(len(self.leads), -1, np.int64)
        main = np.flatnonzero(self.deals.slot == MAIN)
        found[self.deals.lead[main]] = main
        return found

    def outside_numbers(self, touches: Touches) -> Ints:
        """The number at the customer's end."""
        leads = self.leads
        direct = 2 * (leads.number[leads.core] // SLOTS)
        office = 2 * leads.account + 1
        key = np.where(touches.office, office[touches.lead], direct[touches.lead])
        return phones.numbers(key, leads.country[touches.lead])

    def survivors(self, upto: int) -> Ints:
        """For every lead, the row of the lead that is left after the merges known by then."""
        leads = self.leads
        known = leads.merged_at // DAY + leads.late <= upto
        heir = self.rows_of(np.where(known, leads.merged_into, leads.number))
        # A chain has at most two links.
        return np.asarray(heir[heir])

    @cached_property
    def near_touches(self) -> Ints:
        """Numbers of the touches that may be taken for another, or for a part of it.

        Calls with one number within five minutes, bursts of messages with one person that lie less
        than an hour apart.
        """
        rows = np.flatnonzero(np.isin(self.touches.kind, (CALL, MESSAGE)))
        of = taken(self.touches, rows)
        is_call = of.kind == CALL
        # One key for both ends of a call: the same number, in the same direction.
        line = np.where(
            is_call, self.outside_numbers(of) * 2 + of.inbound, -1 - self.leads.core[of.lead]
        )
        order = np.lexsort((of.start, line))
        line, start = line[order], of.start[order]
        gap = np.where(is_call[order], _NEAR_CALLS, _NEAR_MESSAGES)[1:]
        close = (np.diff(line) == 0) & (np.diff(start) <= gap)
        near = np.append(close, False) | np.append(False, close)
        return np.asarray(of.number[order][near])


def build_unit(company: Company, index: int) -> Unit:
    """Everything about one unit, from its own generator."""
    rng = company.generator(1, index)
    core = draw_core_leads(company, index, rng)
    touches, path = draw_timeline(company, core, rng)
    later = draw_later_leads(company, core, path.won, rng)
    later_touches, later_path = draw_timeline(company, later, rng)
    later_touches = replace(later_touches, lead=later_touches.lead + len(core))
    leads, path = stacked([core, later]), stacked([path, later_path])
    touches = stacked([touches, later_touches])
    unit = Unit(company, index, leads, touches, path, draw_deals(leads, path, rng))

    # A deal can be named only once there is one, and a withheld number names nobody.
    deal = unit.main_deals()[touches.lead]
    has_deal = (deal >= 0) & (np.append(unit.deals.created, NEVER)[deal] <= touches.start)
    lost = (touches.link == BY_DEAL) & ~has_deal | (touches.link == BY_ADDRESS) & touches.hidden
    touches = replace(touches, link=np.where(lost, BY_LEAD, touches.link))
    return Unit(company, index, leads, touches, path, unit.deals)


def crm_arrivals(touches: Touches) -> Ints:
    """Days on which the CRM's rows arrive; some up to five days late."""
    # 200 s: the CRM's clock, and what is typed in afterwards; a burst of messages lasts longer.
    done = touches.start + touches.talk + 200 + 3_600 * (touches.kind == MESSAGE)
    return np.asarray(done // DAY + delay_days(touches.number, 31, 0.02))


def log_arrivals(numbers: Ints, ends: Ints) -> Ints:
    """Days on which the telephone log's rows arrive."""
    return (ends + 200) // DAY + delay_days(numbers, 33, 0.01)
