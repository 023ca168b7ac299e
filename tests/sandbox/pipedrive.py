"""Pipedrive: v2's lists by cursor, v1's by position, deals' change logs, its errors.

Longer than most: an answer for each of sixteen lists.
"""

import base64
import re
from collections.abc import Iterable, Mapping
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any, ClassVar

from tests.sandbox import pipedrive_records as native
from tests.sandbox.account import Account, Row, Rows, moment
from tests.sandbox.server import Answer, Request

if TYPE_CHECKING:
    from datetime import datetime

_CLOSED = ("won", "lost")
_ERRORS = {
    401: "unauthorized access",
    402: "Payment required",
    403: "Scope and URL mismatch",
    404: "Not found",
}


class PipedriveAccount(Account):
    """A company that uses the leads inbox, logs its calls, and syncs its mail."""

    HOLDS: ClassVar[Mapping[str, frozenset[str]]] = {
        entity: frozenset(names.split())
        for entity, names in {
            "crm/reps": "rep_id full_name email phone team time_zone is_active",
            "crm/accounts": "account_id name industry country created_at updated_at is_deleted",
            "crm/contacts": "contact_id account_id full_name emails phones created_at updated_at "
            "is_deleted",
            "crm/leads": "lead_id contact_id account_id owner_rep_id lead_source is_inquiry "
            "inquiry_at inquiry_channel status created_at updated_at is_deleted",
            "crm/deals": "deal_id lead_id contact_id account_id owner_rep_id pipeline stage amount "
            "currency created_at updated_at closed_at is_deleted",
            "crm/stage_changes": "object_type object_id stage changed_at rep_id",
            "crm/owner_changes": "object_type object_id owner_rep_id changed_at",
            "crm/activities": "activity_id kind direction started_at ended_at duration_seconds "
            "outcome rep_id contact_id lead_id deal_id phone email thread_id is_automated "
            "updated_at is_deleted",
        }.items()
    }
    MAIN = "crm/deals"
    CHANGED: ClassVar[Mapping[str, str]] = {"amount": "4711"}
    LIST_AT = ("data",)
    NEXT_AT = ("additional_data", "next_cursor")

    def __init__(self, rows: Rows) -> None:
        super().__init__(rows)
        self.deleted: dict[tuple[str, ...], tuple[Row, datetime]] = {}
        """Deals that were deleted, and when."""
        self.archived: set[str] = set()
        """Ids of deals in the archive."""
        self.tells_converted = True
        """Whether a lead that became a deal can still be asked for by its id."""
        self.refused: dict[str, int] = {}
        """Paths that this company's plan or the user's rights do not offer: their status."""

    # What the contract test knows it by.

    def settings(self, url: str) -> dict[str, str]:
        return {
            "base_url": url,
            "api_token": self.secret,
            "lead_labels": "true",
            "deals_are_leads": "false",
            "inquiry_sources": "API=call,Workflow automation=email",
            "activity_types": native.ACTIVITY_TYPES,
            "own_numbers": native.OUR_NUMBER,
            "mail": "true",
        }

    def native_id(self, entity: str, canonical_id: str) -> str:
        if entity == "crm/leads":
            return native.lead_id(canonical_id) or ""
        return str(native.number(canonical_id))

    def is_page(self, request: Request) -> bool:
        return request.path == "/api/v2/deals" and request.param("status") != "deleted"

    def is_next_page(self, request: Request) -> bool:
        return self.is_page(request) and bool(request.param("cursor"))

    def next_link(self, request: Request) -> Any:
        return request.param("cursor")

    def remove(self, entity: str, *key: str) -> None:
        if entity == "crm/deals":
            self.deleted[key] = (self.rows[entity][key], self.now)
        super().remove(entity, *key)

    # What it answers.

    def answer(self, request: Request) -> Answer:
        if self.denied:
            return error(self.denied)
        if request.headers.get("x-api-token") != self.secret:
            return error(401)
        if request.path in self.refused:
            return error(self.refused[request.path])
        if request.path.startswith("/api/v2/"):
            return self._v2(request)
        return self._v1(request)

    def _v2(self, request: Request) -> Answer:
        name = request.path.removeprefix("/api/v2/")
        lists = {
            "deals": self._deals,
            "deals/archived": self._archived_deals,
            "persons": self._persons,
            "organizations": self._organizations,
            "activities": self._activities,
            "pipelines": self._pipelines,
            "stages": self._stages,
            "organizationFields": self._organization_fields,
            "dealFields": self._deal_fields,
        }
        if name not in lists:
            return error(404)
        found = lists[name](request)
        since = request.param("updated_since")
        if since:
            found = [one for one in found if one["update_time"] >= since[:19] + "Z"]
        order = request.param("sort_by", "id")
        found = sorted(found, key=lambda one: (one.get(order) or "", one.get("id") or 0))
        return self._by_cursor(found, request)

    def _by_cursor(self, found: list[dict[str, Any]], request: Request) -> Answer:
        start = int(base64.b64decode(request.param("cursor") or "MA==").decode())
        end = start + min(int(request.param("limit", "100")), self.page_size)
        cursor = base64.b64encode(str(end).encode()).decode() if end < len(found) else None
        body = {"data": found[start:end], "additional_data": {"next_cursor": cursor}}
        return Answer({"success": True, **body})

    def _v1(self, request: Request) -> Answer:
        name = request.path.removeprefix("/v1/")
        whole = {
            "users": lambda: list(map(native.user, self._rows("crm/reps"))),
            "legacyTeams": self._teams,
            "leadLabels": _labels,
        }
        if name in whole:
            return Answer({"success": True, "data": whole[name]()})
        if name in ("leads", "leads/archived"):
            return self._leads(request, is_archived=name != "leads")
        if name == "callLogs":
            logs = [native.call_log(row) for row in self._rows("crm/activities") if is_logged(row)]
            return self._by_position(logs, request, at_most=50)
        return self._of_one(name, request)

    def _of_one(self, name: str, request: Request) -> Answer:
        found = re.fullmatch(r"(leads|deals|persons)/([^/]+)(|/changelog|/mailMessages)", name)
        what, key, more = found.groups() if found else ("", "", "")
        if (what, more) == ("leads", ""):
            return self._one_lead(key)
        if (what, more) == ("deals", "/changelog"):
            return self._changelog(int(key), request)
        if (what, more) == ("persons", "/mailMessages"):
            mail = [native.message(row) for row in self._mail().get(int(key), [])]
            return self._by_position(mail, request)
        return error(404)

    def _leads(self, request: Request, *, is_archived: bool) -> Answer:
        leads = [one for one in self._inbox() if one["is_archived"] == is_archived]
        since = request.param("updated_since")[:19]
        leads = [one for one in leads if one["update_time"] >= since]
        if request.param("sort"):
            is_last_first = request.param("sort").endswith("DESC")
            leads.sort(key=lambda one: (one["update_time"], one["id"]), reverse=is_last_first)
        return self._by_position(leads, request)

    def _by_position(
        self, found: list[dict[str, Any]], request: Request, *, at_most: int = 500
    ) -> Answer:
        start = int(request.param("start", "0"))
        size = min(int(request.param("limit", "100")), self.page_size, at_most)
        has_more = start + size < len(found)
        paging: dict[str, Any] = {"start": start, "limit": size}
        paging["more_items_in_collection"] = has_more
        if has_more:
            paging["next_start"] = start + size
        # As it is answered, whatever the specification says: flat in some lists.
        body = {"data": found[start : start + size], "additional_data": {"pagination": paging}}
        return Answer({"success": True, **body})

    # Its lists.

    def _rows(self, entity: str) -> Iterable[Row]:
        return self.rows[entity].values()

    def _teams(self) -> list[dict[str, Any]]:
        names = sorted({str(row["team"]) for row in self._rows("crm/reps") if row.get("team")})
        return [
            {
                "id": n,
                "name": name,
                "description": "",
                "manager_id": 1,
                "users": [
                    native.number(row["rep_id"])
                    for row in self._rows("crm/reps")
                    if row.get("team") == name
                ],
                "active_flag": 1,
                "deleted_flag": 0,
                "add_time": "2024-01-01 00:00:00",
                "created_by_user_id": 1,
            }
            for n, name in enumerate(names, start=1)
        ]

    def _industries(self) -> list[str]:
        return sorted({str(r["industry"]) for r in self._rows("crm/accounts") if r.get("industry")})

    def _channels(self) -> list[str]:
        sources = (row.get("lead_source") for row in self._rows("crm/leads"))
        return sorted({source for source in sources if source})

    def _organization_fields(self, request: Request) -> list[dict[str, Any]]:
        return [native.field("industry", "Industry", self._industries())]

    def _deal_fields(self, request: Request) -> list[dict[str, Any]]:
        return [native.field("channel", "Source channel", self._channels())]

    def _organizations(self, request: Request) -> list[dict[str, Any]]:
        industries = self._industries()
        return [native.organization(row, industries) for row in self._rows("crm/accounts")]

    def _persons(self, request: Request) -> list[dict[str, Any]]:
        mail = self._mail()
        told = [
            native.person(row, len(mail.get(native.number(row["contact_id"]) or 0, ())))
            for row in self._rows("crm/contacts")
        ]
        if "email_messages_count" not in request.param("include_fields"):
            for one in told:
                del one["email_messages_count"]
        return told

    def _activities(self, request: Request) -> list[dict[str, Any]]:
        became = self.became()
        return [
            native.activity(row, became.get(row.get("lead_id") or ""))
            for row in self._rows("crm/activities")
            if self.mail_contact(row) is None
        ]

    def _pipelines(self, request: Request) -> list[dict[str, Any]]:
        return [
            {
                "id": n,
                "name": name,
                "order_nr": n,
                "is_deleted": False,
                "is_deal_probability_enabled": False,
                "add_time": "2024-01-01T00:00:00Z",
                "update_time": "2024-01-01T00:00:00Z",
            }
            for n, name in enumerate(self.pipeline_names(), start=1)
        ]

    def _stages(self, request: Request) -> list[dict[str, Any]]:
        return [
            {
                "id": n * 10 + position,
                "order_nr": position,
                "name": stage,
                "is_deleted": False,
                "deal_probability": 100,
                "pipeline_id": n,
                "is_deal_rot_enabled": False,
                "days_to_rotten": None,
                "add_time": "2024-01-01T00:00:00Z",
                "update_time": "2024-01-01T00:00:00Z",
            }
            for n, _ in enumerate(self.pipeline_names(), start=1)
            for position, stage in enumerate(native.STAGES)
        ]

    def pipeline_number(self, deal: Row) -> int:
        return self.pipeline_names().index(deal.get("pipeline") or native.PIPELINE) + 1

    def pipeline_names(self) -> list[str]:
        deals = [*self._rows("crm/deals"), *(row for row, _ in self.deleted.values())]
        return sorted({row.get("pipeline") or native.PIPELINE for row in deals})

    def _deals(self, request: Request) -> list[dict[str, Any]]:
        if request.param("status") == "deleted":
            return [
                {
                    **self._deal(row, request),
                    "status": "deleted",
                    "is_deleted": True,
                    "update_time": native.v2_time(when.isoformat()),
                }
                for row, when in self.deleted.values()
            ]
        rows = (row for row in self._rows("crm/deals") if row["deal_id"] not in self.archived)
        return [self._deal(row, request) for row in rows]

    def _archived_deals(self, request: Request) -> list[dict[str, Any]]:
        rows = (row for row in self._rows("crm/deals") if row["deal_id"] in self.archived)
        return [{**self._deal(row, request), "is_archived": True} for row in rows]

    def _deal(self, row: Row, request: Request) -> dict[str, Any]:
        status = row["stage"] if row["stage"] in _CLOSED else "open"
        closed = self.closed_at(row)
        pipeline = self.pipeline_number(row)
        told: dict[str, Any] = {
            "id": native.number(row["deal_id"]),
            "title": "Somebody's deal",
            "creator_user_id": native.number(self.opener(row)),
            "owner_id": native.number(row.get("owner_rep_id")),
            "person_id": native.number(row.get("contact_id")),
            "org_id": native.number(row.get("account_id")),
            "pipeline_id": pipeline,
            "stage_id": self.stage_ids(row)[-1],
            "value": float(row["amount"] or 0) if row.get("amount") else None,
            "currency": row.get("currency"),
            "add_time": native.v2_time(row["created_at"]),
            "update_time": native.v2_time(row.get("updated_at") or row["created_at"]),
            "stage_change_time": self._moved_at(row),
            "is_deleted": False,
            "is_archived": False,
            "status": status,
            "probability": None,
            "lost_reason": None,
            "visible_to": 3,
            "close_time": native.v2_time(closed),
            "won_time": native.v2_time(closed) if status == "won" else None,
            "lost_time": native.v2_time(closed) if status == "lost" else None,
            "expected_close_date": None,
            "label_ids": [],
            "origin": "ManuallyCreated",
            "origin_id": None,
            "channel": None,
            "channel_id": None,
            "acv": None,
            "arr": None,
            "mrr": None,
            "custom_fields": {},
        }
        if "source_lead_id" in request.param("include_fields"):
            told["source_lead_id"] = native.lead_id(row.get("lead_id"))
        return told

    def _inbox(self) -> list[dict[str, Any]]:
        became, channels = self.became(), self._channels()
        rows = (row for row in self._rows("crm/leads") if row["lead_id"] not in became)
        return [native.lead(row, channels) for row in rows]

    def _one_lead(self, key: str) -> Answer:
        for row in self._rows("crm/leads"):
            if native.lead_id(row["lead_id"]) == key and (
                self.tells_converted or row["lead_id"] not in self.became()
            ):
                told = native.lead(row, self._channels())
                return Answer({"success": True, "data": told})
        return error(404)

    def _changelog(self, key: int, request: Request) -> Answer:
        rows = [row for row in self._rows("crm/deals") if native.number(row["deal_id"]) == key]
        if not rows:
            return error(404)
        return self._by_cursor(list(reversed(self._log(rows[0]))), request)

    def stage_ids(self, deal: Row) -> list[int]:
        """The stages that a deal was open in, one after the other."""
        pipeline = self.pipeline_number(deal)
        names = [row["stage"] for row in self._stage_changes(deal) if row["stage"] not in _CLOSED]
        if deal["stage"] not in _CLOSED and deal["stage"] not in names[-1:]:
            names.append(deal["stage"])
        return [native.stage_number(pipeline, name) for name in names or [None]]

    def _moved_at(self, deal: Row) -> str | None:
        moves = [one["time"] for one in self._log(deal) if one["field_key"] == "stage_id"]
        return moves[-1].replace(" ", "T") + "Z" if moves else None

    def _log(self, deal: Row) -> list[dict[str, Any]]:
        """The changes, the earliest first."""
        pipeline = self.pipeline_number(deal)
        told: list[tuple[datetime, dict[str, Any]]] = []
        status, stage = "open", None
        for row in self._stage_changes(deal):
            when, name = moment(row["changed_at"]), row["stage"]
            assert when is not None
            rep = row.get("rep_id")
            entered = name if name in _CLOSED else "open"
            number = native.stage_number(pipeline, name)
            if entered == "open" and stage is not None and number != stage:
                told.append((when, native.change("stage_id", stage, number, when, rep)))
            if entered == "open":
                stage = number
            if entered != status:
                told.append((when, native.change("status", status, entered, when, rep)))
                status = entered
        owners = self._owners(deal)
        for before, row in pairwise(owners):
            when = moment(row["changed_at"])
            assert when is not None
            old, new = (native.number(one["owner_rep_id"]) for one in (before, row))
            told.append((when, native.change("user_id", old, new, when, None)))
        return [change for _, change in sorted(told, key=lambda pair: pair[0])]

    # What the company is.

    def became(self) -> dict[str, str]:
        """The first deal of each lead that has one."""
        found: dict[str, str] = {}
        for row in sorted(self._rows("crm/deals"), key=lambda row: row["created_at"] or ""):
            if row.get("lead_id"):
                found.setdefault(str(row["lead_id"]), str(row["deal_id"]))
        return found

    def _of(self, entity: str, deal: Row) -> list[Row]:
        rows = (
            row
            for row in self._rows(entity)
            if row["object_type"] == "deal" and row["object_id"] == deal["deal_id"]
        )
        return sorted(rows, key=lambda row: (row["changed_at"] or "", row.get("stage") in _CLOSED))

    def _stage_changes(self, deal: Row) -> list[Row]:
        """A deal without a history was opened, and closed if it is."""
        known = self._of("crm/stage_changes", deal)
        if known or deal["stage"] not in _CLOSED:
            return known
        return [{"stage": deal["stage"], "changed_at": self.closed_at(deal), "rep_id": None}]

    def _owners(self, deal: Row) -> list[Row]:
        known = self._of("crm/owner_changes", deal)
        return known or [{"owner_rep_id": deal.get("owner_rep_id"), "changed_at": None}]

    def opener(self, deal: Row) -> str | None:
        known = self._of("crm/stage_changes", deal)
        return known[0].get("rep_id") if known else None

    def closed_at(self, deal: Row) -> str | None:
        if deal["stage"] not in _CLOSED:
            return None
        known = [
            row["changed_at"]
            for row in self._of("crm/stage_changes", deal)
            if row["stage"] == deal["stage"]
        ]
        return known[-1] if known else deal.get("closed_at") or deal.get("updated_at")

    def is_told(self, entity: str, row: Row) -> bool:
        """Mail of a person whose record did not change lately is not asked for every night."""
        person = self.mail_contact(row) if entity == "crm/activities" else None
        changed = person and moment(self.rows["crm/contacts"][(person,)].get("updated_at"))
        sent = moment(row.get("started_at"))
        return not (person and sent) or bool(changed and changed >= sent - timedelta(days=1))

    def mail_contact(self, row: Row) -> str | None:
        """The person whom a mail hangs on.

        Mail that nobody sent by hand, or of nobody known, is an activity.
        """
        if row["kind"] != "email" or row.get("is_automated") == "true":
            return None
        if row.get("contact_id"):
            return row["contact_id"]
        address = (row.get("email") or "").lower()
        for one in self._rows("crm/contacts"):
            if address and address in (one.get("emails") or "").lower().split(";"):
                return one["contact_id"]
        return None

    def _mail(self) -> dict[int, list[Row]]:
        found: dict[int, list[Row]] = {}
        for row in self._rows("crm/activities"):
            contact = self.mail_contact(row)
            if contact:
                told = {**row, "contact_id": contact}
                found.setdefault(native.number(contact) or 0, []).append(told)
        return found

    def expected(self) -> dict[str, list[Row]]:
        from tests.sandbox.pipedrive_expected import expected_of

        return expected_of(self)


def build_account(rows: Rows) -> PipedriveAccount:
    """A company of these rows."""
    return PipedriveAccount(rows)


def error(status: int) -> Answer:
    body = {
        "success": False,
        "error": _ERRORS.get(status, "Internal error"),
        "errorCode": status,
        "error_info": "Please check developers.pipedrive.com",
    }
    return Answer(body, status)


def is_logged(row: Row) -> bool:
    """A log says how a call ended, or is none."""
    return row["kind"] == "call" and bool(row.get("outcome"))


def _labels() -> list[dict[str, Any]]:
    return [
        {
            "id": native.lead_id(name),
            "name": name,
            "color": "blue",
            "add_time": "2024-01-01T00:00:00.000Z",
            "update_time": "2024-01-01T00:00:00.000Z",
        }
        for name in native.LABELS
    ]
