"""What all records of HubSpot have in common, and owners -> crm/reps."""

from collections.abc import Iterator
from datetime import UTC, datetime

from orchestration.connectors.values import (
    Record,
    Row,
    Rows,
    Settings,
    dug,
    iso,
    parse_epoch,
    parse_iso,
    text,
)

_ANCIENT = datetime.min.replace(tzinfo=UTC)


def prop(record: Record, name: str | None) -> str | None:
    """A property; HubSpot says nothing by null or by an empty text."""
    return text(dug(record, "properties", name)) if name else None


def moment(value: object) -> datetime | None:
    """HubSpot spells times in ISO 8601, some properties in milliseconds since 1970."""
    told = text(value)
    return parse_epoch(told) if told and told.isdigit() else parse_iso(told)


def when(record: Record, name: str | None) -> datetime | None:
    return moment(prop(record, name))


def link(record: Record, name: str) -> str | None:
    """The one of `name` that the record is associated with."""
    return text(dug(record, "_links", name))


def changed_at(record: Record) -> datetime | None:
    """The last change, being thrown into the bin among them."""
    told = (moment(record.get("updatedAt")), moment(record.get("archivedAt")))
    return max((one for one in told if one), default=None)


def updated_at(record: Record) -> str | None:
    return iso(changed_at(record))


def created_at(record: Record) -> str | None:
    return iso(moment(record.get("createdAt")))


def is_deleted(record: Record) -> str:
    return "true" if record.get("archived") is True else "false"


def history(record: Record, name: str) -> Iterator[tuple[datetime, str | None, Record]]:
    """(moment, value, entry) of what a property was, the oldest first; HubSpot tells it last."""
    entries = dug(record, "propertiesWithHistory", name) or ()
    dated = [(moment(entry.get("timestamp")), entry) for entry in reversed(entries)]
    for at, entry in sorted(dated, key=lambda one: one[0] or _ANCIENT):
        if at is not None:
            yield at, text(entry.get("value")), entry


def by_whom(record: Record, entry: Record) -> str | None:
    """The owner whose user made a change."""
    user = text(entry.get("updatedByUserId"))
    return text(dug(record, "_owners", user)) if user else None


def stage_changes(record: Record, object_type: str, name: str) -> list[Row]:
    return [
        {
            "object_type": object_type,
            "object_id": text(record.get("id")),
            "stage": stage,
            "changed_at": iso(at),
            "rep_id": by_whom(record, entry),
        }
        for at, stage, entry in history(record, name)
        if stage
    ]


def owner_changes(record: Record, object_type: str) -> list[Row]:
    """Without the times when nobody owned it."""
    return [
        {
            "object_type": object_type,
            "object_id": text(record.get("id")),
            "owner_rep_id": owner,
            "changed_at": iso(at),
        }
        for at, owner, _ in history(record, "hubspot_owner_id")
        if owner
    ]


def rep_rows(owner: Record, _settings: Settings) -> Rows:
    """An owner; of several teams the primary one."""
    names = [text(owner.get(key)) for key in ("firstName", "lastName")]
    teams = sorted(owner.get("teams") or (), key=lambda team: team.get("primary") is not True)
    email = text(owner.get("email"))
    return {
        "crm/reps": [
            {
                "rep_id": text(owner.get("id")),
                "full_name": " ".join(filter(None, names)) or email or text(owner.get("id")),
                "email": email,
                "team": text(dug(teams, 0, "name")),
                "is_active": "false" if owner.get("archived") is True else "true",
            }
        ]
    }
