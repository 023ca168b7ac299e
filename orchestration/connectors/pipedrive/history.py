"""What is asked record by record: deals' histories, persons' mail; so many a night.

Each such question costs as much of the day's tokens as a list of 500. The records are taken in the
order of their last change, from the last one that was asked for on; those of the day before it are
asked for again, and count apart: whatever happens, a night gets on.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from heapq import merge
from typing import Any

from orchestration.connectors.base import ConnectorError
from orchestration.connectors.http import AnswerError
from orchestration.connectors.pages import Page
from orchestration.connectors.pipedrive.client import PipedriveApi, with_names
from orchestration.connectors.pipedrive.paging import read_v1, read_v2
from orchestration.connectors.streams import NotOfferedError, Window
from orchestration.connectors.values import iso, text

LOOK_BACK = timedelta(days=1)
_PER_NIGHT = 1000
_AT_ONCE = 100
_NOT_OFFERED = (402, 403, 404)


def read_histories(api: PipedriveApi, window: Window) -> Iterator[Page]:
    """Deals with their changes in `_changes`, as many as a night may ask for."""
    told = _changed(window)
    deals = merge(
        *(_records(api, path, told) for path in ("/deals", "/deals/archived")), key=_changed_at
    )
    some: list[dict[str, Any]] = []
    for deal in _first(api, window, deals, _most(api, "histories_a_night")):
        some.append(_with_history(api, deal))
        if len(some) == _AT_ONCE:
            yield Page(some)
            some = []
    yield Page(some)


def read_mail(api: PipedriveApi, window: Window) -> Iterator[Page]:
    """Messages of the persons that have any; each holds `_person_id` and when that one changed."""
    if api.settings.get("mail") != "true":
        return
    told = {**_changed(window), "include_fields": "email_messages_count"}
    persons = (one for one in _records(api, "/persons", told) if one.get("email_messages_count"))
    for person in _first(api, window, persons, _most(api, "mail_persons_a_night")):
        about = {"_person_id": person["id"], "_changed_at": person.get("update_time")}
        try:
            for page in read_v1(api.http, f"/persons/{person['id']}/mailMessages"):
                messages = [one.get("data") or {} for one in page.records]
                yield Page([{**one, **about} for one in messages if one.get("id") is not None])
        except AnswerError as error:
            if error.status in _NOT_OFFERED:
                raise NotOfferedError(f"mail is not to be read: {error}") from None
            raise


def _with_history(api: PipedriveApi, deal: Mapping[str, Any]) -> dict[str, Any]:
    wanted = ("stage_id", "status", "user_id", "owner_id")
    changes = [
        {name: change.get(name) for name in ("field_key", "old_value", "new_value", "time")}
        | {"actor_user_id": change.get("actor_user_id")}
        for page in read_v2(api.http, f"/v1/deals/{deal['id']}/changelog")
        for change in page.records
        if change.get("field_key") in wanted
    ]
    stages = [
        change[side]
        for change in changes
        if change["field_key"] == "stage_id"
        for side in ("old_value", "new_value")
    ]
    return {**with_names(api, deal, stages), "_changes": changes}


def _records(api: PipedriveApi, path: str, params: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    for page in read_v2(api.http, path, params):
        yield from (dict(record) for record in page.records)


def _first(
    api: PipedriveApi, window: Window, records: Iterable[dict[str, Any]], most: int
) -> Iterator[dict[str, Any]]:
    """The first of an ordered list, and all that changed at the moment of the last of them.

    The next night begins at that moment; were it cut, it would never get past it.
    """
    again, fresh, last = 0, 0, ""
    for record in records:
        moment = _changed_at(record)
        if moment < _resumed_at(api, window):
            again += 1
            if again <= most:
                yield record
        elif fresh < most or moment == last:
            fresh, last = fresh + 1, moment
            yield record
        else:
            return


def _resumed_at(api: PipedriveApi, window: Window) -> str:
    """How far the last night came; what changed before has been asked for."""
    if window.since is None:
        return ""
    told = api.settings.get("look_back_days")
    back = timedelta(days=float(told)) if told is not None else LOOK_BACK
    return iso(window.since + back) or ""


def _changed_at(record: Mapping[str, Any]) -> str:
    return text(record.get("update_time")) or ""


def _changed(window: Window) -> dict[str, str]:
    told = {"sort_by": "update_time", "sort_direction": "asc"}
    return {**told, "updated_since": iso(window.since) or ""} if window.since else told


def _most(api: PipedriveApi, key: str) -> int:
    try:
        return int(api.settings.get(key, _PER_NIGHT))
    except ValueError:
        raise ConnectorError(f"TOUCHLINE_PIPEDRIVE_{key.upper()} is no number") from None
