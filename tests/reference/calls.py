"""KPIS.md 1: the legs of a call are one call; a call in two systems is one touch."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from tests.reference.identity import Identity
    from tests.reference.model import Activity, Leg, Settings


@dataclass(frozen=True)
class Call:
    """One telephone call, from all of its legs."""

    telephony_call_id: str
    leg_ids: frozenset[str]
    direction: str
    started_at: datetime
    ended_at: datetime | None
    is_answered: bool
    talk_seconds: Decimal | None
    rep_id: str | None
    leg_reps: frozenset[str | None]
    outside_number: str | None
    is_internal: bool


def merge_legs(legs: Iterable[Leg], identity: Identity) -> dict[str, Call]:
    by_call: dict[str, list[Leg]] = defaultdict(list)
    for leg in legs:
        by_call[leg.telephony_call_id].append(leg)
    return {key: _call(key, members, identity) for key, members in by_call.items()}


def _call(telephony_call_id: str, members: list[Leg], identity: Identity) -> Call:
    legs = sorted(members, key=lambda leg: (leg.started_at, leg.call_id))
    outside = [leg for leg in legs if not _is_internal(leg, identity)]
    answered = [leg for leg in legs if leg.is_answered]
    numbers = [identity.phone(leg.outside_text) for leg in outside]
    ends = [leg.ended_at for leg in legs if leg.ended_at is not None]
    return Call(
        telephony_call_id=telephony_call_id,
        leg_ids=frozenset(leg.call_id for leg in legs),
        direction=outside[0].direction if outside else "internal",
        started_at=legs[0].started_at,
        ended_at=max(ends, default=None),
        is_answered=bool(answered),
        talk_seconds=_total_talk(answered),
        rep_id=_rep_of_call(legs, answered, identity),
        leg_reps=frozenset(identity.rep_of_leg(leg.rep_email, leg.extension) for leg in legs),
        outside_number=next((number for number in numbers if number), None),
        is_internal=not outside,
    )


def _is_internal(leg: Leg, identity: Identity) -> bool:
    """Both ends are reps: the log says so, or the other end is a rep's number or extension."""
    return (
        leg.direction == "internal"
        or identity.phone(leg.outside_text) in identity.rep_phones
        or leg.outside_text in identity.rep_extensions
    )


def _talk(leg: Leg) -> Decimal | None:
    if leg.talk_seconds is not None:
        return leg.talk_seconds
    if leg.answered_at is not None and leg.ended_at is not None:
        return Decimal(str((leg.ended_at - leg.answered_at).total_seconds()))
    return None


def _total_talk(answered: list[Leg]) -> Decimal | None:
    """0 where nobody answered; unknown where no answered leg says how long."""
    known = [talk for leg in answered if (talk := _talk(leg)) is not None]
    return sum(known, Decimal(0)) if known or not answered else None


def _rep_of_call(legs: list[Leg], answered: list[Leg], identity: Identity) -> str | None:
    """`legs` and `answered` are in order of start, so the earlier leg wins a tie of talk."""
    leg = max(answered, key=lambda leg: _talk(leg) or Decimal(0)) if answered else legs[0]
    return identity.rep_of_leg(leg.rep_email, leg.extension)


@dataclass(frozen=True)
class Pairing:
    """Which CRM activity goes with which telephone call, and what it swallowed."""

    call_of_activity: dict[str, str]
    swallowed_by: dict[str, str]


def pair_calls(
    activities: Iterable[Activity], calls: dict[str, Call], identity: Identity, settings: Settings
) -> Pairing:
    """`activities`: the CRM's calls that are not deleted."""
    explicit, swallowed_by = _pair_by_id(activities, calls)
    named = set(explicit) | set(swallowed_by)
    free_activities = [a for a in activities if a.activity_id not in named]
    taken = set(explicit.values())
    free_calls = [call for key, call in calls.items() if key not in taken and not call.is_internal]
    by_number = _pair_by_number(free_activities, free_calls, identity, settings)
    return Pairing(explicit | by_number, swallowed_by)


def _pair_by_id(
    activities: Iterable[Activity], calls: dict[str, Call]
) -> tuple[dict[str, str], dict[str, str]]:
    """Several activities that name one call are that one call: the nearest gives the links."""
    call_of_leg = {leg: key for key, call in calls.items() for leg in call.leg_ids}
    naming: dict[str, list[Activity]] = defaultdict(list)
    for activity in activities:
        named = activity.telephony_call_id
        if named is None:
            continue
        meant = {key for key in (call_of_leg.get(named), named) if key in calls}
        key = min(meant, key=lambda one: (_distance(activity, calls[one]), one), default=None)
        if key is not None:
            naming[key].append(activity)
    paired: dict[str, str] = {}
    swallowed_by: dict[str, str] = {}
    for key, claimants in naming.items():
        ordered = sorted(claimants, key=lambda a: (_distance(a, calls[key]), a.activity_id))
        paired[ordered[0].activity_id] = key
        for other in ordered[1:]:
            swallowed_by[other.activity_id] = ordered[0].activity_id
    return paired, swallowed_by


def _pair_by_number(
    activities: list[Activity], calls: list[Call], identity: Identity, settings: Settings
) -> dict[str, str]:
    """Each side is the other's nearest among those that it could be (ties: lower id)."""
    calls_of: dict[str, list[tuple[float, str]]] = defaultdict(list)
    activities_of: dict[str, list[tuple[float, str]]] = defaultdict(list)
    for activity in activities:
        numbers = outside_numbers(activity, identity)
        for call in calls:
            if _could_be_one(activity, numbers, call, identity, settings):
                distance = _distance(activity, call)
                calls_of[activity.activity_id].append((distance, call.telephony_call_id))
                activities_of[call.telephony_call_id].append((distance, activity.activity_id))
    return {
        activity_id: min(candidates)[1]
        for activity_id, candidates in calls_of.items()
        if min(activities_of[min(candidates)[1]])[1] == activity_id
    }


def outside_numbers(activity: Activity, identity: Identity) -> set[str]:
    """The activity's own number, else all of its contact's."""
    own = identity.phone(activity.phone)
    if own is not None:
        return {own}
    contact_id = identity.live_contact(activity.contact_id)
    return identity.phones_of[contact_id] if contact_id else set()


def _could_be_one(
    activity: Activity, numbers: set[str], call: Call, identity: Identity, settings: Settings
) -> bool:
    rep_id = activity.rep_id if activity.rep_id in identity.company.reps else None
    return (
        call.outside_number in numbers
        and activity.direction == call.direction
        and _distance(activity, call) <= settings.call_match_seconds
        and (rep_id is None or rep_id in call.leg_reps or None in call.leg_reps)
    )


def _distance(activity: Activity, call: Call) -> float:
    return abs((activity.started_at - call.started_at).total_seconds())
