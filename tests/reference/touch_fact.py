"""`fct_touches`, one row a touch, and the numbering of touches within a lead."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal


@dataclass(frozen=True)
class TouchFact:
    touch_id: str
    source: str
    channel: str
    direction: str | None
    started_at: datetime
    ended_at: datetime | None
    talk_seconds: Decimal | None
    is_completed: bool
    is_automated: bool
    is_excluded: bool
    exclusion_reason: str | None
    rep_id: str | None
    contact_id: str | None
    customer_id: str | None
    lead_id: str | None
    deal_id: str | None
    lead_match_rule: str
    is_new_customer: bool | None
    attempt_number: int | None
    contact_number: int | None
    hours_since_previous_touch: float | None
    crm_activity_id: str | None
    telephony_call_id: str | None
    # More than MARTS.md asks for.
    customer_kind: str | None = None
    is_answered: bool = False

    @property
    def is_outbound(self) -> bool:
        return self.direction == "outbound"

    @property
    def is_attempt(self) -> bool:
        """All else outbound, that no machine sent and that did not get through."""
        return self.is_outbound and not self.is_completed and not self.is_automated

    @property
    def counts(self) -> bool:
        """An excluded or unmatched touch counts in no KPI."""
        return not self.is_excluded and self.lead_id is not None

    @property
    def order(self) -> tuple[datetime, str]:
        return (self.started_at, self.touch_id)


def number_touches(touches: list[TouchFact]) -> list[TouchFact]:
    """Numbers within a lead, in order of start; excluded touches get none."""
    attempts: dict[str, int] = defaultdict(int)
    contacts: dict[str, int] = defaultdict(int)
    previous: dict[str, datetime] = {}
    numbered = []
    for touch in sorted(touches, key=lambda touch: touch.order):
        lead_id = touch.lead_id
        if lead_id is None or touch.is_excluded:
            numbered.append(touch)
            continue
        attempts[lead_id] += touch.is_attempt or touch.is_completed
        contacts[lead_id] += touch.is_completed
        gap = touch.started_at - previous[lead_id] if lead_id in previous else None
        previous[lead_id] = touch.started_at
        numbered.append(
            replace(
                touch,
                attempt_number=(
                    attempts[lead_id] if touch.is_attempt or touch.is_completed else None
                ),
                contact_number=contacts[lead_id] if touch.is_completed else None,
                hours_since_previous_touch=gap.total_seconds() / 3600 if gap is not None else None,
            )
        )
    return numbered
