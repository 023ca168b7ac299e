"""Short ways to write the rows of a hand-worked case."""

from __future__ import annotations

NUMBER = "+7 495 123-45-67"


def day(text: str) -> str:
    """`3 14:00:00` is a time on 3 March 2025, a Monday."""
    number, clock = text.split()
    return f"2025-03-{int(number):02}T{clock}Z"


def contact(key: str = "C1", **cells: str) -> dict[str, str]:
    return {"contact_id": key, "phones": NUMBER, **cells}


def lead(key: str = "L1", **cells: str) -> dict[str, str]:
    return {
        "lead_id": key,
        "contact_id": "C1",
        "status": "new",
        "created_at": day("3 10:00:00"),
        **cells,
    }


def call(key: str, at: str, **cells: str) -> dict[str, str]:
    return {
        "activity_id": key,
        "kind": "call",
        "direction": "outbound",
        "started_at": day(at),
        "contact_id": "C1",
        **cells,
    }


def leg(key: str, at: str, **cells: str) -> dict[str, str]:
    return {
        "call_id": key,
        "direction": "outbound",
        "to_number": NUMBER,
        "started_at": day(at),
        "disposition": "no_answer",
        **cells,
    }


def changes(kind: str, key: str, *course: tuple[str, str]) -> list[dict[str, str]]:
    return [
        {"object_type": kind, "object_id": key, "stage": stage, "changed_at": day(at)}
        for stage, at in course
    ]
