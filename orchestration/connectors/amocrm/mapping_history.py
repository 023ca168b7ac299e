"""What a lead of amoCRM went through, from its events."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from orchestration.connectors.values import Record, Row, Rows, Settings, dug, iso, parse_epoch, text

_SOLD = ("deal", "won")
_STEPS = {
    "unsorted": (("lead", "lead"),),
    "lead": (("lead", "lead"), ("deal", "opportunity")),
    "prospect": (("lead", "prospect"), ("deal", "opportunity")),
    "deal": (("lead", "prospect"), ("deal", "opportunity")),
}
"""Kind of a status -> (object type, step): a deal that went back is an open deal still."""
LOST = "143"


@dataclass(frozen=True)
class Moved:
    """That a lead came into a status, or to an owner."""

    at: datetime
    to: str
    by: str | None = None


class Story:
    """The statuses and owners that a lead had, the first since it was made."""

    def __init__(self, lead: Record) -> None:
        events: Sequence[Record] = lead.get("_events") or ()
        made = parse_epoch(lead.get("created_at"))
        changed = parse_epoch(lead.get("updated_at")) or made
        self._kinds: Mapping[str, str] = lead.get("_kinds") or {}
        self.statuses = _moves(
            [one for one in events if one.get("type") == "lead_status_changed"],
            ("lead_status", "id"),
            made,
            changed,
            text(lead.get("status_id")),
        )
        self.owners = _moves(
            [one for one in events if one.get("type") == "entity_responsible_changed"],
            ("responsible_user", "id"),
            made,
            changed,
            text(lead.get("responsible_user_id")),
        )
        self.kind = self.kind_of(text(lead.get("status_id")))
        self.began_unsorted = bool(self.statuses) and (
            self.kind_of(self.statuses[0].to) == "unsorted"
        )
        sold = [place for place, one in enumerate(self.statuses) if self.kind_of(one.to) in _SOLD]
        self.sold = self.statuses[sold[0] :] if sold else []
        """The statuses that it had as a deal."""
        self.opened = self.sold[0].at if self.sold else None
        """When it became one."""

    def kind_of(self, status: str | None) -> str | None:
        return self._kinds.get(status or "")


def _moves(
    events: Sequence[Record],
    path: tuple[str, str],
    made: datetime | None,
    changed: datetime | None,
    now: str | None,
) -> list[Moved]:
    """What it was first, what each event made it, and what it is, where no event says so."""
    before = text(dug(events[0], "value_before", 0, *path)) if events else now
    moves = [Moved(made, before)] if made and before else []
    for event in events:
        at, after = parse_epoch(event.get("created_at")), text(dug(event, "value_after", 0, *path))
        by = text(event.get("created_by"))
        if at and after:
            moves.append(Moved(at, after, None if by == "0" else by))
    if changed and now and moves and moves[-1].to != now:
        moves.append(Moved(changed, now))
    return moves


def stage_rows(key: str | None, story: Story) -> dict[str, list[Row]]:
    """Changes of stage and owner, of the lead and (from then on) of its deal."""
    stages = [_stage("lead", key, one) for one in story.statuses]
    owners = [_owner("lead", key, one.to, one.at) for one in story.owners if one.to != "0"]
    if story.opened is not None:
        stages += [_stage("deal", key, one) for one in story.sold]
        first = [one.to for one in story.owners if one.at <= story.opened][-1:]
        owners += [_owner("deal", key, to, story.opened) for to in first if to != "0"]
        owners += [
            _owner("deal", key, one.to, one.at)
            for one in story.owners
            if one.at > story.opened and one.to != "0"
        ]
    return {"crm/stage_changes": stages, "crm/owner_changes": owners}


def _stage(kind: str, key: str | None, moved: Moved) -> Row:
    return {
        "object_type": kind,
        "object_id": key,
        "stage": moved.to,
        "changed_at": iso(moved.at),
        "rep_id": moved.by,
    }


def _owner(kind: str, key: str | None, owner: str, at: datetime) -> Row:
    return {
        "object_type": kind,
        "object_id": key,
        "owner_rep_id": owner,
        "changed_at": iso(at),
    }


def stage_key(status: Record) -> str:
    """142 and 143 are in every pipeline; a reason of a loss is told with the status."""
    key = text(status.get("id")) or ""
    return f"{LOST}:{key}" if status.get("_kind") == "excluded" else key


def no_rows(_status: Record, _settings: Settings) -> Rows:
    """A status is no row: it is read for what it means."""
    return {}


def told_stages(status: Record) -> Iterable[Row]:
    """What a status means; of 142 and 143 stages.csv says it."""
    kind = str(status.get("_kind"))
    if kind == "excluded":
        for object_type in ("lead", "deal"):
            yield _told(object_type, status, "lost", is_excluded="true")
    for object_type, step in _STEPS.get(kind, ()):
        yield _told(object_type, status, step, is_excluded="false")


def _told(object_type: str, status: Record, step: str, *, is_excluded: str) -> Row:
    return {
        "object_type": object_type,
        "native_stage": stage_key(status),
        "funnel_step": step,
        "is_excluded": is_excluded,
    }
