"""What of a row HubSpot has a place for, as its connector must bring it back."""

from datetime import timedelta

from orchestration.connectors.values import iso
from tests.sandbox.account import Row, moment
from tests.sandbox.hubspot_rows import DISPOSITIONS, LEAD_STAGES, MEETINGS, REASONS


def expected_lead(row: Row) -> Row:
    status = row["status"] or ""
    return {**row, "status": status if status in REASONS else LEAD_STAGES[status]}


def expected_activity(row: Row) -> Row:
    """What HubSpot has a place for."""
    kind, outcome = row["kind"], row.get("outcome")
    nothing: Row = dict.fromkeys(("phone", "email", "thread_id", "telephony_call_id", "outcome"))
    is_automated = row.get("is_automated") or "false"
    base: Row = {**row, **nothing, "ended_at": None, "duration_seconds": None}
    if kind == "call":
        seconds, started = row.get("duration_seconds"), moment(row["started_at"])
        ended = started + timedelta(seconds=float(seconds)) if started and seconds else None
        return {
            **base,
            "phone": row.get("phone"),
            "telephony_call_id": row.get("telephony_call_id"),
            "outcome": DISPOSITIONS[outcome][1] if outcome else None,
            "duration_seconds": seconds,
            "ended_at": ended.isoformat() if ended else None,
            "is_automated": None,
        }
    if kind == "email":
        kept = {name: row.get(name) for name in ("email", "thread_id")}
        return {**base, **kept, "is_automated": is_automated}
    if kind == "meeting":
        kept = {name: row.get(name) for name in ("ended_at", "duration_seconds")}
        told = MEETINGS[outcome] if outcome else None
        return {**base, **kept, "outcome": told, "is_automated": None}
    return {**base, "phone": row.get("phone"), "is_automated": is_automated}


def dated(change: Row) -> Row:
    """The moment is part of the key, so its spelling counts."""
    return {**change, "changed_at": iso(moment(change["changed_at"]))}
