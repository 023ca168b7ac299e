"""A lead of amoCRM: a canonical lead, its deal, and the events of both."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from orchestration.connectors.values import iso
from tests.sandbox.account import Row, moment
from tests.sandbox.amocrm_rows import (
    DEAL_STAGES,
    LOST,
    REASONS,
    WON,
    Native,
    epoch,
    number,
    status_id,
)


@dataclass(frozen=True)
class Step:
    """That a lead came into a stage, or to an owner."""

    at: datetime
    to: str
    by: str | None = None


@dataclass(frozen=True)
class Sale:
    """A lead of amoCRM: a canonical lead, its deal, and what both went through."""

    lead: Row
    deal: Row | None
    pipeline: int
    stages: Sequence[Step]
    owners: Sequence[Step]

    @property
    def key(self) -> int:
        return number(self.lead["lead_id"]) or 0

    @property
    def status(self) -> int:
        return status_id(self.stages[-1].to, self.pipeline)

    @property
    def sold(self) -> Sequence[Step]:
        """The stages since it was a deal."""
        places = [
            place
            for place, one in enumerate(self.stages)
            if one.to in DEAL_STAGES or one.to == "won"
        ]
        return self.stages[places[0] :] if places else []

    @property
    def updated_at(self) -> datetime:
        told = (moment(row.get("updated_at")) for row in (self.lead, self.deal or {}))
        return max(
            *filter(None, told), *(one.at for one in self.stages), *(one.at for one in self.owners)
        )

    @property
    def closed_at(self) -> datetime | None:
        if self.status not in (WON, LOST):
            return None
        return moment((self.deal or {}).get("closed_at")) or self.stages[-1].at

    @property
    def amount(self) -> float:
        return float((self.deal or {}).get("amount") or 0)

    @property
    def reason(self) -> int | None:
        """Why it was lost: spam, duplicates and tests are told so."""
        stage = self.stages[-1].to
        return REASONS.index(stage) + 1 if stage in REASONS else None


def lead(sale: Sale) -> Native:
    row = sale.lead
    source, account, person = row.get("lead_source"), row.get("account_id"), row.get("contact_id")
    utm = {
        "field_id": 77,
        "field_name": "utm_source",
        "field_code": "UTM_SOURCE",
        "field_type": "tracking_data",
        "values": [{"value": source}],
    }
    owner = number(sale.owners[-1].to) if sale.owners else 0
    first = number(sale.owners[0].to) if sale.owners else None
    reason = {"id": sale.reason, "name": REASONS[sale.reason - 1]} if sale.reason else None
    return {
        "id": sale.key,
        "name": f"Lead {sale.key}",
        "price": int(sale.amount) if sale.amount.is_integer() else sale.amount,
        "responsible_user_id": owner,
        "group_id": 0,
        "status_id": sale.status,
        "pipeline_id": 9000 + sale.pipeline,
        "loss_reason_id": sale.reason,
        "source_id": None,
        # Nobody made what came in by itself.
        "created_by": 0 if row.get("is_inquiry") == "true" else first or 1,
        "updated_by": owner,
        "created_at": epoch(row["created_at"]),
        "updated_at": epoch(sale.updated_at),
        "closed_at": epoch(sale.closed_at),
        "closest_task_at": None,
        "is_deleted": False,
        "custom_fields_values": [utm] if source else None,
        "score": None,
        "account_id": 1,
        "labor_cost": None,
        "_embedded": {
            "tags": [],
            "loss_reason": [reason] if reason else [],
            "companies": [{"id": number(account)}] if account else [],
            "contacts": [{"id": number(person), "is_main": True}] if person else [],
        },
    }


def events(sale: Sale) -> list[Native]:
    """Changes of stage and owner; what it began with is the value before the first."""
    changes = [
        (
            "lead_status_changed",
            after,
            [
                {"lead_status": {"id": status_id(one.to, sale.pipeline), "pipeline_id": 9000}}
                for one in (before, after)
            ],
        )
        for before, after in zip(sale.stages, sale.stages[1:], strict=False)
    ] + [
        (
            "entity_responsible_changed",
            after,
            [{"responsible_user": {"id": number(one.to)}} for one in (before, after)],
        )
        for before, after in zip(sale.owners, sale.owners[1:], strict=False)
    ]
    return [
        {
            # Ids grow, so that those of one second are in order.
            "id": f"{sale.key:016d}{place:04d}",
            "type": kind,
            "entity_id": sale.key,
            "entity_type": "lead",
            "created_by": number(after.by) or 0,
            "created_at": epoch(after.at),
            "value_before": [values[0]],
            "value_after": [values[1]],
            "account_id": 1,
        }
        for place, (kind, after, values) in enumerate(changes)
    ]


def stages_of(
    lead: Row, deal: Row | None, of_lead: Sequence[Row], of_deal: Sequence[Row]
) -> list[Step]:
    """The lead's up to its deal, then the deal's; that it was converted is the deal itself."""
    opened = at(of_deal[0]["changed_at"] if of_deal else (deal or {}).get("created_at"))
    told = [
        row
        for row in of_lead
        if row["stage"] != "converted" and (deal is None or at(row["changed_at"]) < opened)
    ]
    steps = [Step(at(row["changed_at"]), row["stage"] or "", row.get("rep_id")) for row in told]
    steps += [Step(at(row["changed_at"]), row["stage"] or "", row.get("rep_id")) for row in of_deal]
    created = at(lead["created_at"])
    if not steps or steps[0].at > created:
        now = (deal or {}).get("stage") or (lead["status"] if lead["status"] != "converted" else "")
        steps.insert(0, Step(created, steps[0].to if steps else now or "qualified"))
    # What it began with was never changed, so nobody did.
    return [Step(created, steps[0].to), *steps[1:]]


def owners_of(lead: Row, changes: Sequence[Row]) -> list[Step]:
    ordered = sorted(changes, key=lambda row: row["changed_at"] or "")
    steps: list[Step] = []
    for row in ordered:
        if not steps or steps[-1].to != row["owner_rep_id"]:
            steps.append(Step(at(row["changed_at"]), row["owner_rep_id"] or ""))
    if not steps and lead.get("owner_rep_id"):
        steps.append(Step(at(lead["created_at"]), lead["owner_rep_id"] or ""))
    return [Step(at(lead["created_at"]), one.to) for one in steps[:1]] + steps[1:]


def at(value: str | None) -> datetime:
    return moment(value) or datetime.max.replace(tzinfo=UTC)


def stage_changes(sale: Sale) -> list[Row]:
    """The canonical rows of its stages: the lead's, and since it is one its deal's."""
    return [
        {
            "object_type": kind,
            "object_id": sale.lead["lead_id"],
            "stage": str(status_id(one.to, sale.pipeline)),
            "changed_at": iso(one.at),
            "rep_id": one.by,
        }
        for kind, steps in (("lead", sale.stages), ("deal", sale.sold))
        for one in steps
    ]


def owner_changes(sale: Sale) -> list[Row]:
    """The same of its owners."""
    told = [("lead", one.to, one.at) for one in sale.owners]
    if sale.sold:
        opened = sale.sold[0].at
        before = [one for one in sale.owners if one.at <= opened]
        told += [("deal", one.to, opened) for one in before[-1:]]
        told += [("deal", one.to, one.at) for one in sale.owners if one.at > opened]
    return [
        {
            "object_type": kind,
            "object_id": sale.lead["lead_id"],
            "owner_rep_id": owner,
            "changed_at": iso(at),
        }
        for kind, owner, at in told
    ]
