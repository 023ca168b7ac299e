"""What is asked of Bitrix24, over an inbound webhook."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any

from orchestration.connectors.base import ConnectorError
from orchestration.connectors.bitrix24.answers import judge
from orchestration.connectors.bitrix24.lists import CrmList, read_list
from orchestration.connectors.bitrix24.mapping_stages import object_type, stage_key
from orchestration.connectors.http import HttpClient, limits_of
from orchestration.connectors.pages import Page, picked, read_pages
from orchestration.connectors.streams import NotOfferedError, Window
from orchestration.connectors.values import Record, Settings, dug, iso, text

_PER_SECOND = 2.0
_EVERYTHING = Window(None, datetime.max.replace(tzinfo=UTC))
_WEBHOOK = "/rest/"
_HINT = (
    "TOUCHLINE_BITRIX24_WEBHOOK is wrong or was deleted, or its webhook lacks a right (crm, user, "
    "department, telephony): Bitrix24 > Developer resources > Other > Inbound webhook; "
    "and its owner must be allowed to see what is read"
)


@dataclass
class Bitrix24Api:
    """One portal, asked over HTTP through an inbound webhook."""

    http: HttpClient
    with_telephony: bool = True
    stages: dict[tuple[str, str], str] = field(default_factory=dict)
    """(ENTITY_ID, stage) -> semantics, of every stage that history told of tonight."""
    _known: dict[str, Any] = field(default_factory=dict)

    def close(self) -> None:
        self.http.close()

    def once(self, name: str, ask: Callable[[], Any]) -> Any:
        """What the night asks for once: small lists that others need."""
        if name not in self._known:
            self._known[name] = ask()
        return self._known[name]


def open_api(settings: Settings) -> Bitrix24Api:
    """Raises ConnectorError where the webhook is none."""
    webhook = settings["webhook"].strip().rstrip("/")
    if "://" not in webhook or _WEBHOOK not in webhook:
        raise ConnectorError(
            "Bitrix24: TOUCHLINE_BITRIX24_WEBHOOK has to be the whole address of an inbound "
            "webhook: https://<portal>/rest/<user>/<code>/"
        )
    http = HttpClient(
        "Bitrix24",
        webhook,
        # The address is the secret: there is nothing else to sign with.
        auth=None,
        limits=limits_of(settings, _PER_SECOND),
        denied=dict.fromkeys((200, 400, 401, 403), _HINT),
        judge=judge,
    )
    return Bitrix24Api(http, settings.get("telephony", "true").lower() != "false")


COMPANIES = CrmList("crm.company.list")
CONTACTS = CrmList("crm.contact.list", ("*", "PHONE", "EMAIL"))
LEADS = CrmList("crm.lead.list", ("*", "PHONE", "EMAIL"))
DEALS = CrmList("crm.deal.list")
ACTIVITIES = CrmList("crm.activity.list", ("*", "COMMUNICATIONS", "BINDINGS"), "LAST_UPDATED")
LEAD_STAGES = CrmList(
    "crm.stagehistory.list", ("*",), "CREATED_TIME", {"entityTypeId": 1}, ("items",)
)
DEAL_STAGES = CrmList(
    "crm.stagehistory.list", ("*",), "CREATED_TIME", {"entityTypeId": 2}, ("items",)
)


def read(what: CrmList, api: Bitrix24Api, window: Window) -> Iterator[Page]:
    """What changed in the window, as it is."""
    return read_list(api.http, what, window)


def census(what: CrmList, api: Bitrix24Api) -> Iterator[Page]:
    """All ids: Bitrix24 tells no deletions."""
    only_ids = CrmList(what.method, ("ID",), what.changed, what.more, what.at)
    return read_list(api.http, only_ids, _EVERYTHING)


def read_companies(api: Bitrix24Api, window: Window) -> Iterator[Page]:
    """Companies, with the name of their industry."""
    industries = _statuses(api, "INDUSTRY")
    return _with(
        read_list(api.http, COMPANIES, window),
        lambda one: {"_industry": industries.get(str(one.get("INDUSTRY")))},
    )


def read_leads(api: Bitrix24Api, window: Window) -> Iterator[Page]:
    """Leads, with the name of their source."""
    sources = _statuses(api, "SOURCE")
    return _with(
        read_list(api.http, LEADS, window),
        lambda one: {"_source": sources.get(str(one.get("SOURCE_ID")))},
    )


def read_deals(api: Bitrix24Api, window: Window) -> Iterator[Page]:
    """Deals, with the name of their pipeline."""
    pipelines = api.once("pipelines", partial(_pipelines, api))
    return _with(
        read_list(api.http, DEALS, window),
        lambda one: {"_pipeline": pipelines.get(text(one.get("CATEGORY_ID")) or "0")},
    )


def read_lead_stages(api: Bitrix24Api, window: Window) -> Iterator[Page]:
    """Through which stages leads went."""
    return _noting(api, "STATUS", "STATUS_ID", read_list(api.http, LEAD_STAGES, window))


def read_deal_stages(api: Bitrix24Api, window: Window) -> Iterator[Page]:
    """Through which stages deals went."""
    return _noting(api, "DEAL_STAGE", "STAGE_ID", read_list(api.http, DEAL_STAGES, window))


def _noting(api: Bitrix24Api, directory: str, name: str, pages: Iterator[Page]) -> Iterator[Page]:
    kind = name.replace("_ID", "_SEMANTIC_ID")
    for page in pages:
        for entry in page.records:
            stage, told = text(entry.get(name)), text(entry.get(kind))
            if stage and told:
                api.stages[directory, stage] = told
        yield page


def read_stages(api: Bitrix24Api, _window: Window) -> Iterator[Page]:
    """The stages that there are, and those that only history knows."""
    there = [
        one
        for page in _read_by_offset(api, "crm.status.list", {"order": {"SORT": "ASC"}})
        for one in page.records
        if object_type(one) is not None
    ]
    known = {stage_key(one) for one in there}
    told = [
        {"ENTITY_ID": directory, "STATUS_ID": stage, "SEMANTICS": kind}
        for (directory, stage), kind in sorted(api.stages.items())
    ]
    yield Page([*there, *(one for one in told if stage_key(one) not in known)])


# Lists that are read by offset: users and departments are few, the call log only grows at its end.


def read_users(api: Bitrix24Api, _window: Window) -> Iterator[Page]:
    """Users, with the names of their departments; those who were dismissed too."""
    departments = {
        str(one["ID"]): text(one.get("NAME"))
        for page in _read_by_offset(api, "department.get", {"sort": "ID", "order": "ASC"})
        for one in page.records
    }

    def more(user: Record) -> dict[str, Any]:
        told = user.get("UF_DEPARTMENT")
        ids = told if isinstance(told, list) else []
        return {"_departments": [departments.get(str(one)) for one in ids]}

    return _with(_read_by_offset(api, "user.get", {"sort": "ID", "order": "ASC"}), more)


def read_calls(api: Bitrix24Api, window: Window) -> Iterator[Page]:
    """The call log, with who took or made each call.

    Raises NotOfferedError where it is not wanted.
    """
    if not api.with_telephony:
        raise NotOfferedError("TOUCHLINE_BITRIX24_TELEPHONY=false")
    users = api.once("users", partial(_users, api))
    params: dict[str, Any] = {"SORT": "ID", "ORDER": "ASC"}
    if window.since is not None:
        params["FILTER"] = {">=CALL_START_DATE": iso(window.since)}
    return _with(
        _read_by_offset(api, "voximplant.statistic.get", params),
        lambda one: {"_user": users.get(str(one.get("PORTAL_USER_ID")))},
    )


def _read_by_offset(api: Bitrix24Api, method: str, params: Mapping[str, Any]) -> Iterator[Page]:
    def ask(start: str | None) -> Page:
        body = api.http.post(method, {**params, "start": int(start or 0)})
        total = text(dug(body, "total"))
        return Page(
            picked(body, "result", what=method),
            text(dug(body, "next")),
            int(total) if total else None,
        )

    return read_pages(ask, what=f"Bitrix24 {method}")


def _statuses(api: Bitrix24Api, directory: str) -> dict[str, str | None]:
    """The names in one of the CRM's directories."""

    def ask() -> dict[str, str | None]:
        pages = _read_by_offset(api, "crm.status.list", {"filter": {"ENTITY_ID": directory}})
        return {
            str(one["STATUS_ID"]): text(one.get("NAME")) for page in pages for one in page.records
        }

    found: dict[str, str | None] = api.once(directory, ask)
    return found


def _pipelines(api: Bitrix24Api) -> dict[str, str | None]:
    body = api.http.post("crm.category.list", {"entityTypeId": 2})
    found = picked(body, "result", "categories", what="Bitrix24 crm.category.list")
    return {str(one["id"]): text(one.get("name")) for one in found}


def _users(api: Bitrix24Api) -> dict[str, dict[str, Any]]:
    pages = _read_by_offset(api, "user.get", {"sort": "ID", "order": "ASC"})
    return {
        str(one["ID"]): {name: one.get(name) for name in ("EMAIL", "UF_PHONE_INNER")}
        for page in pages
        for one in page.records
    }


def _with(pages: Iterator[Page], more: Callable[[Record], Mapping[str, Any]]) -> Iterator[Page]:
    for page in pages:
        yield Page([{**one, **more(one)} for one in page.records], page.next, page.total)
