"""What is asked of HubSpot: whole lists, what changed, what lies in the bin.

What changed is searched for in the order of ids, each page from the last id of the page before: a
search sorts by one property only, and ends after 10,000 records, of which many may have one moment.
A record that changes meanwhile stays where it is, and still fits.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from datetime import datetime
from typing import Any

from orchestration.connectors.http import DeniedError
from orchestration.connectors.hubspot.client import HubspotApi, next_after
from orchestration.connectors.hubspot.kinds import KINDS, MERGED, Kind, leads_are_contacts
from orchestration.connectors.hubspot.linking import LINKED_AT_ONCE, answered, note_merged
from orchestration.connectors.hubspot.mapping import moment
from orchestration.connectors.hubspot.mapping_activities import DISPOSITIONS
from orchestration.connectors.hubspot.mapping_stages import OBJECTS
from orchestration.connectors.pages import Page, picked, read_pages
from orchestration.connectors.streams import NotOfferedError, Window
from orchestration.connectors.values import Record, dug, iso, text

_AT_ONCE = 100
_AT_ONCE_WITH_HISTORY = 50
_SEARCHED_AT_ONCE = 200
_FORBIDDEN = 403
_KEPT = ("id", "createdAt", "updatedAt", "archived", "archivedAt")


def read_objects(kind: Kind, api: HubspotApi, window: Window) -> Iterator[Page]:
    """What changed in the window and what was archived in it; without a beginning, everything."""
    for setting, name in kind.named_of(api.settings).items():
        api.require_property(kind.name, setting, name)
    if window.since is None:
        live = _listed(kind, api)
    else:
        live = _searched(kind, api, window.since, window.until)
    for some in _in_bunches(_begun(kind, live, window.until)):
        yield Page([_complete(kind, api, record) for record in some])
    binned = [
        record
        for record in _in_the_bin(kind, api)
        if window.since is None
        or (moment(record.get("archivedAt")) or window.until) >= window.since
    ]
    for some in _in_bunches(_begun(kind, binned, window.until)):
        yield Page([_complete(kind, api, record) for record in some])


def read_leads(api: HubspotApi, window: Window) -> Iterator[Page]:
    """Raises NotOfferedError where contacts are the leads."""
    if leads_are_contacts(api.settings):
        raise NotOfferedError("contacts are the leads (TOUCHLINE_HUBSPOT_LEADS=lifecycle)")
    with _leads_denied():
        yield from read_objects(KINDS["leads"], api, window)


@contextmanager
def _leads_denied() -> Iterator[None]:
    """Whether the scope or the leads are missing, HubSpot does not say; here stands both."""
    try:
        yield
    except DeniedError as error:
        if error.status != _FORBIDDEN:
            raise
        raise DeniedError(
            f"{error}. An account without leads (they come with Sales Hub Professional) "
            "sets TOUCHLINE_HUBSPOT_LEADS=lifecycle",
            error.status,
        ) from None


def read_owners(api: HubspotApi, _window: Window) -> Iterator[Page]:
    yield Page(api.owners())


def read_stages(api: HubspotApi, _window: Window) -> Iterator[Page]:
    """Each stage of each pipeline as a record of its own."""
    for name, object_type in OBJECTS.items():
        if name == "leads" and leads_are_contacts(api.settings):
            continue
        with _leads_denied() if name == "leads" else nullcontext():
            body = api.http.get(f"/crm/v3/pipelines/{name}")
        yield Page(
            [
                {
                    "id": f"{name}/{pipeline.get('id')}/{stage.get('id')}",
                    "object_type": object_type,
                    "pipeline": text(pipeline.get("label")),
                    "stage": stage,
                }
                for pipeline in picked(body, "results", what=f"HubSpot pipelines of {name}")
                for stage in picked(pipeline, "stages", what=f"HubSpot stages of {name}")
            ]
        )


def census(kind: Kind, api: HubspotApi) -> Iterator[Page]:
    """Every id: of the list, of the bin, and of those that are known to be part of another."""
    for page in _pages(kind, api, {"limit": _AT_ONCE, "properties": MERGED}):
        note_merged(kind, api, page.records)
        yield page
    yield Page(_in_the_bin(kind, api))
    yield Page([{"id": key} for key in api.merged.get(kind.name, {})])


def _listed(kind: Kind, api: HubspotApi, *, archived: bool = False) -> Iterator[Record]:
    history = kind.history_of(api.settings)
    params = {
        "limit": _AT_ONCE_WITH_HISTORY if history else _AT_ONCE,
        "properties": ",".join(kind.properties_of(api.settings)),
        **({"propertiesWithHistory": ",".join(history)} if history else {}),
        **({"archived": "true"} if archived else {}),
    }
    for page in _pages(kind, api, params):
        yield from page.records


def _pages(kind: Kind, api: HubspotApi, params: Mapping[str, Any]) -> Iterator[Page]:
    what = f"HubSpot {kind.name}"

    def ask(after: str | None) -> Page:
        body = api.http.get(
            f"/crm/v3/objects/{kind.name}", {**params, **({"after": after} if after else {})}
        )
        return Page(picked(body, "results", what=what), next_after(body))

    return read_pages(ask, what=what)


def _in_the_bin(kind: Kind, api: HubspotApi) -> list[Record]:
    if kind.name not in api.archived:
        api.archived[kind.name] = list(_listed(kind, api, archived=True))
    return api.archived[kind.name]


def _searched(kind: Kind, api: HubspotApi, since: datetime, until: datetime) -> Iterator[Record]:
    """What changed since then, with history where that is needed: a search has none."""
    what, read = f"HubSpot search of {kind.name}", 0
    history = kind.history_of(api.settings)

    def ask(last: str | None) -> Page:
        nonlocal read
        body = api.searching.post(
            f"/crm/v3/objects/{kind.name}/search",
            {
                "filterGroups": list(_filter_groups(kind, since, until, last)),
                "sorts": [{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
                "properties": [] if history else kind.properties_of(api.settings),
                "limit": _SEARCHED_AT_ONCE,
            },
        )
        records = picked(body, "results", what=what)
        # The count is of what follows the last id.
        total = read + int(body.get("total") or 0)
        read += len(records)
        more = next_after(body) is not None
        return Page(records, text(dug(records, -1, "id")) if more else None, total)

    for page in read_pages(ask, what=what):
        if history:
            yield from _batch(kind, api, [str(one.get("id")) for one in page.records])
        else:
            yield from page.records


def _filter_groups(
    kind: Kind, since: datetime, until: datetime, last: str | None
) -> Iterator[dict[str, Any]]:
    """Any of them fits: changed since then, or begun since then without a change."""
    after = [{"propertyName": "hs_object_id", "operator": "GT", "value": last}] if last else []
    changed = {"propertyName": kind.modified, "operator": "GTE", "value": iso(since)}
    yield {"filters": [changed, *after]}
    if kind.begins:
        begun = {
            "propertyName": kind.begins,
            "operator": "BETWEEN",
            "value": iso(since),
            "highValue": iso(until),
        }
        yield {"filters": [begun, *after]}


def _batch(kind: Kind, api: HubspotApi, keys: Sequence[str]) -> Iterator[Record]:
    """These records with their history; what is deleted by now is left out."""
    for start in range(0, len(keys), _AT_ONCE_WITH_HISTORY):
        body = api.http.post(
            f"/crm/v3/objects/{kind.name}/batch/read",
            {
                "properties": kind.properties_of(api.settings),
                "propertiesWithHistory": list(kind.history_of(api.settings)),
                "inputs": [{"id": key} for key in keys[start : start + _AT_ONCE_WITH_HISTORY]],
            },
        )
        yield from answered(body, f"HubSpot batch of {kind.name}")


def _complete(kind: Kind, api: HubspotApi, native: Record) -> Record:
    """A record as it is kept: what was asked for, whichever way it came, and what it needs."""
    note_merged(kind, api, [native])
    wanted = kind.properties_of(api.settings)
    properties = native.get("properties") or {}
    record: dict[str, Any] = {
        **{key: native[key] for key in _KEPT if native.get(key) is not None},
        "properties": {key: properties[key] for key in wanted if properties.get(key) is not None},
    }
    if kind.history_of(api.settings):
        past = native.get("propertiesWithHistory") or {}
        record["propertiesWithHistory"] = {
            key: past[key] for key in kind.history_of(api.settings) if past.get(key)
        }
        record["_owners"] = _who(api, record["propertiesWithHistory"])
    if kind.name == "deals" and not properties.get("deal_currency_code"):
        record["_currency"] = api.currency()
    guid = properties.get("hs_call_disposition")
    if guid and guid not in DISPOSITIONS:
        record["_disposition"] = api.disposition(guid)
    return record


def _who(api: HubspotApi, past: Mapping[str, Sequence[Record]]) -> dict[str, str]:
    """By user: the owner, of those that the history names."""
    users = {
        user
        for entries in past.values()
        for entry in entries
        if (user := text(entry.get("updatedByUserId")))
    }
    return {user: owner for user in sorted(users) if (owner := api.owner_of_user(user))}


def _begun(kind: Kind, records: Iterable[Record], until: datetime) -> Iterator[Record]:
    """Without what is planned: it comes once its time has come."""
    for record in records:
        begins = moment(dug(record, "properties", kind.begins)) if kind.begins else None
        if begins is None or begins <= until:
            yield record


def _in_bunches(records: Iterable[Record]) -> Iterator[list[Record]]:
    """As many as associations are asked for at once."""
    some: list[Record] = []
    for record in records:
        some.append(record)
        if len(some) == LINKED_AT_ONCE:
            yield some
            some = []
    if some:
        yield some
