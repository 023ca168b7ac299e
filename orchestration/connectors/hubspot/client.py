"""How HubSpot is asked: with a private app's token, searches slower than all else."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from orchestration.connectors.auth import header_auth
from orchestration.connectors.base import ConnectorError
from orchestration.connectors.http import (
    AnswerError,
    HttpClient,
    Refusal,
    error_text,
    judge_plainly,
    limits_of,
)
from orchestration.connectors.pages import Page, picked, read_pages
from orchestration.connectors.values import Record, Settings, dug, joined, text

_BASE_URL = "https://api.hubapi.com"
# 100 requests in ten seconds, 190 from Professional on; searches: 5 a second for the whole account.
_PER_SECOND = 9.0
_SEARCHES_PER_SECOND = 4.0
_UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND, _LOCKED, _TOO_MANY = 401, 403, 404, 423, 429
_WHERE = "HubSpot > Settings > Integrations > Private Apps"
_DENIED = {
    _UNAUTHORIZED: f"TOUCHLINE_HUBSPOT_TOKEN is wrong, revoked or has expired: {_WHERE}",
    _FORBIDDEN: f"The app of TOUCHLINE_HUBSPOT_TOKEN lacks a scope: {_WHERE} > the app > Scopes; "
    "README.md beside the connector lists all",
}
_LEADS = ("objects", "lifecycle")
_log = logging.getLogger(__name__)


@dataclass
class HubspotApi:
    """One account on one night, and what it said once for all."""

    http: HttpClient
    searching: HttpClient
    settings: Settings
    merged: dict[str, dict[str, str]] = field(default_factory=dict)
    """By kind: a record that was merged away, and the one that it became part of."""
    archived: dict[str, list[Record]] = field(default_factory=dict)
    """By kind: what lies in the recycle bin, read once a night."""
    _owners: list[Record] | None = None
    _users: dict[str, str] | None = None
    _dispositions: dict[str, str] | None = None
    _currency: list[str | None] = field(default_factory=list)

    def close(self) -> None:
        self.http.close()
        self.searching.close()

    def owners(self) -> list[Record]:
        """All of them, those that were deactivated too."""
        if self._owners is None:
            self._owners = [
                owner
                for archived in ("false", "true")
                for page in read_pages(
                    lambda after, archived=archived: self._owners_page(archived, after),  # type: ignore[misc]
                    what="HubSpot owners",
                )
                for owner in page.records
            ]
        return self._owners

    def _owners_page(self, archived: str, after: str | None) -> Page:
        params = {"limit": 100, "archived": archived, **({"after": after} if after else {})}
        body = self.http.get("/crm/v3/owners", params)
        return Page(picked(body, "results", what="HubSpot owners"), next_after(body))

    def owner_of_user(self, user: str) -> str | None:
        """History names users; everything else names owners."""
        if self._users is None:
            self._users = {
                spelled: str(owner["id"])
                # Those who are here go before those who were.
                for owner in reversed(self.owners())
                for key in ("userIdIncludingInactive", "userId")
                if (spelled := text(owner.get(key)))
            }
        return self._users.get(user)

    def disposition(self, guid: str) -> str | None:
        """What the account calls an outcome of calls of its own."""
        if self._dispositions is None:
            try:
                body = self.http.get("/calling/v1/dispositions")
            except AnswerError as error:
                _log.warning("HubSpot's own outcomes of calls stay ids: %s", error)
                body = []
            found = picked(body, what="HubSpot outcomes of calls")
            self._dispositions = {str(one.get("id")): str(one.get("label")) for one in found}
        return self._dispositions.get(guid)

    def require_property(self, kind: str, setting: str, name: str) -> None:
        """HubSpot leaves out what it does not know without a word.

        Raises ConnectorError.
        """
        try:
            self.http.get(f"/crm/v3/properties/{kind}/{name}")
        except AnswerError as error:
            if error.status != _NOT_FOUND:
                _log.warning("HubSpot does not tell whether %s have %s: %s", kind, name, error)
                return
            told = (
                f"HubSpot: {kind} have no property {name!r} (TOUCHLINE_HUBSPOT_{setting.upper()})"
            )
            raise ConnectorError(told) from None

    def currency(self) -> str | None:
        """The account's own: deals of an account with one currency name none."""
        if not self._currency:
            try:
                body = self.http.get("/account-info/v3/details")
            except AnswerError as error:
                _log.warning("HubSpot does not tell the account's currency: %s", error)
                body = None
            self._currency.append(text(dug(body, "companyCurrency")))
        return self._currency[0]


def open_api(settings: Settings) -> HubspotApi:
    """Raises ConnectorError where a setting means nothing."""
    if settings.get("leads", "objects") not in _LEADS:
        raise ConnectorError(f"HubSpot: TOUCHLINE_HUBSPOT_LEADS is none of {', '.join(_LEADS)}")
    slower = {
        **settings,
        "requests_per_second": settings.get("searches_per_second", str(_SEARCHES_PER_SECOND)),
    }
    return HubspotApi(
        http=_open(settings, _PER_SECOND), searching=_open(slower, 1.0), settings=settings
    )


def _open(settings: Settings, per_second: float) -> HttpClient:
    return HttpClient(
        "HubSpot",
        settings.get("base_url", _BASE_URL),
        auth=header_auth("Authorization", f"Bearer {settings['token']}"),
        limits=limits_of(settings, per_second),
        denied=_DENIED,
        judge=judge,
    )


def next_after(body: Any) -> str | None:
    return text(dug(body, "paging", "next", "after"))


def judge(status: int, body: Any) -> Refusal | None:
    """What HubSpot says beside the status."""
    told = body if isinstance(body, Mapping) else {}
    if status == _TOO_MANY and told.get("policyName") == "DAILY":
        return Refusal("final", "the account's requests of the day are used up; ask again tomorrow")
    if status == _LOCKED:
        return Refusal("retry", error_text(body))
    if status == _FORBIDDEN and (scopes := _missing_scopes(told)):
        return Refusal("denied", f"{error_text(body)} Missing: {scopes}")
    return judge_plainly(status, body)


def _missing_scopes(body: Mapping[str, Any]) -> str | None:
    contexts = [body.get("context"), *(dug(one, "context") for one in body.get("errors") or ())]
    found = [
        scope
        for context in contexts
        for key in ("requiredGranularScopes", "requiredScopes")
        for scope in dug(context, key) or ()
    ]
    return (joined(found) or "").replace(";", ", ") or None
