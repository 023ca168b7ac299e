"""What is asked of Pipedrive: v2 where it has a list, v1 for leads, users and call logs."""

import logging
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

from orchestration.connectors.auth import header_auth
from orchestration.connectors.http import (
    AnswerError,
    HttpClient,
    Refusal,
    judge_plainly,
    limits_of,
)
from orchestration.connectors.pages import Page
from orchestration.connectors.pipedrive.paging import list_v1, read_v1, read_v2
from orchestration.connectors.streams import Window
from orchestration.connectors.values import Settings, iso, text

_BASE_URL = "https://api.pipedrive.com"
# The smallest plan allows 20 requests in 2 seconds.
_PER_SECOND = 8.0
_CALL_LOGS_AT_ONCE = 50
_NOT_FOUND, _FORBIDDEN, _PAYMENT = 404, 403, 402
_log = logging.getLogger(__name__)


class PipedriveApi:
    """One company, asked over HTTP; what many records need is asked once a night."""

    def __init__(self, http: HttpClient, settings: Settings) -> None:
        self.http, self.settings = http, settings

    def close(self) -> None:
        self.http.close()

    @cached_property
    def users(self) -> list[dict[str, Any]]:
        return list_v1(self.http, "/users")

    @cached_property
    def pipelines(self) -> Mapping[str, str]:
        """Names by id."""
        pages = read_v2(self.http, "/pipelines")
        return {str(one["id"]): str(one["name"]) for page in pages for one in page.records}

    @cached_property
    def stages(self) -> list[dict[str, Any]]:
        return [dict(stage) for page in read_v2(self.http, "/stages") for stage in page.records]

    @cached_property
    def stage_ids(self) -> frozenset[str]:
        return frozenset(str(stage["id"]) for stage in self.stages)

    @cached_property
    def lead_labels(self) -> Mapping[str, str]:
        return {str(one["id"]): str(one["name"]) for one in list_v1(self.http, "/leadLabels")}

    @cached_property
    def deals(self) -> list[dict[str, Any]]:
        """Of all deals, archived ones too, what is needed of each night's whole list."""
        return [
            {name: deal.get(name) for name in ("id", "add_time", "source_lead_id")}
            for path in ("/deals", "/deals/archived")
            for page in read_v2(self.http, path, {"include_fields": "source_lead_id"})
            for deal in page.records
        ]

    @cached_property
    def conversions(self) -> Mapping[str, Mapping[str, str | None]]:
        """By the lead's id, the first deal that it became."""
        found: dict[str, Mapping[str, str | None]] = {}
        for deal in sorted(self.deals, key=lambda deal: (str(deal["add_time"]), deal["id"])):
            lead = text(deal["source_lead_id"])
            if lead:
                made = {"deal_id": text(deal["id"]), "converted_at": text(deal["add_time"])}
                found.setdefault(lead, made)
        return found

    @cached_property
    def call_logs(self) -> Mapping[str, dict[str, Any]]:
        """By the activity's id; empty where the account does not tell them."""
        if self.settings.get("call_logs") == "false":
            return {}
        phones = {text(user.get("id")): text(user.get("phone")) for user in self.users}
        try:
            pages = read_v1(self.http, "/callLogs", page_size=_CALL_LOGS_AT_ONCE)
            logs = [log for page in pages for log in page.records]
        except AnswerError as error:
            if error.status not in (_PAYMENT, _FORBIDDEN, _NOT_FOUND):
                raise
            _log.warning("Pipedrive: call logs are left out: %s", error)
            return {}
        return {
            str(log["activity_id"]): {**log, "_user_phone": phones.get(text(log.get("user_id")))}
            for log in logs
            if log.get("activity_id") is not None
        }

    def options(self, path: str, field: str) -> Mapping[str, str]:
        """What the options of a field are called."""
        pages = read_v2(self.http, path)
        fields = [one for page in pages for one in page.records if one.get("field_code") == field]
        options = [option for one in fields for option in one.get("options") or ()]
        return {str(option["id"]): str(option["label"]) for option in options}

    @cached_property
    def industries(self) -> Mapping[str, str]:
        return self.options("/organizationFields", "industry")

    @cached_property
    def channels(self) -> Mapping[str, str]:
        return self.options("/dealFields", "channel")


def open_api(settings: Settings) -> PipedriveApi:
    """Ready to ask; nothing is asked yet."""
    http = HttpClient(
        "Pipedrive",
        settings.get("base_url", _BASE_URL),
        auth=header_auth("x-api-token", settings["api_token"]),
        limits=limits_of(settings, _PER_SECOND),
        denied={
            401: "TOUCHLINE_PIPEDRIVE_API_TOKEN is wrong or was made anew: Pipedrive > "
            "Personal preferences > API",
            403: "The user of TOUCHLINE_PIPEDRIVE_API_TOKEN may not read this: give them access "
            "in Pipedrive > Company settings > Manage users > Permission sets and visibility",
        },
        judge=_judge,
    )
    return PipedriveApi(http, settings)


def read_users(api: PipedriveApi, window: Window) -> Iterator[Page]:
    """All users, each with the first team that it is in."""
    del window
    teams: dict[str, str] = {}
    try:
        for team in sorted(list_v1(api.http, "/legacyTeams"), key=lambda team: team["id"]):
            if not team.get("deleted_flag"):
                for user in team.get("users") or ():
                    teams.setdefault(str(user), str(team["name"]))
    except AnswerError as error:
        if error.status not in (_PAYMENT, _FORBIDDEN, _NOT_FOUND):
            raise
        _log.warning("Pipedrive: teams are left out: %s", error)
    yield Page([{**user, "_team": teams.get(str(user["id"]))} for user in api.users])


def read_organizations(api: PipedriveApi, window: Window) -> Iterator[Page]:
    for page in read_v2(api.http, "/organizations", _changed(window)):
        yield Page(
            [
                {**one, "_industry": api.industries.get(str(one["industry"]))}
                if one.get("industry") is not None
                else one
                for one in page.records
            ]
        )


def read_persons(api: PipedriveApi, window: Window) -> Iterator[Page]:
    return read_v2(api.http, "/persons", _changed(window))


def read_deals(api: PipedriveApi, window: Window) -> Iterator[Page]:
    """Open and closed, archived, and those deleted since the last night."""
    told = {**_changed(window), "include_fields": "source_lead_id"}
    asked: list[tuple[str, Mapping[str, str]]] = [("/deals", told), ("/deals/archived", told)]
    if window.since is not None:
        asked.append(("/deals", {**told, "status": "deleted"}))
    for path, params in asked:
        for page in read_v2(api.http, path, params):
            yield Page([with_names(api, deal) for deal in page.records])


def with_names(
    api: PipedriveApi, deal: Mapping[str, Any], stages: Iterable[object] = ()
) -> dict[str, Any]:
    """A deal with its pipeline's name, and which of its stages, and of `stages`, there are."""
    named = {str(stage) for stage in (deal.get("stage_id"), *stages)}
    return {
        **deal,
        "_pipeline": api.pipelines.get(str(deal.get("pipeline_id"))),
        "_stages": sorted(named & api.stage_ids),
    }


def read_stages(api: PipedriveApi, window: Window) -> Iterator[Page]:
    del window
    yield Page(api.stages)


def list_deals(api: PipedriveApi) -> Iterator[Page]:
    yield Page(api.deals)


def read_activities(api: PipedriveApi, window: Window) -> Iterator[Page]:
    """Activities, each call with its log."""
    for page in read_v2(api.http, "/activities", _changed(window)):
        yield Page(
            [
                {**one, "_call_log": api.call_logs[str(one["id"])]}
                if str(one["id"]) in api.call_logs
                else one
                for one in page.records
            ]
        )


def list_of(path: str) -> Any:
    """A census of a v2 list."""
    return lambda api: read_v2(api.http, path)


def _changed(window: Window) -> dict[str, str]:
    told = {"sort_by": "update_time", "sort_direction": "asc"}
    return {**told, "updated_since": iso(window.since) or ""} if window.since else told


def _judge(status: int, body: Any) -> Refusal | None:
    if status == _FORBIDDEN and body is None:
        # Who goes on asking after 429 is kept out for a while by a page for people.
        return Refusal("retry", "kept out for a while for too many requests")
    return judge_plainly(status, body)
