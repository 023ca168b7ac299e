"""From a drop folder (LANDING.md) to a `Company`: good rows only, the latest of each key."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar
from zoneinfo import ZoneInfo

from tests.reference import model
from tests.reference.parsing import (
    BadCellError,
    one_of,
    parse_date,
    parse_flag,
    parse_list,
    parse_number,
    parse_time,
)

if TYPE_CHECKING:
    from pathlib import Path

BEFORE_EVERYTHING = datetime(1, 1, 1)  # noqa: DTZ001
Row = TypeVar("Row")
Cells = dict[str, Any]
Parser = Callable[[str], Any]


@dataclass(frozen=True)
class Entity:
    """How the rows of one entity are read: a parser a column, and the starred ones."""

    path: str
    columns: dict[str, Parser]
    starred: frozenset[str]


def _entities(connector: str, zone: ZoneInfo) -> dict[str, Entity]:
    def key(text: str) -> str:
        return f"{connector}:{text}"

    def time(text: str) -> datetime:
        return parse_time(text, zone)

    parsers: dict[str, Parser] = {
        "text": str,
        "id": key,
        "time": time,
        "day": parse_date,
        "number": parse_number,
        "flag": parse_flag,
        "list": parse_list,
        "object": one_of("lead", "deal"),
        "kind": one_of("call", "email", "meeting", "message"),
        "way": one_of("outbound", "inbound"),
        "leg_way": one_of("outbound", "inbound", "internal"),
        "event": one_of("sent", "opened", "clicked", "downloaded"),
        "disposition": one_of("answered", "no_answer", "busy", "failed", "voicemail"),
    }
    specifications = {
        "crm/reps": "rep_id*:id full_name*:text email:text phone:text extension:text team:text "
        "time_zone:text is_active:flag hired_on:day",
        "crm/accounts": "account_id*:id name*:text industry:text country:text created_at:time "
        "updated_at:time is_deleted:flag",
        "crm/contacts": "contact_id*:id account_id:id full_name:text emails:list phones:list "
        "time_zone:text created_at:time updated_at:time is_deleted:flag merged_into_id:id",
        "crm/leads": "lead_id*:id contact_id:id account_id:id owner_rep_id:id lead_source:text "
        "is_inquiry:flag inquiry_at:time inquiry_channel:text status*:text created_at*:time "
        "updated_at:time is_deleted:flag merged_into_id:id",
        "crm/deals": "deal_id*:id lead_id:id contact_id:id account_id:id owner_rep_id:id "
        "pipeline:text stage*:text amount:number currency:text created_at*:time "
        "updated_at:time closed_at:time is_deleted:flag merged_into_id:id",
        "crm/stage_changes": "object_type*:object object_id*:id stage*:text changed_at*:time "
        "rep_id:id",
        "crm/owner_changes": "object_type*:object object_id*:id owner_rep_id*:id changed_at*:time",
        "crm/activities": "activity_id*:id kind*:kind direction:way started_at*:time "
        "ended_at:time duration_seconds:number outcome:text rep_id:id contact_id:id lead_id:id "
        "deal_id:id phone:text email:text thread_id:text is_automated:flag "
        "telephony_call_id:id updated_at:time is_deleted:flag",
        "crm/collateral": "collateral_id*:id title*:text kind:text topic:text published_on:day "
        "retired_on:day",
        "crm/collateral_events": "event_id*:id collateral_id*:id event*:event occurred_at*:time "
        "rep_id:id contact_id:id lead_id:id deal_id:id activity_id:id",
        "crm/quotas": "rep_id*:id month*:day amount*:number currency:text",
        "telephony/calls": "call_id*:id linked_id:id direction*:leg_way from_number:text "
        "to_number:text extension:text rep_email:text started_at*:time answered_at:time "
        "ended_at:time talk_seconds:number disposition*:disposition queue:text",
    }
    entities = {}
    for path, specification in specifications.items():
        columns: dict[str, Parser] = {}
        starred = set()
        for part in specification.split():
            name, _, parser = part.partition(":")
            columns[name.rstrip("*")] = parsers[parser]
            if name.endswith("*"):
                starred.add(name.rstrip("*"))
        entities[path] = Entity(path, columns, frozenset(starred))
    return entities


def _files(folder: Path, path: str) -> list[Path]:
    parent, name = path.split("/")
    found = [*(folder / parent).glob(f"{name}.csv"), *(folder / parent).glob(f"{name}-*.csv")]
    return sorted(found)


def _good_rows(folder: Path, entity: Entity) -> Iterator[Cells]:
    for file in _files(folder, entity.path):
        with file.open(encoding="utf-8-sig", newline="") as stream:
            for record in csv.DictReader(stream):
                try:
                    yield _parse(record, entity)
                except BadCellError:
                    continue


def _parse(record: dict[str, str | None], entity: Entity) -> Cells:
    cells: Cells = {}
    for name, parser in entity.columns.items():
        text = (record.get(name) or "").strip()
        if text:
            cells[name] = parser(text)
        elif name in entity.starred:
            raise BadCellError(f"{name} is empty")
    for begin, end in (("started_at", "ended_at"), ("answered_at", "ended_at")):
        if begin in cells and end in cells and cells[end] < cells[begin]:
            raise BadCellError("the end is before the start")
    return cells


def _latest(rows: Iterable[Cells], key: tuple[str, ...]) -> list[Cells]:
    """A later row of the same key replaces an earlier one: by updated_at, then file order."""
    kept: dict[tuple[Any, ...], Cells] = {}
    for row in rows:
        identity = tuple(row[name] for name in key)
        known = kept.get(identity)
        if known is None or _version(row) >= _version(known):
            kept[identity] = row
    return list(kept.values())


def _version(row: Cells) -> datetime:
    version: datetime = row.get("updated_at", BEFORE_EVERYTHING)
    return version


def read_company(folder: Path, connector: str, source_time_zone: str) -> model.Company:
    entities = _entities(connector, ZoneInfo(source_time_zone))

    def rows(path: str, *key: str) -> list[Cells]:
        return _latest(_good_rows(folder, entities[path]), key)

    def by_key(path: str, key: str, row_type: Callable[..., Row]) -> dict[str, Row]:
        return {row[key]: row_type(**row) for row in rows(path, key)}

    company = model.Company(
        reps=by_key("crm/reps", "rep_id", model.Rep),
        accounts=by_key("crm/accounts", "account_id", model.Account),
        contacts=by_key("crm/contacts", "contact_id", model.Contact),
        leads=by_key("crm/leads", "lead_id", model.Lead),
        deals=by_key("crm/deals", "deal_id", model.Deal),
        activities=by_key("crm/activities", "activity_id", model.Activity),
        collateral=by_key("crm/collateral", "collateral_id", model.Collateral),
        collateral_events=by_key("crm/collateral_events", "event_id", model.CollateralEvent),
        quotas=[model.Quota(**row) for row in rows("crm/quotas", "rep_id", "month")],
        legs=[model.Leg(**row) for row in rows("telephony/calls", "call_id")],
        stage_changes=[
            model.StageChange(**row)
            for row in rows("crm/stage_changes", "object_type", "object_id", "stage", "changed_at")
        ],
        owner_changes=[
            model.OwnerChange(**row)
            for row in rows(
                "crm/owner_changes", "object_type", "object_id", "owner_rep_id", "changed_at"
            )
        ],
    )
    return _without_broken_references(company)


def _without_broken_references(company: model.Company) -> model.Company:
    """Rows whose starred reference names nothing go to quarantine too."""
    objects = {"lead": company.leads.keys(), "deal": company.deals.keys()}
    company.stage_changes = [
        change
        for change in company.stage_changes
        if change.object_id in objects[change.object_type]
    ]
    company.owner_changes = [
        change
        for change in company.owner_changes
        if change.object_id in objects[change.object_type] and change.owner_rep_id in company.reps
    ]
    company.collateral_events = {
        key: event
        for key, event in company.collateral_events.items()
        if event.collateral_id in company.collateral
    }
    company.quotas = [quota for quota in company.quotas if quota.rep_id in company.reps]
    return company


EVENT_TIMES = (
    "started_at",
    "answered_at",
    "ended_at",
    "changed_at",
    "occurred_at",
    "created_at",
    "updated_at",
    "inquiry_at",
    "closed_at",
)


def latest_moment(company: model.Company) -> datetime:
    """The default `as_of`: the latest moment seen in any event time that is not in the future."""
    now = datetime.now(UTC).replace(tzinfo=None)
    everything: list[Any] = [
        *company.accounts.values(),
        *company.contacts.values(),
        *company.leads.values(),
        *company.deals.values(),
        *company.activities.values(),
        *company.collateral_events.values(),
        *company.stage_changes,
        *company.owner_changes,
        *company.legs,
    ]
    moments = [getattr(row, name, None) for row in everything for name in EVENT_TIMES]
    return max((moment for moment in moments if moment and moment <= now), default=now)


def seen(company: model.Company, as_of: datetime) -> model.Company:
    """The company without the rows that happened after `as_of`."""
    return model.Company(
        reps=company.reps,
        accounts={k: v for k, v in company.accounts.items() if _by(v.created_at, as_of)},
        contacts={k: v for k, v in company.contacts.items() if _by(v.created_at, as_of)},
        leads={k: v for k, v in company.leads.items() if v.created_at <= as_of},
        deals={k: v for k, v in company.deals.items() if v.created_at <= as_of},
        stage_changes=[v for v in company.stage_changes if v.changed_at <= as_of],
        owner_changes=[v for v in company.owner_changes if v.changed_at <= as_of],
        activities={k: v for k, v in company.activities.items() if v.started_at <= as_of},
        collateral=company.collateral,
        collateral_events={
            k: v for k, v in company.collateral_events.items() if v.occurred_at <= as_of
        },
        quotas=company.quotas,
        legs=[v for v in company.legs if v.started_at <= as_of],
    )


def _by(moment: datetime | None, as_of: datetime) -> bool:
    return moment is None or moment <= as_of
