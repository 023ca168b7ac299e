"""What a portal of Bitrix24 holds of a company, and what its connector has to tell of it."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import ClassVar

from orchestration.connectors.values import iso
from tests.sandbox import bitrix24_rows as native
from tests.sandbox.account import Account, Row, Rows, moment, row_key
from tests.sandbox.bitrix24_rows import Names, number

_DATED = frozenset(("created_at", "updated_at", "is_deleted"))
_ID_COLUMNS = ("rep_id", "account_id", "contact_id", "lead_id", "deal_id", "activity_id")


class Portal(Account):
    """A portal. Merged records are gone, as Bitrix24 tells nothing of a merge."""

    HOLDS: ClassVar[Mapping[str, frozenset[str]]] = {
        "crm/reps": frozenset(
            [
                "rep_id",
                "full_name",
                "email",
                "phone",
                "extension",
                "team",
                "time_zone",
                "is_active",
                "hired_on",
            ]
        ),
        "crm/accounts": frozenset(["account_id", "name", "industry", "country"]) | _DATED,
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
                "inquiry_channel",
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
        "crm/stage_changes": frozenset(["object_type", "object_id", "stage", "changed_at"]),
        "crm/activities": frozenset(
            [
                "activity_id",
                "kind",
                "direction",
                "started_at",
                "ended_at",
                "outcome",
                "rep_id",
                "contact_id",
                "lead_id",
                "deal_id",
                "phone",
                "email",
                "thread_id",
                "telephony_call_id",
                "updated_at",
                "is_deleted",
            ]
        ),
        "telephony/calls": frozenset(
            [
                "call_id",
                "linked_id",
                "direction",
                "from_number",
                "to_number",
                "extension",
                "rep_email",
                "started_at",
                "ended_at",
                "talk_seconds",
                "disposition",
            ]
        ),
    }

    def __init__(self, rows: Rows) -> None:
        super().__init__(rows)
        self._numbers: dict[tuple[str, ...], int] = {}

    def native_id(self, entity: str, canonical_id: str) -> str:
        return canonical_id if entity == "telephony/calls" else number(canonical_id) or ""

    # What it holds.

    def held(self) -> dict[str, list[Row]]:
        """The rows that are there: without merged and deleted ones, whose things moved on."""
        merged = {
            (column, row[column]): row["merged_into_id"]
            for entity, column in (("crm/contacts", "contact_id"), ("crm/leads", "lead_id"))
            for row in self.rows[entity].values()
            if row.get("merged_into_id")
        }

        def there(column: str, found: str | None) -> str | None:
            while found and (column, found) in merged:
                found = merged[column, found]
            return found

        def moved(row: Row) -> Row:
            told = {column: there(column, row[column]) for column in _ID_COLUMNS if row.get(column)}
            return {**row, **told}

        def is_there(row: Row) -> bool:
            is_gone = row.get("merged_into_id") or row.get("is_deleted") == "true"
            # Its history goes with a lead.
            is_history = row.get("object_type") == "lead"
            return not is_gone and not (is_history and ("lead_id", row["object_id"]) in merged)

        return {
            entity: [moved(row) for row in rows.values() if is_there(row)]
            for entity, rows in self.rows.items()
        }

    def departments(self) -> Names:
        return Names(row.get("team") for row in self.rows["crm/reps"].values())

    def industries(self) -> Names:
        return Names(row.get("industry") for row in self.rows["crm/accounts"].values())

    def pipelines(self) -> Names:
        return Names(row.get("pipeline") for row in self.rows["crm/deals"].values())

    def sources(self) -> Names:
        return Names(native.source_key(row) for row in self.rows["crm/leads"].values())

    def pipeline_of(self, change: Row) -> int:
        deal = self.rows["crm/deals"].get((change["object_id"] or "",), {})
        return self.pipelines().id_of(deal.get("pipeline")) or 0

    def users(self) -> dict[str, str]:
        return {
            str(row[column]): number(row["rep_id"]) or ""
            for row in self.rows["crm/reps"].values()
            for column in ("email", "extension")
            if row.get(column)
        }

    def place(self, kind: str, row: Row) -> int:
        """A number that nothing moves."""
        entity = {"stage": "crm/stage_changes", "call": "telephony/calls"}[kind]
        return self._numbers.setdefault((kind, *row_key(entity, row)), len(self._numbers) + 1)

    # What the connector has to tell of it.

    def expected(self) -> dict[str, list[Row]]:
        held = self.held()
        by_id = {number(row["rep_id"]): row for row in self.rows["crm/reps"].values()}
        told: dict[str, Sequence[Row]] = {
            **held,
            "crm/leads": [
                {
                    **row,
                    "status": native.LEAD_STAGES[row["status"] or ""],
                    "inquiry_at": row["created_at"] if row.get("is_inquiry") == "true" else None,
                }
                for row in held["crm/leads"]
            ],
            "crm/deals": [self._deal(row) for row in held["crm/deals"]],
            "crm/stage_changes": [self._change(row) for row in held["crm/stage_changes"]],
            "crm/activities": [
                _activity(row)
                for row in held["crm/activities"]
                if row["kind"] != "meeting" or row.get("outcome") == "held"
            ],
            "telephony/calls": [self._call_row(row, by_id) for row in held["telephony/calls"]],
        }
        return {
            entity: [
                {
                    name: number(value) if name in (*_ID_COLUMNS, "owner_rep_id") else value
                    for name, value in row.items()
                    if name in self.HOLDS[entity]
                }
                for row in rows
            ]
            for entity, rows in told.items()
        }

    def _deal(self, row: Row) -> Row:
        pipeline = self.pipelines().id_of(row.get("pipeline")) or 0
        stage = native.deal_stage(row["stage"], pipeline)
        closed = row.get("closed_at") or row.get("updated_at")
        return {
            **row,
            "stage": stage,
            "closed_at": None if native.semantics(stage) == "P" else closed,
            "pipeline": self.pipelines().names[pipeline] if self.pipelines().names else "General",
        }

    def _change(self, row: Row) -> Row:
        is_lead = row["object_type"] == "lead"
        stage = native.stage_entry(row, 0, self.pipeline_of(row))
        return {
            **row,
            "object_id": number(row["object_id"]),
            "stage": stage["STATUS_ID" if is_lead else "STAGE_ID"],
            # Part of the key, which is text.
            "changed_at": iso(moment(row["changed_at"])),
        }

    def _call_row(self, row: Row, by_id: Mapping[str | None, Row]) -> Row:
        told = native.call(row, 0, self.users())
        rep = by_id.get(told["PORTAL_USER_ID"], {})
        start, code = moment(row["started_at"]), told["CALL_FAILED_CODE"]
        assert start is not None
        end = start + timedelta(seconds=int(told["CALL_DURATION"]))
        return {
            **row,
            "linked_id": row.get("linked_id") or row["call_id"],
            "extension": rep.get("extension"),
            "rep_email": rep.get("email"),
            "ended_at": end.isoformat(),
            "talk_seconds": told["CALL_DURATION"] if code == "200" else "0",
            "disposition": "answered" if code == "200" else row["disposition"],
        }


def _activity(row: Row) -> Row:
    kind = row["kind"]
    is_missed = kind == "call" and native.is_missed_call(row)
    return {
        **row,
        "outcome": "held" if kind == "meeting" else "missed" if is_missed else None,
        "ended_at": (row.get("ended_at") or row["started_at"]) if kind == "meeting" else None,
    }
