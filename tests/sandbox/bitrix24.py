"""Bitrix24: a portal behind an inbound webhook, with its lists, batches, filters and errors."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar
from urllib.parse import parse_qsl

from tests.sandbox import bitrix24_rows as native
from tests.sandbox.account import Rows, moment
from tests.sandbox.bitrix24_portal import Portal
from tests.sandbox.bitrix24_rows import Native
from tests.sandbox.server import Answer, FaultKind, Request

_REFERENCE = re.compile(r"\$result\[(\w+)\]((?:\[\w+\])+)")


class Bitrix24Account(Portal):
    """What a portal answers, to a webhook that may do what `scopes` say."""

    MAIN = "crm/deals"
    CHANGED: ClassVar[Mapping[str, str]] = {"amount": "4711"}
    LIST_AT = ("result",)
    # Pages follow by id: no answer says where the next one is.
    NEXT_AT = None

    def __init__(self, rows: Rows) -> None:
        super().__init__(rows)
        self._listed: dict[tuple[str, str], list[Native] | None] = {}
        """What one request has listed already: the commands of a batch ask for the same."""
        self.scopes = {"crm", "user", "department", "telephony"}
        """What the webhook may; without one of them its methods are refused."""
        self.extra: dict[str, list[Native]] = {}
        """More records of a method, as they are: `{"crm.status.list": [{…}]}`."""

    def settings(self, url: str) -> dict[str, str]:
        sources = self.sources().names
        channels = {f"UC_S{place}": name.split("|")[1] for place, name in enumerate(sources)}
        told = ";".join(f"{source}={channel}" for source, channel in channels.items() if channel)
        return {"webhook": f"{url}/rest/1/{self.secret}/", "inquiry_sources": told}

    # What it answers.

    def is_page(self, request: Request) -> bool:
        return self._method(request) == "crm.deal.list" or self.is_next_page(request)

    def is_next_page(self, request: Request) -> bool:
        body: Any = request.body or {}
        commands = body.get("cmd") if self._method(request) == "batch" else None
        return commands is not None and str(commands["p0"]).startswith("crm.deal.list")

    def go_wrong(self, kind: FaultKind, answer: Answer, request: Request) -> Answer:
        if not self.is_next_page(request):
            return super().go_wrong(kind, answer, request)
        # In a batch, the list of its first command.
        body: Any = answer.body
        inner = body["result"]["result"]
        told: Any = super().go_wrong(kind, Answer({"result": inner["p0"]}), request).body
        whole = body["result"]
        return Answer({"result": {**whole, "result": {**inner, "p0": told["result"]}}})

    def answer(self, request: Request) -> Answer:
        if self.denied == 403 or (self.denied is None and not self.scopes):
            return _error(403, "ACCESS_DENIED", "Access denied!")
        if self.denied or not request.path.startswith(f"/rest/1/{self.secret}/"):
            return _error(401, "INVALID_CREDENTIALS", "Invalid request credentials")
        self._listed = {}
        method = self._method(request)
        body = request.body or {}
        if method != "batch":
            return self._call(method, body)
        results: Native = {}
        errors: Native = {}
        totals: Native = {}
        for name, command in list(body["cmd"].items())[:50]:
            told, _, query = command.partition("?")
            one = self._call(told, _php(query, results))
            if one.status != 200:
                errors[name] = one.body
                if body.get("halt"):
                    break
                continue
            results[name] = one.body["result"]
            totals |= {name: one.body["total"]} if "total" in one.body else {}
        # An empty array of PHP is a list.
        result: Native = {
            "result": results or [],
            "result_error": errors or [],
            "result_total": totals or [],
            "result_next": [],
            "result_time": [],
        }
        return Answer({"result": result, "time": {}})

    def _call(self, method: str, body: Mapping[str, Any]) -> Answer:
        kinds = {"user": "user", "department": "department", "voximplant": "telephony"}
        if kinds.get(method.split(".", maxsplit=1)[0], "crm") not in self.scopes:
            return _error(401, "insufficient_scope", "")
        told = self._records(method, body)
        if told is None:
            return _error(404, "ERROR_METHOD_NOT_FOUND", "Method not found!")
        records = [*told, *self.extra.get(method, ())]
        given = body.get("filter") or body.get("FILTER") or {}
        records = [one for one in records if all(_fits(one, *pair) for pair in given.items())]
        records.sort(key=lambda one: int(one.get("ID") or one.get("id") or 0))
        if method == "crm.category.list":
            return Answer({"result": {"categories": records}, "total": len(records), "time": {}})
        if method == "crm.status.list":
            return Answer({"result": records, "total": len(records), "time": {}})
        start = int(body.get("start") or 0)
        page = records[max(start, 0) :][: self.page_size]
        if "select" in body:
            page = [native.selected(one, body["select"]) for one in page]
        following = max(start, 0) + len(page)
        counts: Native = {} if start < 0 else {"total": len(records)}
        if start >= 0 and following < len(records):
            counts["next"] = following
        listed = {"items": page} if method == "crm.stagehistory.list" else page
        return Answer({"result": listed, **counts, "time": {}})

    def _method(self, request: Request) -> str:
        return request.path.rpartition("/")[2].removesuffix(".json")

    def _records(self, method: str, body: Mapping[str, Any]) -> list[Native] | None:
        """What a method lists; None where there is no such method."""
        kind = "lead" if str(body.get("entityTypeId")) == "1" else "deal"
        if (method, kind) not in self._listed:
            lister = self._listers(kind).get(method)
            self._listed[method, kind] = lister() if lister else None
        return self._listed[method, kind]

    def _listers(self, kind: str) -> dict[str, Callable[[], list[Native]]]:
        held = self.held()
        departments, pipelines = self.departments(), self.pipelines()
        industries, sources, users = self.industries(), self.sources(), self.users()
        return {
            "user.get": lambda: [native.user(row, departments) for row in held["crm/reps"]],
            "department.get": lambda: [
                {"ID": str(place), "NAME": name} for place, name in enumerate(departments.names, 1)
            ],
            "crm.status.list": self._statuses,
            "crm.category.list": lambda: [
                {"id": place, "name": name}
                for place, name in enumerate(pipelines.names or ["General"])
            ],
            "crm.company.list": lambda: [
                native.company(row, industries) for row in held["crm/accounts"]
            ],
            "crm.contact.list": lambda: [native.contact(row) for row in held["crm/contacts"]],
            "crm.lead.list": lambda: [native.lead(row, sources) for row in held["crm/leads"]],
            "crm.deal.list": lambda: [native.deal(row, pipelines) for row in held["crm/deals"]],
            "crm.activity.list": lambda: [native.activity(row) for row in held["crm/activities"]],
            "crm.stagehistory.list": lambda: [
                native.stage_entry(row, self.place("stage", row), self.pipeline_of(row))
                for row in held["crm/stage_changes"]
                if row["object_type"] == kind
            ],
            "voximplant.statistic.get": lambda: [
                native.call(row, self.place("call", row), users) for row in held["telephony/calls"]
            ],
        }

    def _statuses(self) -> list[Native]:
        """The CRM's directories: stages of leads and of each pipeline, sources, industries."""
        pipelines = range(max(len(self.pipelines().names), 1))
        told = [("STATUS", stage, stage.title()) for stage in native.LEAD_STAGES.values()]
        told += [
            (f"DEAL_STAGE_{place}" if place else "DEAL_STAGE", native.deal_stage(stage, place), "")
            for place in pipelines
            for stage in native.DEAL_STAGES
        ]
        told += [
            ("SOURCE", f"UC_S{place}", name.split("|")[0])
            for place, name in enumerate(self.sources().names)
        ]
        told += [
            ("INDUSTRY", f"UC_I{place}", name) for place, name in enumerate(self.industries().names)
        ]
        words = {"P": "process", "S": "success", "F": "failure"}
        return [
            {
                "ID": str(place),
                "ENTITY_ID": directory,
                "STATUS_ID": status,
                "NAME": name,
                "SEMANTICS": {"P": None}.get(native.semantics(status), native.semantics(status)),
                "EXTRA": {"SEMANTICS": words[native.semantics(status)]},
            }
            for place, (directory, status, name) in enumerate(told, 1)
        ]


def build_account(rows: Rows) -> Bitrix24Account:
    """A portal that holds this company."""
    return Bitrix24Account(rows)


def _php(query: str, results: Mapping[str, Any]) -> Native:
    """`filter[>ID]=5&select[0]=*` as PHP reads it; `$result[p0][49][ID]` from what was answered."""
    told: Native = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        steps = [name.split("[")[0], *re.findall(r"\[([^]]*)\]", name)]
        found = _REFERENCE.sub(lambda match: _looked_up(match, results), value)
        _put(told, steps, found)
    select = told.get("select")
    return {**told, "select": list(select.values())} if isinstance(select, dict) else told


def _looked_up(match: re.Match[str], results: Mapping[str, Any]) -> str:
    found: Any = results.get(match[1])
    for step in re.findall(r"\[(\w+)\]", match[2]):
        try:
            found = found[int(step)] if isinstance(found, list) else found[step]
        except (LookupError, TypeError):
            return ""
    return str(found)


def _put(told: Native, steps: Sequence[str], value: str) -> None:
    for step in steps[:-1]:
        told = told.setdefault(step, {})
    told[steps[-1]] = value


def _fits(record: Mapping[str, Any], condition: str, value: Any) -> bool:
    name = condition.lstrip("<>=")
    sign = condition[: len(condition) - len(name)]
    if sign in ("", "="):
        return str(record.get(name)) == str(value)
    if value == "":
        return True
    if name == "ID":
        found, wanted = int(record["ID"]), int(value)
        return found > wanted if sign == ">" else found >= wanted
    since = moment(value)
    assert since is not None
    return native.stamp(record, name) >= since


def _error(status: int, code: str, said: str) -> Answer:
    return Answer({"error": code, "error_description": said}, status)
