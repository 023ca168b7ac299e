"""What a record of HubSpot is tied to: associations, and the records that it was made of."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from orchestration.connectors.base import UnansweredError
from orchestration.connectors.hubspot.client import HubspotApi
from orchestration.connectors.hubspot.kinds import MERGED, Kind
from orchestration.connectors.hubspot.mapping import moment
from orchestration.connectors.pages import picked
from orchestration.connectors.values import Record, dug, iso, text

LINKED_AT_ONCE = 1000
_WITH_HISTORY_AT_ONCE = 50
# Settings that make it needless to ask a lead's contact.
_ORIGIN = {"lead_source_property", "inquiry_at_property"}
# A batch answers for what it finds; the rest is told as an error.
_NOT_FOUND = "OBJECT_NOT_FOUND"


def links(kind: Kind, api: HubspotApi, keys: Sequence[str]) -> Mapping[str, Any]:
    """By id: `contacts`, `companies`, `deals`, `leads`: one each; `merged_into`.

    Of a lead besides, what its contact says of where it came from.
    """
    found: dict[str, dict[str, Any]] = {key: {} for key in keys}
    for key, survivor in api.merged.get(kind.name, {}).items():
        if key in found:
            found[key]["merged_into"] = survivor
    for other in kind.linked_of(api.settings):
        for key, one in _associated(kind, other, api, keys).items():
            found.setdefault(key, {})[other] = one
    if kind.name == "leads" and not kind.named_of(api.settings).keys() >= _ORIGIN:
        _add_origins(api, found)
    return found


def note_merged(kind: Kind, api: HubspotApi, records: Iterable[Record]) -> None:
    """Remember which records these were made of."""
    if MERGED not in kind.properties:
        return
    known = api.merged.setdefault(kind.name, {})
    for record in records:
        for key in (text(dug(record, "properties", MERGED)) or "").split(";"):
            if key.strip():
                known[key.strip()] = str(record.get("id"))


def answered(body: Any, what: str) -> list[dict[str, Any]]:
    """The results of a batch. Raises UnansweredError where it failed, but for what is not there."""
    for error in body.get("errors") or ():
        if dug(error, "category") != _NOT_FOUND:
            raise UnansweredError(f"{what}: {dug(error, 'category')}")
    return picked(body, "results", what=what)


def _associated(kind: Kind, other: str, api: HubspotApi, keys: Sequence[str]) -> dict[str, str]:
    """The one of `other` that each is associated with: the primary one, else the lowest id."""
    found: dict[str, str] = {}
    for start in range(0, len(keys), LINKED_AT_ONCE):
        body = api.http.post(
            f"/crm/v4/associations/{kind.name}/{other}/batch/read",
            {"inputs": [{"id": key} for key in keys[start : start + LINKED_AT_ONCE]]},
        )
        for one in answered(body, f"HubSpot associations of {kind.name} with {other}"):
            key, chosen = text(dug(one, "from", "id")), _first(one.get("to") or ())
            if key and chosen:
                found[key] = chosen
    return found


def _first(ends: Iterable[Mapping[str, Any]]) -> str | None:
    def order(end: Mapping[str, Any]) -> tuple[bool, int, str]:
        labels = [dug(one, "label") for one in end.get("associationTypes") or ()]
        is_primary = any("primary" in str(label).lower() for label in labels if label)
        key = text(end.get("toObjectId")) or ""
        return not is_primary, len(key), key

    chosen = min(ends, key=order, default=None)
    return text(chosen.get("toObjectId")) if chosen else None


def _add_origins(api: HubspotApi, found: Mapping[str, dict[str, Any]]) -> None:
    """A lead came with its contact: when that filled in forms, and where it was from."""
    contacts = sorted({one["contacts"] for one in found.values() if "contacts" in one})
    origins = {}
    for start in range(0, len(contacts), _WITH_HISTORY_AT_ONCE):
        some = contacts[start : start + _WITH_HISTORY_AT_ONCE]
        body = api.http.post(
            "/crm/v3/objects/contacts/batch/read",
            {
                "properties": ["hs_analytics_source"],
                "propertiesWithHistory": ["recent_conversion_date"],
                "inputs": [{"id": key} for key in some],
            },
        )
        for contact in answered(body, "HubSpot batch of contacts"):
            entries = dug(contact, "propertiesWithHistory", "recent_conversion_date") or ()
            asked = {iso(moment(entry.get("value"))) for entry in entries}
            origins[text(contact.get("id"))] = {
                "source": text(dug(contact, "properties", "hs_analytics_source")),
                "asked": sorted(one for one in asked if one),
            }
    for one in found.values():
        if origin := origins.get(one.get("contacts")):
            one["origin"] = origin
