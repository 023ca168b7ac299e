"""KPIS.md 1: `fct_touches`, one row a touch."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tests.reference.calls import Call, Pairing, merge_legs, pair_calls
from tests.reference.deals import Contracts, DealFact, is_new_customer, won_deals_by_customer
from tests.reference.matching import LeadMatcher, Named
from tests.reference.messages import join_messages
from tests.reference.touch_fact import TouchFact, number_touches

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.reference.context import Context
    from tests.reference.identity import Customer, Identity
    from tests.reference.model import Activity, Settings
    from tests.reference.seeds import Seeds


@dataclass(frozen=True)
class Touches:
    facts: list[TouchFact]
    joined_into: dict[str, str]

    @property
    def by_activity(self) -> dict[str, TouchFact]:
        """The touch of each activity, those too that went into another's."""
        own = {fact.crm_activity_id: fact for fact in self.facts if fact.crm_activity_id}
        joined = {key: own[into] for key, into in self.joined_into.items()}
        return own | joined


def build_touches(
    context: Context,
    matcher: LeadMatcher,
    deals: list[DealFact],
    excluded_leads: dict[str, str],
) -> Touches:
    company, identity, settings = context.company, context.identity, context.settings
    calls = merge_legs(company.legs, identity)
    live_calls = [a for a in company.activities.values() if a.kind == "call" and not a.is_deleted]
    pairing = pair_calls(live_calls, calls, identity, settings)
    drafts = [
        *_from_activities(context, calls, pairing),
        *_from_telephony_alone(calls, pairing, settings),
    ]
    matched = [_match(draft, named, matcher, identity) for draft, named in drafts]
    touches, session_of = join_messages(matched, settings)
    contracts = won_deals_by_customer(deals)
    customers = {deal.deal_id: deal.customer for deal in deals}
    placed = [_place(touch, identity, customers, contracts, excluded_leads) for touch in touches]
    return Touches(number_touches(placed), pairing.swallowed_by | session_of)


def _from_activities(
    context: Context, calls: dict[str, Call], pairing: Pairing
) -> Iterable[tuple[TouchFact, Named]]:
    identity, settings = context.identity, context.settings
    for activity in context.company.activities.values():
        if activity.activity_id in pairing.swallowed_by:
            continue
        key = pairing.call_of_activity.get(activity.activity_id)
        call = calls[key] if key is not None else None
        number = identity.phone(activity.phone)
        draft = _draft_of_activity(activity, number, context)
        if call is not None:
            draft = _with_telephony(draft, call, settings)
            number = number or call.outside_number
        yield draft, Named.by_activity(activity, number)


def _draft_of_activity(activity: Activity, number: str | None, context: Context) -> TouchFact:
    identity = context.identity
    is_call = activity.kind == "call"
    reason: str | None = None
    if activity.is_deleted:
        reason = "deleted"
    elif is_call and number in identity.rep_phones:
        reason = "internal"
    return TouchFact(
        touch_id=activity.activity_id,
        source="crm",
        channel=activity.kind,
        direction=activity.direction,
        started_at=activity.started_at,
        ended_at=activity.ended_at,
        talk_seconds=activity.duration_seconds if is_call else None,
        is_completed=not activity.is_automated
        and _is_completed(activity, context.seeds, context.settings),
        is_automated=activity.is_automated,
        is_excluded=reason is not None,
        exclusion_reason=reason,
        rep_id=identity.rep(activity.rep_id),
        contact_id=identity.live_contact(activity.contact_id),
        customer_id=None,
        lead_id=None,
        deal_id=identity.deal(activity.deal_id),
        lead_match_rule="no_contact",
        is_new_customer=None,
        attempt_number=None,
        contact_number=None,
        hours_since_previous_touch=None,
        crm_activity_id=activity.activity_id,
        telephony_call_id=None,
        is_answered=is_call and _is_answered(activity, context.seeds),
    )


def _is_answered(activity: Activity, seeds: Seeds) -> bool:
    """Somebody, if only for a second, picked up."""
    outcome = seeds.outcome(activity.kind, activity.outcome)
    if outcome in ("voicemail", "not_reached"):
        return False
    return outcome is not None or (activity.duration_seconds or 0) > 0


def _is_completed(activity: Activity, seeds: Seeds, settings: Settings) -> bool:
    """By the CRM alone, of a touch that no machine sent."""
    outcome = seeds.outcome(activity.kind, activity.outcome)
    if activity.kind == "call":
        if activity.duration_seconds is None:
            return outcome == "connected"
        is_person = outcome not in ("voicemail", "not_reached")
        return is_person and activity.duration_seconds >= settings.completed_call_min_talk_seconds
    if activity.kind == "meeting":
        return outcome == "held"
    return activity.direction == "inbound"


def _is_completed_call(call: Call, settings: Settings) -> bool:
    talk = call.talk_seconds
    return (
        call.is_answered and talk is not None and talk >= settings.completed_call_min_talk_seconds
    )


def _with_telephony(draft: TouchFact, call: Call, settings: Settings) -> TouchFact:
    """Times, talk and outcome come from telephony, links from the CRM."""
    return replace(
        draft,
        source="both",
        direction=call.direction,
        started_at=call.started_at,
        ended_at=call.ended_at,
        talk_seconds=call.talk_seconds,
        is_completed=not draft.is_automated and _is_completed_call(call, settings),
        is_excluded=draft.is_excluded or call.is_internal,
        exclusion_reason=draft.exclusion_reason or ("internal" if call.is_internal else None),
        rep_id=call.rep_id or draft.rep_id,
        telephony_call_id=call.telephony_call_id,
        is_answered=call.is_answered,
    )


def _from_telephony_alone(
    calls: dict[str, Call], pairing: Pairing, settings: Settings
) -> Iterable[tuple[TouchFact, Named]]:
    paired = set(pairing.call_of_activity.values())
    for call in calls.values():
        if call.telephony_call_id in paired:
            continue
        draft = TouchFact(
            touch_id=call.telephony_call_id,
            source="telephony",
            channel="call",
            direction=call.direction,
            started_at=call.started_at,
            ended_at=call.ended_at,
            talk_seconds=call.talk_seconds,
            is_completed=_is_completed_call(call, settings),
            is_automated=False,
            is_excluded=call.is_internal,
            exclusion_reason="internal" if call.is_internal else None,
            rep_id=call.rep_id,
            contact_id=None,
            customer_id=None,
            lead_id=None,
            deal_id=None,
            lead_match_rule="no_contact",
            is_new_customer=None,
            attempt_number=None,
            contact_number=None,
            hours_since_previous_touch=None,
            crm_activity_id=None,
            telephony_call_id=call.telephony_call_id,
            is_answered=call.is_answered,
        )
        yield draft, Named(phone=call.outside_number)


def _match(touch: TouchFact, named: Named, matcher: LeadMatcher, identity: Identity) -> TouchFact:
    match = matcher.match(named, touch.started_at, touch.rep_id)
    contact_id = touch.contact_id
    if contact_id is None and match.lead_id is not None:
        contact_id = identity.live_contact(identity.company.leads[match.lead_id].contact_id)
    elif contact_id is None:
        contact_id = matcher.only_contact(named)
    return replace(touch, lead_id=match.lead_id, lead_match_rule=match.rule, contact_id=contact_id)


def _place(
    touch: TouchFact,
    identity: Identity,
    customer_of_deal: dict[str, Customer | None],
    contracts: Contracts,
    excluded_leads: dict[str, str],
) -> TouchFact:
    """Whose customer it is, whether a new one, and whether its lead counts."""
    reason = touch.exclusion_reason
    if touch.lead_id is not None:
        customer = identity.customer_of_lead(touch.lead_id)
        reason = reason or excluded_leads.get(touch.lead_id)
    elif touch.contact_id is not None:
        customer = identity.customer_of_contact(touch.contact_id)
    else:
        customer = customer_of_deal[touch.deal_id] if touch.deal_id is not None else None
    return replace(
        touch,
        customer_id=customer.id if customer else None,
        customer_kind=customer.kind if customer else None,
        is_new_customer=is_new_customer(customer, touch.started_at, contracts),
        is_excluded=reason is not None,
        exclusion_reason=reason,
    )
