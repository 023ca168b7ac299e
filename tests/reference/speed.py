"""KPIS.md 3.2: when the clock of an inquiry starts, and what stops it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from tests.reference.hours import Calendar
    from tests.reference.model import Lead, Settings
    from tests.reference.touch_fact import TouchFact


@dataclass(frozen=True)
class Response:
    """The answer to an inquiry, or how long it has gone without one."""

    status: str
    at: datetime | None = None
    seconds: float | None = None
    waiting_seconds: float | None = None


def clock_start(lead: Lead, touches: list[TouchFact], settings: Settings) -> datetime:
    """`inquiry_at`, else `created_at`; of an inquiry by call the start of that call.

    That call: the lead's earliest inbound one that started within the tolerance of the time
    that the CRM gives.
    """
    asked_at = lead.inquiry_at or lead.created_at
    if not lead.is_inquiry or (lead.inquiry_channel or "").lower() != "call":
        return asked_at
    tolerance = settings.lead_clock_tolerance
    calls = [
        touch.started_at
        for touch in touches
        if touch.channel == "call"
        and touch.direction == "inbound"
        and not touch.is_automated
        and abs(touch.started_at - asked_at) <= tolerance
    ]
    return min(calls, default=asked_at)


def not_long_before(
    clock: datetime, touches: Iterable[TouchFact], settings: Settings
) -> list[TouchFact]:
    earliest = clock - settings.lead_clock_tolerance
    return [touch for touch in touches if touch.started_at >= earliest]


def respond(
    lead: Lead,
    closed_at: datetime | None,
    clock: datetime,
    touches: list[TouchFact],
    settings: Settings,
) -> Response:
    """`touches`: those of the lead, in order, not long before the clock started.

    An inquiry that was closed without an answer stopped waiting when it was closed.
    """
    if not lead.is_inquiry:
        return Response("not_an_inquiry")
    for touch in touches:
        if not touch.is_automated and (touch.is_outbound or touch.is_completed):
            seconds = max(0.0, (touch.started_at - clock).total_seconds())
            return Response("responded", touch.started_at, seconds)
    waiting = max(0.0, ((closed_at or settings.as_of) - clock).total_seconds())
    return Response("pending" if closed_at is None else "never", waiting_seconds=waiting)


def business_seconds(clock: datetime, response: Response, calendar: Calendar) -> float | None:
    """None without any hours, and where an answer outside them would pass for 0 minutes."""
    if response.at is None or not calendar:
        return None
    seconds = calendar.seconds_between(clock, response.at)
    return None if seconds == 0 and is_outside_hours(response, calendar) else seconds


def is_outside_hours(response: Response, calendar: Calendar) -> bool | None:
    if response.at is None or not calendar:
        return None
    return not calendar.is_open(response.at)
