"""What an account of amoCRM holds of a company, and what its connector has to tell of it."""

from datetime import timedelta
from typing import ClassVar

from orchestration.connectors.values import iso
from tests.sandbox import amocrm_rows as native
from tests.sandbox.account import Account, Row
from tests.sandbox.amocrm_rows import number
from tests.sandbox.amocrm_sales import (
    Sale,
    at,
    owner_changes,
    owners_of,
    stage_changes,
    stages_of,
)

Columns = frozenset[str]
_DATED = frozenset(("created_at", "updated_at", "is_deleted"))


class Book(Account):
    """An account. Of several deals of a lead there is the first, and merged records are gone."""

    HOLDS: ClassVar[dict[str, Columns]] = {
        "crm/reps": frozenset(["rep_id", "full_name", "email", "team", "is_active"]),
        "crm/accounts": frozenset(["account_id", "name"]) | _DATED,
        "crm/contacts": frozenset(["contact_id", "account_id", "full_name", "emails", "phones"])
        | _DATED,
        "crm/leads": frozenset(
            [
                "lead_id",
                "contact_id",
                "account_id",
                "owner_rep_id",
                "lead_source",
                "is_inquiry",
                "inquiry_at",
                "status",
            ]
        )
        | _DATED,
        "crm/deals": frozenset(
            [
                "deal_id",
                "lead_id",
                "contact_id",
                "account_id",
                "owner_rep_id",
                "pipeline",
                "stage",
                "amount",
                "currency",
                "closed_at",
            ]
        )
        | _DATED,
        "crm/stage_changes": frozenset(
            ["object_type", "object_id", "stage", "changed_at", "rep_id"]
        ),
        "crm/owner_changes": frozenset(["object_type", "object_id", "owner_rep_id", "changed_at"]),
        "crm/activities": frozenset(
            [
                "activity_id",
                "kind",
                "direction",
                "started_at",
                "ended_at",
                "duration_seconds",
                "outcome",
                "rep_id",
                "contact_id",
                "lead_id",
                "phone",
                "email",
                "thread_id",
                "telephony_call_id",
                "updated_at",
                "is_deleted",
            ]
        ),
    }
    CURRENCY = "USD"
    """An account has one."""

    def native_id(self, entity: str, canonical_id: str) -> str:
        return canonical_id if entity == "telephony/calls" else _id(canonical_id) or ""

    # What it holds.

    def pipelines(self) -> list[str]:
        told = (row.get("pipeline") for row in self.rows["crm/deals"].values())
        return [str(name) for name in dict.fromkeys(told) if name] or ["Pipeline"]

    def groups(self) -> list[str]:
        told = (row.get("team") for row in self.rows["crm/reps"].values())
        return [str(name) for name in dict.fromkeys(told) if name]

    def there(self, entity: str) -> list[Row]:
        """The rows that were not merged away or deleted, with what they refer to."""
        return [
            {
                **row,
                "contact_id": self._survivor("contact", row.get("contact_id")),
                "lead_id": self._survivor("lead", row.get("lead_id")),
            }
            for row in self.rows[entity].values()
            if not row.get("merged_into_id") and row.get("is_deleted") != "true"
        ]

    def sales(self) -> list[Sale]:
        deals: dict[str | None, Row] = {}
        for row in sorted(self.there("crm/deals"), key=lambda row: row["created_at"] or ""):
            deals.setdefault(row["lead_id"], row)
        changes = self._by_object("crm/stage_changes")
        owners = self._by_object("crm/owner_changes")
        sales = []
        for lead in self.there("crm/leads"):
            deal = deals.get(lead["lead_id"])
            keys = [("lead", lead["lead_id"]), ("deal", (deal or {}).get("deal_id"))]
            told = [changes.get(key, []) for key in keys]
            sales.append(
                Sale(
                    lead,
                    deal,
                    self.pipelines().index(str(deal["pipeline"]))
                    if deal and deal.get("pipeline")
                    else 0,
                    stages_of(lead, deal, *told),
                    owners_of(lead, [row for key in keys for row in owners.get(key, [])]),
                )
            )
        return sales

    def entity_of(self, activity: Row) -> tuple[str, int] | None:
        """What a note is at: the lead, else the contact; one at neither can't be."""
        lead, deal = activity.get("lead_id"), activity.get("deal_id")
        if not lead and deal and (found := self.rows["crm/deals"].get((deal,))):
            lead = self._survivor("lead", found.get("lead_id"))
        for kind, key in (("lead", lead), ("contact", activity.get("contact_id"))):
            if key:
                return kind, number(key) or 0
        return None

    def notes(self, entity: str) -> list[Row]:
        """Calls, emails and SMS at leads or contacts."""
        return [
            row
            for row in self.there("crm/activities")
            if (found := self.entity_of(row)) and found[0] == entity and not _is_chat(row)
            if row["kind"] != "meeting"
        ]

    def chats(self) -> list[Row]:
        return [
            row for row in self.there("crm/activities") if self.entity_of(row) and _is_chat(row)
        ]

    def _survivor(self, kind: str, key: str | None) -> str | None:
        while key and (row := self.rows[f"crm/{kind}s"].get((key,))):
            if not row.get("merged_into_id"):
                return key
            key = row["merged_into_id"]
        return key

    def _by_object(self, entity: str) -> dict[tuple[str | None, str | None], list[Row]]:
        found: dict[tuple[str | None, str | None], list[Row]] = {}
        for row in sorted(self.rows[entity].values(), key=lambda row: row["changed_at"] or ""):
            found.setdefault((row["object_type"], row["object_id"]), []).append(row)
        return found

    # What the connector has to tell of it.

    def expected(self) -> dict[str, list[Row]]:
        sales = self.sales()
        told: dict[str, list[Row]] = {
            "crm/reps": list(self.rows["crm/reps"].values()),
            "crm/accounts": self.there("crm/accounts"),
            "crm/contacts": self.there("crm/contacts"),
            "crm/leads": [_lead(sale) for sale in sales],
            "crm/deals": [self._deal(sale) for sale in sales if sale.sold],
            "crm/stage_changes": [row for sale in sales for row in stage_changes(sale)],
            "crm/owner_changes": [row for sale in sales for row in owner_changes(sale)],
            "crm/activities": [
                *(_note(row, "lead", self.entity_of(row)) for row in self.notes("lead")),
                *(_note(row, "contact", self.entity_of(row)) for row in self.notes("contact")),
                *(_chat(row, self.entity_of(row)) for row in self.chats()),
            ],
        }
        return {
            entity: [
                {
                    name: _id(value) if name.endswith("_id") and name not in _AS_IS else value
                    for name, value in row.items()
                    if name in self.HOLDS[entity]
                }
                for row in rows
            ]
            for entity, rows in told.items()
        }

    def _deal(self, sale: Sale) -> Row:
        return {
            **_lead(sale),
            "deal_id": sale.lead["lead_id"],
            "pipeline": self.pipelines()[sale.pipeline],
            "stage": _status(sale),
            "amount": str(sale.amount) if sale.amount else None,
            "currency": self.CURRENCY,
            "created_at": iso(sale.sold[0].at),
            "closed_at": iso(sale.closed_at),
        }


_AS_IS = ("thread_id", "telephony_call_id")


def _id(canonical_id: str | None) -> str | None:
    found = number(canonical_id)
    return None if found is None else str(found)


def _is_chat(row: Row) -> bool:
    return row["kind"] == "message" and not row.get("phone")


def _status(sale: Sale) -> str:
    return f"{sale.status}:{sale.reason}" if sale.reason else str(sale.status)


def _lead(sale: Sale) -> Row:
    is_inquiry = sale.lead.get("is_inquiry") == "true"
    return {
        **sale.lead,
        "owner_rep_id": sale.owners[-1].to if sale.owners else None,
        "is_inquiry": "true" if is_inquiry else "false",
        "inquiry_at": sale.lead["created_at"] if is_inquiry else None,
        "status": _status(sale),
        "updated_at": iso(sale.updated_at),
    }


def _note(row: Row, kind: str, entity: tuple[str, int] | None) -> Row:
    is_call, is_email = row["kind"] == "call", row["kind"] == "email"
    started = at(row["started_at"])
    length = native.seconds(row)
    return {
        **_at_entity(row, kind, entity),
        "ended_at": iso(started + timedelta(seconds=length)) if is_call else None,
        "duration_seconds": str(length) if is_call else None,
        "outcome": native.OUTCOMES[native.call_status(row)] if is_call else None,
        "phone": None if is_email else row.get("phone"),
        "email": row.get("email") if is_email else None,
        "thread_id": row.get("thread_id") if is_email else None,
        "telephony_call_id": row.get("telephony_call_id") if is_call else None,
    }


def _chat(row: Row, entity: tuple[str, int] | None) -> Row:
    is_inbound = row.get("direction") == "inbound"
    return {
        **_at_entity(row, entity[0] if entity else "", entity),
        "ended_at": None,
        "duration_seconds": None,
        "outcome": None,
        "rep_id": None if is_inbound else row.get("rep_id"),
        "phone": None,
        "email": None,
        "telephony_call_id": None,
        # An event does not change.
        "updated_at": row["started_at"],
    }


def _at_entity(row: Row, kind: str, entity: tuple[str, int] | None) -> Row:
    key = str(entity[1]) if entity else None
    return {
        **row,
        "lead_id": key if kind == "lead" else None,
        "contact_id": key if kind == "contact" else None,
    }
