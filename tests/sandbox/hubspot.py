"""HubSpot: an account's objects with lists, searches, batches, associations, history and errors.

Longer than most: one account, with all that is asked of it.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from tests.sandbox.account import Account, Row, Rows
from tests.sandbox.hubspot_answers import (
    batch_answer,
    closing,
    comparable,
    error,
    fits,
    not_found,
    own_pipeline,
    page,
    pipeline,
    shown,
)
from tests.sandbox.hubspot_expected import dated, expected_activity, expected_lead
from tests.sandbox.hubspot_rows import (
    DISPOSITIONS,
    LEAD_PIPELINE,
    LEAD_STAGES,
    OBJECTS,
    PROBABILITIES,
    Native,
    Natives,
    association,
)
from tests.sandbox.server import Answer, Request

_LISTED_AT_ONCE, _WITH_HISTORY_AT_ONCE, _SEARCHED_AT_ONCE, _SEARCHED = 100, 50, 200, 10_000
_LINKED_AT_ONCE = 1000
_SINGULAR = {"companies": "company", "contacts": "contact", "leads": "lead", "deals": "deal"}
_SCOPES = {"leads": "crm.objects.leads.read"}


def _held(names: str) -> frozenset[str]:
    return frozenset(names.split())


class HubspotAccount(Account):
    """A private app's view of an account; ids are the rows' own."""

    HOLDS: ClassVar[Mapping[str, frozenset[str]]] = {
        "crm/reps": _held("rep_id full_name email team is_active"),
        "crm/accounts": _held("account_id name industry country created_at updated_at is_deleted"),
        "crm/contacts": _held(
            "contact_id account_id full_name emails phones time_zone created_at updated_at "
            "is_deleted merged_into_id"
        ),
        "crm/leads": _held(
            "lead_id contact_id account_id owner_rep_id lead_source is_inquiry inquiry_at "
            "inquiry_channel status created_at updated_at is_deleted merged_into_id"
        ),
        "crm/deals": _held(
            "deal_id lead_id contact_id account_id owner_rep_id pipeline stage amount currency "
            "created_at updated_at closed_at is_deleted merged_into_id"
        ),
        "crm/stage_changes": _held("object_type object_id stage changed_at rep_id"),
        "crm/owner_changes": _held("object_type object_id owner_rep_id changed_at"),
        "crm/activities": _held(
            "activity_id kind direction started_at ended_at duration_seconds outcome rep_id "
            "contact_id lead_id deal_id phone email thread_id is_automated telephony_call_id "
            "updated_at is_deleted"
        ),
    }
    MAIN = "crm/deals"
    CHANGED: ClassVar[Mapping[str, str]] = {"amount": "4711"}
    LIST_AT = ("results",)
    NEXT_AT = ("paging", "next", "after")

    def __init__(self, rows: Rows) -> None:
        self._version = 0
        self._built: tuple[object, Natives] | None = None
        super().__init__(rows)
        self.has_leads = True
        """Whether the app may read leads, and the account has any."""
        self.more: dict[tuple[str, str], Native] = {}
        """By (kind, id): properties that no canonical column holds."""
        self.more_past: dict[tuple[str, str], Native] = {}
        """By (kind, id): the history of such, the latest first."""
        self.more_links: dict[tuple[str, str], dict[str, list[str]]] = {}
        """By (kind, id): further associations, by the other kind; none is primary."""
        self.archived: dict[str, dict[str, Native]] = {}
        """By kind: what lies in the bin besides deleted rows."""
        self.dispositions: dict[str, str] = {}
        """Outcomes of calls of the account's own: name by id."""
        self.own_properties = {
            "leads": {"first_asked_at", "first_asked_by"},
            "communications": {"message_direction", "message_number"},
        }
        self.currency: str | None = "USD"
        self.searches_per_second: float | None = None
        self._searches: list[float] = []

    def put(self, entity: str, row: Row) -> None:
        super().put(entity, row)
        self._version += 1

    def remove(self, entity: str, *key: str) -> None:
        """For good, as a request for erasure does: no list tells it any more."""
        super().remove(entity, *key)
        self._version += 1

    def archive(self, entity: str, *key: str) -> None:
        """Into the bin, now."""
        row = self.rows[entity][key]
        now = self.now.replace(microsecond=0).isoformat()
        self.put(entity, {**row, "is_deleted": "true", "updated_at": now})

    @property
    def natives(self) -> Natives:
        state = (id(self.rows), self._version)
        if self._built is None or self._built[0] != state:
            self._built = (state, Natives(self.rows))
        return self._built[1]

    def settings(self, url: str) -> dict[str, str]:
        return {
            "base_url": url,
            "token": self.secret,
            "inquiry_at_property": "first_asked_at",
            "inquiry_channel_property": "first_asked_by",
            "message_direction_property": "message_direction",
            "message_number_property": "message_number",
            "searches_per_second": "100000",
        }

    # What the contract test asks about.

    def is_page(self, request: Request) -> bool:
        path = "/crm/v3/objects/deals"
        is_list = request.path == path and request.param("archived") != "true"
        return is_list or request.path == f"{path}/search"

    def is_next_page(self, request: Request) -> bool:
        return self.is_page(request) and request.param("after") != ""

    def next_link(self, request: Request) -> Any:
        return request.param("after")

    # Answers.

    def answer(self, request: Request) -> Answer:
        if self.denied:
            return error(self.denied, "Denied", "EXPIRED_AUTHENTICATION")
        if request.headers.get("authorization") != f"Bearer {self.secret}":
            return error(401, "Authentication credentials not found.", "INVALID_AUTHENTICATION")
        return self._routed(request)

    def _routed(self, request: Request) -> Answer:  # noqa: PLR0911 - a table of paths
        match request.path.strip("/").split("/"):
            case ["crm", "v3", "owners"]:
                return self._owners(request)
            case ["crm", "v3", "pipelines", kind]:
                return self._of(kind, lambda: self._pipelines(kind))
            case ["crm", "v3", "objects", kind]:
                return self._of(kind, lambda: self._list(kind, request))
            case ["crm", "v3", "objects", kind, "search"]:
                return self._of(kind, lambda: self._search(kind, request))
            case ["crm", "v3", "objects", kind, "batch", "read"]:
                return self._of(kind, lambda: self._batch(kind, request))
            case ["crm", "v4", "associations", kind, other, "batch", "read"]:
                return self._of(other, lambda: self._associations(kind, other, request))
            case ["crm", "v3", "properties", kind, name]:
                return self._of(kind, lambda: self._property(kind, name))
            case ["calling", "v1", "dispositions"]:
                known = dict(DISPOSITIONS.values()) | self.dispositions
                return Answer([{"id": key, "label": label} for key, label in known.items()])
            case ["account-info", "v3", "details"]:
                return Answer({"portalId": 4242, "companyCurrency": self.currency})
        return error(404, "Not found", "OBJECT_NOT_FOUND")

    def _of(self, kind: str, then: Callable[[], Answer]) -> Answer:
        if kind not in self.natives.objects:
            return error(400, f"Unable to infer object type from: {kind}")
        if kind == "leads" and not self.has_leads:
            context = {"requiredGranularScopes": [_SCOPES[kind]]}
            told = "One or more of the following scopes are required."
            return error(403, told, "MISSING_SCOPES", context=context)
        return then()

    def _owners(self, request: Request) -> Answer:
        is_archived = request.param("archived") == "true"
        owners = [one for one in self.natives.owners() if one["archived"] is is_archived]
        return Answer(page(owners, request, min(int(request.param("limit", "100")), 100)))

    def _list(self, kind: str, request: Request) -> Answer:
        history = request.param("propertiesWithHistory")
        limit = int(request.param("limit", "10"))
        if limit > (_WITH_HISTORY_AT_ONCE if history else _LISTED_AT_ONCE):
            return error(400, "The limit is too high", "VALIDATION_ERROR")
        is_archived = request.param("archived") == "true"
        told = [one for one in self._all(kind) if one["archived"] is is_archived]
        body = page(told, request, min(limit, self.page_size))
        names, past = request.param("properties").split(","), history.split(",") if history else []
        body["results"] = [shown(one, names, past) for one in body["results"]]
        return Answer(body)

    def _search(self, kind: str, request: Request) -> Answer:
        if self._is_too_fast():
            policy = {"policyName": "SECONDLY", "errorType": "RATE_LIMIT"}
            return error(429, "You have reached your secondly limit.", "RATE_LIMITS", **policy)
        body, limit = request.body, int(request.body.get("limit", 10))
        start = int(body.get("after") or 0)
        if limit > _SEARCHED_AT_ONCE or start + limit > _SEARCHED or len(body["sorts"]) > 1:
            return error(400, "There was a problem with the request.", "VALIDATION_ERROR")
        groups = body["filterGroups"]
        found = [
            one
            for one in self._all(kind)
            if not one["archived"] and any(fits(one, group["filters"]) for group in groups)
        ]
        for sort in body["sorts"]:
            found.sort(key=lambda one: comparable(one, sort["propertyName"]))
        limit = min(limit, self.page_size)
        some = found[start : start + limit]
        told: Native = {
            "total": len(found),
            "results": [shown(one, body.get("properties") or (), ()) for one in some],
        }
        if start + limit < len(found):
            told["paging"] = {"next": {"after": str(start + limit)}}
        return Answer(told)

    def _batch(self, kind: str, request: Request) -> Answer:
        past = request.body.get("propertiesWithHistory") or ()
        keys = [one["id"] for one in request.body["inputs"]]
        if len(keys) > (_WITH_HISTORY_AT_ONCE if past else _LISTED_AT_ONCE):
            return error(400, "Too many inputs", "VALIDATION_ERROR")
        known = {one["id"]: one for one in self._all(kind) if not one["archived"]}
        names = request.body["properties"]
        results = [shown(known[key], names, past) for key in keys if key in known]
        missing = [key for key in keys if key not in known]
        return batch_answer(results, [not_found({"ids": missing})] if missing else [])

    def _associations(self, kind: str, other: str, request: Request) -> Answer:
        keys = [one["id"] for one in request.body["inputs"]]
        if len(keys) > _LINKED_AT_ONCE:
            return error(400, "Too many inputs", "VALIDATION_ERROR")
        results, errors = [], []
        for key in keys:
            first = self.natives.links.get((kind, key), {}).get(other, [])
            further = self.more_links.get((kind, key), {}).get(other, [])
            ends = [association(one, is_primary=kind not in OBJECTS.values()) for one in first]
            # Not in any order that would help.
            ends = [association(one, is_primary=False) for one in further] + ends
            if ends:
                results.append({"from": {"id": key}, "to": ends})
            else:
                told = {"fromObjectId": [key], "toObjectType": [_SINGULAR[other]]}
                errors.append(not_found(told, "crm.associations.NO_ASSOCIATIONS_FOUND"))
        return batch_answer(results, errors)

    def _property(self, kind: str, name: str) -> Answer:
        if name in self.own_properties.get(kind, ()):
            return Answer({"name": name, "label": name, "archived": False})
        return error(404, "Property does not exist", "OBJECT_NOT_FOUND")

    def _pipelines(self, kind: str) -> Answer:
        if kind == "leads":
            stages = list(dict.fromkeys(LEAD_STAGES.values()))
            told = [pipeline(LEAD_PIPELINE, "Lead pipeline", [(one, {}) for one in stages])]
        else:
            main = [(key, closing(chance)) for key, chance in PROBABILITIES.items()]
            told = [pipeline(self.natives.main_pipeline, "Sales Pipeline", main)]
            told += [own_pipeline(name) for name in self.natives.own_pipelines()]
        return Answer({"results": told})

    def _all(self, kind: str) -> list[Native]:
        """In the order of ids, with what the tests say besides."""
        found = {**self.natives.objects[kind], **self.archived.get(kind, {})}
        return [self._with_more(kind, one) for one in found.values()]

    def _with_more(self, kind: str, native: Native) -> Native:
        key = (kind, native["id"])
        if key not in self.more and key not in self.more_past:
            return native
        more, past = self.more.get(key, {}), self.more_past.get(key, {})
        return {
            **native,
            "properties": {**native["properties"], **more},
            "propertiesWithHistory": {**native["propertiesWithHistory"], **past},
        }

    def _is_too_fast(self) -> bool:
        if self.searches_per_second is None:
            return False
        now = time.monotonic()
        self._searches = [one for one in self._searches if now - one < 1]
        self._searches.append(now)
        return len(self._searches) > self.searches_per_second

    # What has to come of it.

    def expected(self) -> dict[str, list[Row]]:
        """Merged records are gone, and what named them names the record that is left."""
        natives = self.natives
        told: dict[str, list[Row]] = {
            "crm/reps": natives.rows("crm/reps"),
            "crm/accounts": natives.rows("crm/accounts"),
            "crm/contacts": [
                {**row, "emails": ";".join(natives.emails(row))}
                for row in natives.live("crm/contacts")
            ],
            "crm/leads": [self._pointed(expected_lead(row)) for row in natives.live("crm/leads")],
            "crm/deals": [
                self._pointed({**row, "stage": natives.deal_stage(row, row["stage"])})
                for row in natives.live("crm/deals")
            ],
            "crm/stage_changes": [
                row for one in natives.rows("crm/stage_changes") if (row := self._change(one))
            ],
            "crm/owner_changes": [
                dated(row) for row in natives.rows("crm/owner_changes") if self._is_live(row)
            ],
            "crm/activities": [
                self._pointed(expected_activity(row)) for row in natives.rows("crm/activities")
            ],
        }
        return {
            entity: [{name: row.get(name) for name in self.HOLDS[entity]} for row in rows]
            for entity, rows in told.items()
        }

    def _pointed(self, row: Row) -> Row:
        """With the records that are left in the place of those that were merged."""
        names = {"contact_id": "crm/contacts", "lead_id": "crm/leads", "deal_id": "crm/deals"}
        moved = {
            name: self.natives.survivor(entity, row[name])
            for name, entity in names.items()
            if row.get(name)
        }
        return {**row, **moved}

    def _is_live(self, row: Row) -> bool:
        entity = f"crm/{row['object_type']}s"
        found = self.rows[entity].get((row["object_id"] or "",))
        return found is not None and not found.get("merged_into_id")

    def _change(self, row: Row) -> Row | None:
        if not self._is_live(row):
            return None
        if row["object_type"] == "lead":
            return dated({**row, "stage": LEAD_STAGES[row["stage"] or ""]})
        deal = self.rows["crm/deals"][(row["object_id"] or "",)]
        return dated({**row, "stage": self.natives.deal_stage(deal, row["stage"])})


def build_account(rows: Rows) -> HubspotAccount:
    """An account that holds these rows."""
    return HubspotAccount(rows)
