"""KPIS.md 3.4: `kpi_collateral_usage` and `kpi_collateral_items`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from tests.reference.periods import Cell, Frame, Row, local_day, period_end
from tests.reference.statistics import share_columns

if TYPE_CHECKING:
    from tests.reference.collateral import EventFact
    from tests.reference.facts import Facts
    from tests.reference.model import Collateral

FORGOTTEN_AFTER = timedelta(days=90)


@dataclass(frozen=True)
class Refusal:
    lead_id: str
    at: datetime


def in_force_on(item: Collateral, day: date) -> bool:
    return (item.published_on is None or item.published_on <= day) and (
        item.retired_on is None or item.retired_on > day
    )


def _in_force_within(item: Collateral, cell: Cell, today: date) -> bool:
    """On any day of the period that has come."""
    last = min(period_end(cell.start, cell.grain) - timedelta(days=1), today)
    return (item.published_on is None or item.published_on <= last) and (
        item.retired_on is None or item.retired_on > cell.start
    )


def kpi_collateral_usage(facts: Facts, frame: Frame) -> list[Row]:
    events = frame.by_cell(
        (event for event in facts.collateral_events if not event.is_excluded),
        when=lambda event: event.occurred_at,
        rep=lambda event: event.rep_id,
        source=lambda event: facts.source_of(event.lead_id),
    )
    touches = frame.by_cell(
        (touch for touch in facts.counted_touches if not touch.is_automated),
        when=lambda touch: touch.started_at,
        rep=lambda touch: touch.rep_id,
        source=lambda touch: facts.source_of(touch.lead_id),
    )
    leads = {lead.lead_id: lead for lead in facts.counted_leads}
    refusals = frame.by_cell(
        _refusals_without_send(facts, frame),
        when=lambda refusal: refusal.at,
        rep=lambda refusal: leads[refusal.lead_id].first_owner_rep_id,
        source=lambda refusal: leads[refusal.lead_id].lead_source,
    )
    return [
        frame.head(cell)
        | _usage(
            cell,
            events.get(cell, []),
            {touch.lead_id for touch in touches.get(cell, []) if touch.lead_id},
            facts,
            frame,
        )
        | _without(refusals.get(cell, []), facts, frame)
        for cell in sorted({*events, *touches, *refusals})
    ]


def _usage(
    cell: Cell, events: list[EventFact], touched: set[str], facts: Facts, frame: Frame
) -> Row:
    today = local_day(frame.settings.as_of, frame.settings)
    items = facts.context.company.collateral.values()
    in_force = {item.collateral_id for item in items if _in_force_within(item, cell, today)}
    sends = [event for event in events if event.event == "sent"]
    sent_to = {send.lead_id for send in sends if send.lead_id}
    late = [send for send in sends if send.is_after_refusal]
    reengaged = sum(_is_reengaged(send.lead_id, send.occurred_at, facts, frame) for send in late)
    return {
        "leads_worked": len(touched | sent_to),
        "leads_sent": len(sent_to),
        **share_columns("share_leads_sent", len(sent_to), len(touched | sent_to)),
        "items_used": len({send.collateral_id for send in sends} & in_force),
        "items_in_force": len(in_force),
        "sends": len(sends),
        "opens": sum(event.event == "opened" for event in events),
        "sends_after_refusal": len(late),
        "reengaged": reengaged,
        **share_columns("share_reengaged", reengaged, len(late)),
    }


def _is_reengaged(lead_id: str | None, since: datetime, facts: Facts, frame: Frame) -> bool:
    """A completed contact with the lead within `reengagement_days` after."""
    until = since + timedelta(days=frame.settings.reengagement_days)
    return any(
        touch.lead_id == lead_id and touch.is_completed and since < touch.started_at <= until
        for touch in facts.counted_touches
    )


def _refusals_without_send(facts: Facts, frame: Frame) -> list[Refusal]:
    """Refusals after which the lead was sent nothing within `reengagement_days`."""
    within = timedelta(days=frame.settings.reengagement_days)
    sends = [event for event in facts.collateral_events if event.event == "sent"]
    return [
        Refusal(lead.lead_id, at)
        for lead in facts.counted_leads
        for at in facts.refusals[lead.lead_id]
        if not any(
            send.lead_id == lead.lead_id and at < send.occurred_at <= at + within for send in sends
        )
    ]


def _without(refusals: list[Refusal], facts: Facts, frame: Frame) -> Row:
    reengaged = sum(_is_reengaged(r.lead_id, r.at, facts, frame) for r in refusals)
    return {
        "refusals_without_send": len(refusals),
        "reengaged_without": reengaged,
        **share_columns("share_reengaged_without", reengaged, len(refusals)),
    }


def kpi_collateral_items(facts: Facts, frame: Frame) -> list[Row]:
    return [
        _item(item, facts, frame) for _, item in sorted(facts.context.company.collateral.items())
    ]


def _item(item: Collateral, facts: Facts, frame: Frame) -> Row:
    events = [
        event
        for event in facts.collateral_events
        if event.collateral_id == item.collateral_id and not event.is_excluded
    ]
    sends = [event for event in events if event.event == "sent"]
    first_send: dict[str, datetime] = {}
    for send in sorted(sends, key=lambda send: send.occurred_at):
        if send.lead_id is not None:
            first_send.setdefault(send.lead_id, send.occurred_at)
    as_of = frame.settings.as_of
    last_sent_at = max((send.occurred_at for send in sends), default=None)
    is_in_force = in_force_on(item, local_day(as_of, frame.settings))
    return {
        "collateral_id": item.collateral_id,
        "title": item.title,
        "kind": item.kind,
        "sends": len(sends),
        "reps": len({send.rep_id for send in sends if send.rep_id}),
        "leads": len(first_send),
        "opens": sum(event.event == "opened" for event in events),
        "wins_after": sum(
            lead.won_at is not None
            and lead.lead_id in first_send
            and lead.won_at >= first_send[lead.lead_id]
            for lead in facts.counted_leads
        ),
        "last_sent_at": last_sent_at,
        "is_in_force": is_in_force,
        "is_forgotten": is_in_force and _is_forgotten(item, last_sent_at, frame),
    }


def _is_forgotten(item: Collateral, last_sent_at: datetime | None, frame: Frame) -> bool:
    """Nobody sent it for 90 days; one never sent has been there for as long at least."""
    limit = frame.settings.as_of - FORGOTTEN_AFTER
    if last_sent_at is not None:
        return last_sent_at <= limit
    return item.published_on is None or item.published_on <= local_day(limit, frame.settings)
