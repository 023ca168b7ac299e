"""From the draws of `world_rows` to the rows of LANDING.md: references, times, merges, closings."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.reference.world_rows import Draft

Table = list[dict[str, str]]


def _reference(prefix: str, number: Any, counts: dict[str, int]) -> str:
    """`number` is None for no reference; it is cut to the records that there are."""
    if number is None or not counts[prefix]:
        return ""
    return f"{prefix}{number % counts[prefix] + 1}"


def _stamp(moment: datetime | None) -> str:
    return f"{moment.isoformat()}Z" if moment else ""


def _plain(draft: Draft) -> dict[str, str]:
    """The cells of a draft that need no more thought; those with `_` in front do."""
    cells = {}
    for name, value in draft.items():
        if name.startswith("_"):
            continue
        cells[name] = _stamp(value) if isinstance(value, datetime) else _text(value)
    return cells


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return ";".join(dict.fromkeys(value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def numbered(prefix: str, drafts: list[Draft], key: str) -> Table:
    return [{key: f"{prefix}{n}"} | _plain(draft) for n, draft in enumerate(drafts, 1)]


def _merged_into(prefix: str, number: int, draft: Draft, count: int) -> str:
    """Into a later record only, so that there are chains and no cycles."""
    later = count - number
    if draft["_merge"] is None or later <= 0:
        return ""
    return f"{prefix}{number + 1 + draft['_merge'] % later}"


def contacts(drafts: list[Draft]) -> Table:
    return [
        row | {"merged_into_id": _merged_into("C", n, draft, len(drafts))}
        for n, (row, draft) in enumerate(
            zip(numbered("C", drafts, "contact_id"), drafts, strict=True), 1
        )
    ]


def quotas(drafts: list[Draft]) -> Table:
    return list({(row["rep_id"], row["month"]): row for row in map(_plain, drafts)}.values())


def add_records(
    tables: dict[str, Table], kind: str, prefix: str, drafts: list[Draft], counts: dict[str, int]
) -> None:
    """Leads or deals with their stage changes; the present stage is the last change's."""
    stage_column = "status" if kind == "lead" else "stage"
    for number, draft in enumerate(drafts, 1):
        key = f"{prefix}{number}"
        created_at = draft["_created_at"]
        changes = sorted(
            ((max(at, created_at), stage) for stage, at in draft["_changes"]),
            key=lambda change: change[0],
        )
        row = {f"{kind}_id": key} | _plain(draft)
        row |= {
            "created_at": _stamp(created_at),
            "contact_id": _reference("C", draft["_contact"], counts),
            "merged_into_id": _merged_into(prefix, number, draft, len(drafts)),
        }
        if changes:
            row[stage_column] = changes[-1][1]
            row["updated_at"] = _stamp(changes[-1][0])
        elif draft["_updated_at"]:
            row["updated_at"] = _stamp(max(draft["_updated_at"], created_at))
        if kind == "deal":
            row["lead_id"] = _reference("L", draft["_lead"], counts)
            if row["stage"] in ("won", "lost"):
                closed = changes[-1][0] if changes else draft["_updated_at"]
                row["closed_at"] = _stamp(max(closed, created_at) if closed else None)
        tables[f"crm/{kind}s"].append(row)
        tables["crm/stage_changes"] += [
            {"object_type": kind, "object_id": key, "stage": stage, "changed_at": _stamp(at)}
            for at, stage in dict.fromkeys(changes)
        ]


def add_owner_changes(
    tables: dict[str, Table], drafts: list[Draft], counts: dict[str, int]
) -> None:
    """The present owner is the last change's; no object has two changes at one time."""
    changes: dict[tuple[str, str], dict[datetime, str]] = {}
    for draft in drafts:
        kind = draft["_kind"]
        key = _reference("L" if kind == "lead" else "D", draft["_object"], counts)
        if key:
            changes.setdefault((kind, key), {})[draft["_at"]] = draft["owner_rep_id"]
    for (kind, key), owners in changes.items():
        for row in tables[f"crm/{kind}s"]:
            if row[f"{kind}_id"] == key:
                row["owner_rep_id"] = owners[max(owners)]
        tables["crm/owner_changes"] += [
            {
                "object_type": kind,
                "object_id": key,
                "owner_rep_id": owner,
                "changed_at": _stamp(at),
            }
            for at, owner in owners.items()
        ]


def add_calls(
    tables: dict[str, Table], calls: list[Draft], legs: list[Draft], counts: dict[str, int]
) -> None:
    """Calls that both systems may hold, a little apart, and legs that only telephony holds."""
    for number, draft in enumerate(calls, 1):
        for leg in draft["_legs"]:
            _add_leg(tables, draft | leg, f"X{number}" if draft["_linked"] else "")
        if draft["_logged"] is not None:
            started_at = draft["_at"] + timedelta(seconds=draft["_apart"])
            activity = dict(draft["_logged"]) | {"kind": "call", "started_at": started_at}
            activity |= {"direction": draft["direction"]}
            activity["phone"] = draft["_number"] if draft["_by_number"] else ""
            _add_activity(tables, activity, counts)
    for leg in legs:
        _add_leg(tables, leg, leg["_linked_id"])


def _add_leg(tables: dict[str, Table], leg: Draft, linked_id: str) -> None:
    started_at = leg["_at"] + timedelta(seconds=leg["_delay"])
    answered = leg["disposition"] == "answered"
    answered_at = started_at + timedelta(seconds=10)
    talk = leg["_talk"] if answered else 0
    tables["telephony/calls"].append(
        {
            "call_id": f"T{len(tables['telephony/calls']) + 1}",
            "linked_id": linked_id,
            "direction": leg["direction"],
            "from_number": leg["_number"] if leg["direction"] == "inbound" else "101",
            "to_number": leg["_number"] if leg["direction"] == "outbound" else "102",
            "extension": leg["extension"] or "",
            "rep_email": leg["rep_email"] or "",
            "started_at": _stamp(started_at),
            "answered_at": _stamp(answered_at) if answered else "",
            "ended_at": _stamp(answered_at + timedelta(seconds=talk)),
            "talk_seconds": str(talk) if answered or leg["_says_zero"] else "",
            "disposition": leg["disposition"],
        }
    )


def add_activities(tables: dict[str, Table], drafts: list[Draft], counts: dict[str, int]) -> None:
    for draft in drafts:
        _add_activity(tables, draft, counts)


def add_runs(tables: dict[str, Table], drafts: list[Draft], counts: dict[str, int]) -> None:
    for draft in drafts:
        at = draft["_at"]
        for touch in draft["_touches"]:
            at += timedelta(minutes=touch["_minutes_later"])
            _add_activity(tables, draft | touch | {"started_at": at}, counts)


def _add_activity(tables: dict[str, Table], draft: Draft, counts: dict[str, int]) -> None:
    row = {"activity_id": f"A{len(tables['crm/activities']) + 1}"} | _plain(draft)
    row |= {
        "contact_id": _reference("C", draft["_contact"], counts),
        "lead_id": _reference("L", draft["_lead"], counts),
        "deal_id": _reference("D", draft["_deal"], counts),
    }
    if draft["kind"] != "call":
        row |= {"telephony_call_id": "", "duration_seconds": ""}
    tables["crm/activities"].append(row)


def add_events(tables: dict[str, Table], drafts: list[Draft], counts: dict[str, int]) -> None:
    counts = counts | {"S": len(tables["crm/collateral"]), "A": len(tables["crm/activities"])}
    if not counts["S"]:
        return
    tables["crm/collateral_events"] = [
        {"event_id": f"E{number}"}
        | _plain(draft)
        | {
            "collateral_id": _reference("S", draft["_item"], counts),
            "contact_id": _reference("C", draft["_contact"], counts),
            "lead_id": _reference("L", draft["_lead"], counts),
            "deal_id": _reference("D", draft["_deal"], counts),
            "activity_id": _reference("A", draft["_activity"], counts),
        }
        for number, draft in enumerate(drafts, 1)
    ]
