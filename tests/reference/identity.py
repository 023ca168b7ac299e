"""Who is who: merges, owners, customers, and whom a number or an address names."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from tests.reference.model import Company, Deal, Lead, OwnerChange, Rep, Settings
from tests.reference.parsing import parse_email, parse_phone

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime


def survivors(merged_into: Mapping[str, str | None]) -> dict[str, str]:
    """The surviving record of each record, through chains of merges.

    A merge into a record that is not there is none. In a cycle nobody survives, so each record
    of it stays by itself (a data-quality failure elsewhere).
    """
    return {record: _survivor(record, merged_into) for record in merged_into}


def _survivor(record: str, merged_into: Mapping[str, str | None]) -> str:
    seen = {record}
    current = record
    while (target := merged_into[current]) is not None and target in merged_into:
        if target in seen:
            return record
        seen.add(target)
        current = target
    return current


class Customer(NamedTuple):
    """The kind is part of who it is: account 1, contact 1 and lead 1 are three customers."""

    kind: str
    id: str


Refs = list[str | None]


@dataclass(frozen=True)
class Owners:
    """The owner changes of one object, oldest first, and its owner by its own row."""

    changes: tuple[OwnerChange, ...]
    present_by_row: str | None

    @property
    def first(self) -> str | None:
        return self.changes[0].owner_rep_id if self.changes else self.present_by_row

    @property
    def present(self) -> str | None:
        return self.changes[-1].owner_rep_id if self.changes else self.present_by_row

    def at(self, moment: datetime) -> str | None:
        """Before the first known change the first known owner is taken to have had it."""
        before = [change.owner_rep_id for change in self.changes if change.changed_at <= moment]
        return before[-1] if before else self.first


class Identity:
    """Resolves every reference of a company: to nothing, to itself, or to its survivor."""

    def __init__(self, company: Company, settings: Settings) -> None:
        self.company = company
        self.region = settings.phone_region
        self._contact = survivors({k: v.merged_into_id for k, v in company.contacts.items()})
        self._lead = survivors({k: v.merged_into_id for k, v in company.leads.items()})
        self._deal = survivors({k: v.merged_into_id for k, v in company.deals.items()})
        self._owner_changes: dict[tuple[str, str], list[OwnerChange]] = defaultdict(list)
        ordered = sorted(company.owner_changes, key=lambda c: (c.changed_at, c.owner_rep_id))
        for change in ordered:
            self._owner_changes[(change.object_type, change.object_id)].append(change)
        self.phones_of: dict[str, set[str]] = defaultdict(set)
        self.contacts_by_phone: dict[str, set[str]] = defaultdict(set)
        self.contacts_by_email: dict[str, set[str]] = defaultdict(set)
        self._fill_directories()
        self.rep_phones = {self.phone(rep.phone) for rep in company.reps.values()} - {None}
        self.rep_extensions = {rep.extension for rep in company.reps.values()} - {None}

    def _fill_directories(self) -> None:
        """The numbers and addresses of merged-away contacts name the survivor, deleted ones none."""
        for contact in self.company.contacts.values():
            survivor = self.live_contact(contact.contact_id)
            if survivor is None:
                continue
            for text in contact.phones:
                number = self.phone(text)
                if number is not None:
                    self.phones_of[survivor].add(number)
                    self.contacts_by_phone[number].add(survivor)
            for text in contact.emails:
                address = parse_email(text)
                if address is not None:
                    self.contacts_by_email[address].add(survivor)

    def phone(self, text: str | None) -> str | None:
        return parse_phone(text, self.region)

    def rep(self, reference: str | None) -> str | None:
        return reference

    def lead(self, reference: str | None) -> str | None:
        return self._lead.get(reference) if reference else None

    def deal(self, reference: str | None) -> str | None:
        return self._deal.get(reference) if reference else None

    def contact(self, reference: str | None) -> str | None:
        return self._contact.get(reference, reference) if reference else None

    def live_contact(self, reference: str | None) -> str | None:
        """The contact, unless it is deleted: a call of a deleted contact has none (C20)."""
        survivor = self.contact(reference)
        known = self.company.contacts.get(survivor) if survivor else None
        return None if known is not None and known.is_deleted else survivor

    def account(self, reference: str | None) -> str | None:
        return reference

    def lead_of_deal(self, deal_id: str | None) -> str | None:
        return self.lead(self.company.deals[deal_id].lead_id) if deal_id else None

    def owners(self, record: Lead | Deal) -> Owners:
        key = ("lead", record.lead_id) if isinstance(record, Lead) else ("deal", record.deal_id)
        return Owners(tuple(self._owner_changes.get(key, ())), self.rep(record.owner_rep_id))

    def account_of_contact(self, contact_id: str | None) -> str | None:
        survivor = self.contact(contact_id)
        known = self.company.contacts.get(survivor) if survivor else None
        return known.account_id if known else None

    def _customer(self, accounts: Refs, contacts: Refs, leads: Refs) -> Customer | None:
        """The account where there is one, else the contact, else the lead."""
        for kind, references in (("account", accounts), ("contact", contacts), ("lead", leads)):
            for reference in references:
                if reference is not None:
                    return Customer(kind, reference)
        return None

    def customer_of_contact(self, contact_id: str | None) -> Customer | None:
        return self._customer([self.account_of_contact(contact_id)], [self.contact(contact_id)], [])

    def customer_of_lead(self, lead_id: str) -> Customer | None:
        lead = self.company.leads[lead_id]
        return self._customer(
            [self.account(lead.account_id), self.account_of_contact(lead.contact_id)],
            [self.contact(lead.contact_id)],
            [self.lead(lead_id)],
        )

    def customer_of_deal(self, deal: Deal) -> Customer | None:
        """By what the deal itself names, then by what its lead does."""
        lead_id = self.lead(deal.lead_id)
        contact_ids = [deal.contact_id]
        account_ids = [self.account(deal.account_id), self.account_of_contact(deal.contact_id)]
        if lead_id is not None:
            lead = self.company.leads[lead_id]
            contact_ids.append(lead.contact_id)
            account_ids.append(self.account(lead.account_id))
            account_ids.append(self.account_of_contact(lead.contact_id))
        return self._customer(account_ids, [self.contact(key) for key in contact_ids], [lead_id])

    def rep_of_leg(self, rep_email: str | None, extension: str | None) -> str | None:
        """By the address, else by the extension; of several the active one, then the lowest id."""
        address = parse_email(rep_email)
        reps = self.company.reps.values()
        by_email = [rep for rep in reps if address and parse_email(rep.email) == address]
        by_extension = [rep for rep in reps if extension and rep.extension == extension]
        return _first_rep(by_email) or _first_rep(by_extension)


def _first_rep(reps: Iterable[Rep]) -> str | None:
    ordered = sorted(reps, key=lambda rep: (not rep.is_active, rep.rep_id))
    return ordered[0].rep_id if ordered else None
