"""The rows of LANDING.md as the reference sees them, and the vars of KPIS.md.

All ids and references are already prefixed (`files:123`); all times are naive UTC.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from decimal import Decimal


@dataclass(frozen=True)
class Settings:
    """The vars that KPIS.md names in `code`, with its defaults."""

    as_of: datetime
    reporting_currency: str = "USD"
    business_timezone: str = "UTC"
    phone_region: str = "RU"
    source_time_zone: str = "UTC"
    call_match_seconds: int = 120
    message_session_minutes: int = 60
    completed_call_min_talk_seconds: int = 30
    lead_clock_tolerance_minutes: int = 30
    abandoned_after_days: int = 30
    persistence_contacts: int = 5
    burst_attempts: int = 4
    reengagement_days: int = 14

    @property
    def business_zone(self) -> ZoneInfo:
        return ZoneInfo(self.business_timezone)

    @property
    def lead_clock_tolerance(self) -> timedelta:
        return timedelta(minutes=self.lead_clock_tolerance_minutes)


@dataclass(frozen=True)
class Rep:
    rep_id: str
    full_name: str
    email: str | None = None
    phone: str | None = None
    extension: str | None = None
    team: str | None = None
    time_zone: str | None = None
    is_active: bool = True
    hired_on: date | None = None


@dataclass(frozen=True)
class Account:
    account_id: str
    name: str
    industry: str | None = None
    country: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    is_deleted: bool = False


@dataclass(frozen=True)
class Contact:
    contact_id: str
    account_id: str | None = None
    full_name: str | None = None
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    time_zone: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    is_deleted: bool = False
    merged_into_id: str | None = None


@dataclass(frozen=True)
class Lead:
    lead_id: str
    status: str
    created_at: datetime
    contact_id: str | None = None
    account_id: str | None = None
    owner_rep_id: str | None = None
    lead_source: str | None = None
    is_inquiry: bool = False
    inquiry_at: datetime | None = None
    inquiry_channel: str | None = None
    updated_at: datetime | None = None
    is_deleted: bool = False
    merged_into_id: str | None = None


@dataclass(frozen=True)
class Deal:
    deal_id: str
    stage: str
    created_at: datetime
    lead_id: str | None = None
    contact_id: str | None = None
    account_id: str | None = None
    owner_rep_id: str | None = None
    pipeline: str | None = None
    amount: Decimal | None = None
    currency: str | None = None
    updated_at: datetime | None = None
    closed_at: datetime | None = None
    is_deleted: bool = False
    merged_into_id: str | None = None


@dataclass(frozen=True)
class StageChange:
    object_type: str
    object_id: str
    stage: str
    changed_at: datetime
    rep_id: str | None = None


@dataclass(frozen=True)
class OwnerChange:
    object_type: str
    object_id: str
    owner_rep_id: str
    changed_at: datetime


@dataclass(frozen=True)
class Activity:
    activity_id: str
    kind: str
    started_at: datetime
    direction: str | None = None
    ended_at: datetime | None = None
    duration_seconds: Decimal | None = None
    outcome: str | None = None
    rep_id: str | None = None
    contact_id: str | None = None
    lead_id: str | None = None
    deal_id: str | None = None
    phone: str | None = None
    email: str | None = None
    thread_id: str | None = None
    is_automated: bool = False
    telephony_call_id: str | None = None
    updated_at: datetime | None = None
    is_deleted: bool = False


@dataclass(frozen=True)
class Collateral:
    collateral_id: str
    title: str
    kind: str | None = None
    topic: str | None = None
    published_on: date | None = None
    retired_on: date | None = None


@dataclass(frozen=True)
class CollateralEvent:
    event_id: str
    collateral_id: str
    event: str
    occurred_at: datetime
    rep_id: str | None = None
    contact_id: str | None = None
    lead_id: str | None = None
    deal_id: str | None = None
    activity_id: str | None = None


@dataclass(frozen=True)
class Quota:
    rep_id: str
    month: date
    amount: Decimal
    currency: str | None = None


@dataclass(frozen=True)
class Leg:
    """One leg of a telephone call (a row of telephony/calls)."""

    call_id: str
    direction: str
    started_at: datetime
    disposition: str
    linked_id: str | None = None
    from_number: str | None = None
    to_number: str | None = None
    extension: str | None = None
    rep_email: str | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    talk_seconds: Decimal | None = None
    queue: str | None = None

    @property
    def telephony_call_id(self) -> str:
        return self.linked_id or self.call_id

    @property
    def is_answered(self) -> bool:
        return self.disposition == "answered"

    @property
    def outside_text(self) -> str | None:
        return self.from_number if self.direction == "inbound" else self.to_number


@dataclass
class Company:
    """Everything a drop folder holds, latest row of each key, good rows only."""

    reps: dict[str, Rep] = field(default_factory=dict)
    accounts: dict[str, Account] = field(default_factory=dict)
    contacts: dict[str, Contact] = field(default_factory=dict)
    leads: dict[str, Lead] = field(default_factory=dict)
    deals: dict[str, Deal] = field(default_factory=dict)
    stage_changes: list[StageChange] = field(default_factory=list)
    owner_changes: list[OwnerChange] = field(default_factory=list)
    activities: dict[str, Activity] = field(default_factory=dict)
    collateral: dict[str, Collateral] = field(default_factory=dict)
    collateral_events: dict[str, CollateralEvent] = field(default_factory=dict)
    quotas: list[Quota] = field(default_factory=list)
    legs: list[Leg] = field(default_factory=list)
