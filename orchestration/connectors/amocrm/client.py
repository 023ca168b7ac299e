"""What is asked of amoCRM (Kommo): its lists, and what a lead went through."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from orchestration.connectors.amocrm.asking import (
    EVENTS_A_PAGE,
    AmocrmApi,
    read_all,
    since,
)
from orchestration.connectors.amocrm.pipelines import Kind, kinds_of
from orchestration.connectors.pages import Page
from orchestration.connectors.streams import Window
from orchestration.connectors.values import Record, dug, text

_LEADS_A_QUESTION = 10
_HISTORY = ("lead_status_changed", "entity_responsible_changed")
_MESSAGES = ("incoming_chat_message", "outgoing_chat_message")
_NOTES = ("call_in", "call_out", "amomail_message", "sms_in", "sms_out")
_BY_ID = ("order[id]", "asc")


def read_users(api: AmocrmApi, _window: Window) -> Iterator[Page]:
    return read_all(api, "users", "users", [("with", "group")])


def read_list(name: str, api: AmocrmApi, window: Window) -> Iterator[Page]:
    """Contacts or companies that changed in the window."""
    return read_all(api, name, name, [*since(window), _BY_ID])


def census(name: str, api: AmocrmApi) -> Iterator[Page]:
    """All that there are: what was deleted or merged away is not among them."""
    return read_all(api, name, name, [_BY_ID])


def read_leads(api: AmocrmApi, window: Window) -> Iterator[Page]:
    """Leads that changed in the window, each with all that it went through."""
    asked = [*since(window), _BY_ID, ("with", "contacts,loss_reason,source_id")]
    told = _Told(api)
    seen: set[str] = set()
    for page in read_all(api, "leads", "leads", asked):
        events = _events_of(api, [str(lead["id"]) for lead in page.records])
        seen.update(str(lead["id"]) for lead in page.records)
        yield Page(
            [told.of(lead, events.get(str(lead["id"]), [])) for lead in page.records], page.next
        )
    alone = [one for one in _waiting(api, window) if str(one["id"]) not in seen]
    yield Page([told.of(one, []) for one in alone])


def list_leads(api: AmocrmApi) -> Iterator[Page]:
    """All that there are, and those that nobody has accepted yet."""
    yield from census("leads", api)
    yield Page(list(_incoming(api).values()))


class _Told:
    """What the mapping needs to know of a lead besides it."""

    def __init__(self, api: AmocrmApi) -> None:
        self._kinds = _kinds(api)
        self._names = {str(one["id"]): text(one.get("name")) for one in _pipelines(api)}
        self._currency: str | None = api.once("currency", partial(_currency, api))
        self._incoming = _incoming(api)
        self._excluded = api.named("excluded_loss_reasons")

    def of(self, lead: Record, events: Sequence[Record]) -> Record:
        waiting = self._incoming.get(str(lead["id"]))
        return {
            **lead,
            "_events": events,
            "_kinds": _seen(lead, events, self._kinds),
            "_pipeline": self._names.get(str(lead.get("pipeline_id"))),
            "_currency": self._currency,
            "_unsorted": waiting and waiting["_unsorted"],
            "_is_excluded": bool(_reasons(lead) & self._excluded),
        }


def _incoming(api: AmocrmApi) -> dict[str, dict[str, Any]]:
    """Incoming leads that nobody has accepted yet, by id, as far as they are leads already."""

    def ask() -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        for page in read_all(api, "leads/unsorted", "unsorted", []):
            for one in page.records:
                for lead in dug(one, "_embedded", "leads") or ():
                    found[str(lead["id"])] = _as_lead(one, lead, unsorted)
        return found

    kinds = _kinds(api)
    unsorted = {
        str(pipeline["id"]): status["id"]
        for pipeline in _pipelines(api)
        for status in dug(pipeline, "_embedded", "statuses") or ()
        if kinds[str(status["id"])] == "unsorted"
    }
    leads: dict[str, dict[str, Any]] = api.once("incoming", ask)
    return leads


def _as_lead(incoming: Record, lead: Record, unsorted: Mapping[str, Any]) -> dict[str, Any]:
    pipeline = incoming.get("pipeline_id")
    return {
        "id": lead["id"],
        "pipeline_id": pipeline,
        "status_id": unsorted.get(str(pipeline)),
        "created_at": incoming.get("created_at"),
        "updated_at": incoming.get("created_at"),
        "created_by": 0,
        "_unsorted": {"category": incoming.get("category"), "metadata": incoming.get("metadata")},
        "_embedded": {
            "contacts": dug(incoming, "_embedded", "contacts") or [],
            "companies": dug(incoming, "_embedded", "companies") or [],
            "source": {"name": incoming.get("source_name")},
        },
    }


def _waiting(api: AmocrmApi, window: Window) -> list[dict[str, Any]]:
    """Incoming leads of the window: where the list of leads does not tell them."""
    began = 0 if window.since is None else int(window.since.timestamp())
    return [
        one
        for one in _incoming(api).values()
        if one["status_id"] is not None and (one["created_at"] or 0) >= began
    ]


def read_stages(api: AmocrmApi, _window: Window) -> Iterator[Page]:
    """The statuses of all pipelines, and the reasons for which a lead is to be left out."""
    kinds = _kinds(api)
    statuses = [
        {**status, "_kind": kinds[str(status["id"])]}
        for pipeline in _pipelines(api)
        for status in dug(pipeline, "_embedded", "statuses") or ()
    ]
    excluded = api.named("excluded_loss_reasons")
    reasons = [
        {**reason, "_kind": "excluded"}
        for page in (read_all(api, "leads/loss_reasons", "loss_reasons", []) if excluded else ())
        for reason in page.records
        if {str(reason["id"]), str(reason.get("name"))} & excluded
    ]
    yield Page([*statuses, *reasons])


def read_notes(entity: str, api: AmocrmApi, window: Window) -> Iterator[Page]:
    """Calls, emails and SMS at leads, contacts or companies."""
    kinds = [("filter[note_type][]", kind) for kind in _NOTES]
    for page in read_all(api, f"{entity}/notes", "notes", [*since(window), *kinds, _BY_ID]):
        yield Page([{**note, "_entity": entity} for note in page.records], page.next)


def list_notes(entity: str, api: AmocrmApi) -> Iterator[Page]:
    """All of them, for the census."""
    kinds = [("filter[note_type][]", kind) for kind in _NOTES]
    return read_all(api, f"{entity}/notes", "notes", [*kinds, _BY_ID])


def read_messages(api: AmocrmApi, window: Window) -> Iterator[Page]:
    """That a chat message came or went; what it says is not told."""
    kinds = [("filter[type][]", kind) for kind in _MESSAGES]
    asked = [*since(window, "created_at"), *kinds]
    return read_all(api, "events", "events", asked, EVENTS_A_PAGE)


def _events_of(api: AmocrmApi, leads: Sequence[str]) -> dict[str, list[Record]]:
    """The changes of stage and owner of these leads, the earliest first."""
    found: dict[str, list[Record]] = {}
    for start in range(0, len(leads), _LEADS_A_QUESTION):
        asked = [
            ("filter[entity][]", "lead"),
            *(("filter[entity_id][]", key) for key in leads[start : start + _LEADS_A_QUESTION]),
            *(("filter[type][]", kind) for kind in _HISTORY),
        ]
        for page in read_all(api, "events", "events", asked, EVENTS_A_PAGE):
            for event in page.records:
                found.setdefault(str(event.get("entity_id")), []).append(event)
    for events in found.values():
        events.sort(key=lambda event: (event.get("created_at") or 0, str(event.get("id"))))
    return found


def _seen(lead: Record, events: Sequence[Record], kinds: Mapping[str, Kind]) -> dict[str, Kind]:
    """What the statuses mean that a lead is or was in."""
    ids = {str(lead.get("status_id"))}
    for event in events:
        for side in ("value_before", "value_after"):
            ids.add(str(dug(event, side, 0, "lead_status", "id")))
    return {one: kinds[one] for one in sorted(ids) if one in kinds}


def _reasons(lead: Record) -> set[str]:
    told = dug(lead, "_embedded", "loss_reason")
    reason = told[0] if isinstance(told, list) and told else told
    ids = {str(lead.get("loss_reason_id")), str(dug(reason, "id")), str(dug(reason, "name"))}
    return ids - {"None"}


def _pipelines(api: AmocrmApi) -> list[dict[str, Any]]:
    def ask() -> list[dict[str, Any]]:
        pages = read_all(api, "leads/pipelines", "pipelines", [])
        return [dict(one) for page in pages for one in page.records]

    found: list[dict[str, Any]] = api.once("pipelines", ask)
    return found


def _kinds(api: AmocrmApi) -> dict[str, Kind]:
    def ask() -> dict[str, Kind]:
        deals, prospects = api.named("deal_from"), api.named("prospect_from")
        return kinds_of(_pipelines(api), deals=deals, prospects=prospects)

    kinds: dict[str, Kind] = api.once("kinds", ask)
    return kinds


def _currency(api: AmocrmApi) -> str | None:
    return text(dug(api.http.get("/api/v4/account"), "currency"))
