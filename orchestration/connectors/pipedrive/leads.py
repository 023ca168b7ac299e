"""Leads: the inbox, the archive, and those that became deals and are in neither."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from orchestration.connectors.http import AnswerError, DeniedError
from orchestration.connectors.pages import Page
from orchestration.connectors.pipedrive.client import PipedriveApi
from orchestration.connectors.pipedrive.paging import read_v1
from orchestration.connectors.streams import Window
from orchestration.connectors.values import dug, iso, parse_iso, text

_NOT_FOUND = 404
# So many converted leads in a row that can't be had: the account tells none.
_ENOUGH_MISSED = 20


def read_leads(api: PipedriveApi, window: Window) -> Iterator[Page]:
    """Those in the inbox, those archived, and those that became deals.

    The archive has no filter: it is read from its latest change back to the window.
    """
    seen: set[str] = set()
    since = {"updated_since": iso(window.since)} if window.since else {}
    for page in read_v1(api.http, "/leads", {"sort": "update_time", **since}):
        yield _leads(api, page, seen)
    for page in read_v1(api.http, "/leads/archived", {"sort": "update_time DESC"}):
        yield _leads(api, page, seen)
        if window.since and _is_all_before(page, window.since):
            break
    yield Page(list(_converted(api, window, seen)))


def list_leads(api: PipedriveApi) -> Iterator[Page]:
    yield from read_v1(api.http, "/leads")
    yield from read_v1(api.http, "/leads/archived")
    # They are in neither list any more, and not deleted.
    yield Page([{"id": lead} for lead in api.conversions])


def conversions_of(api: PipedriveApi, keys: Sequence[str]) -> Mapping[str, Any]:
    return {key: api.conversions[key] for key in keys if key in api.conversions}


def _is_all_before(page: Page, since: datetime) -> bool:
    """Whether a page, and so what comes after it, changed before the window.

    The specification knows no order of sorting, its text does: only where the latest came first.
    """
    times = [text(lead.get("update_time")) or "" for lead in page.records]
    latest = parse_iso(times[0]) if times else None
    return latest is not None and latest < since and times == sorted(times, reverse=True)


def _leads(api: PipedriveApi, page: Page, seen: set[str]) -> Page:
    seen.update(str(lead["id"]) for lead in page.records)
    return Page([_with_labels(api, lead) for lead in page.records])


def _with_labels(api: PipedriveApi, lead: Mapping[str, Any]) -> dict[str, Any]:
    labels = [api.lead_labels.get(str(label)) for label in lead.get("label_ids") or ()]
    told = {**lead, "_labels": [label for label in labels if label]}
    if lead.get("channel") is not None:
        told["_channel"] = api.channels.get(str(lead["channel"]))
    return told


def _converted(api: PipedriveApi, window: Window, seen: set[str]) -> Iterator[dict[str, Any]]:
    """Leads that became deals in the window, as far as Pipedrive still tells them one by one."""
    missed = 0
    for key, made in api.conversions.items():
        converted = parse_iso(made["converted_at"])
        is_late = window.since is None or converted is None or converted >= window.since
        if not is_late or key in seen or missed == _ENOUGH_MISSED:
            continue
        try:
            body = api.http.get(f"/v1/leads/{key}")
        except AnswerError as error:
            if isinstance(error, DeniedError) or error.status != _NOT_FOUND:
                raise
            missed += 1
            continue
        missed = 0
        lead = dug(body, "data")
        if isinstance(lead, dict):
            yield _with_labels(api, lead)
