"""amoCRM: an account's API v4, with its pages, filters and errors."""

from collections.abc import Callable
from typing import Any, ClassVar
from urllib.parse import urlencode

from tests.sandbox import amocrm_rows as native
from tests.sandbox import amocrm_sales as sales
from tests.sandbox.account import Row, Rows
from tests.sandbox.amocrm_book import Book
from tests.sandbox.amocrm_rows import Native
from tests.sandbox.server import Answer, FaultKind, Request

_API = "/api/v4/"
_MOST = {"events": 100}


class AmocrmAccount(Book):
    """What an account answers."""

    MAIN = "crm/contacts"
    CHANGED: ClassVar[dict[str, str]] = {"full_name": "Another Name"}
    LIST_AT = ("_embedded", "contacts")
    NEXT_AT = ("_links", "next", "href")

    def __init__(self, rows: Rows) -> None:
        super().__init__(rows)
        self.unsorted: list[Native] = []
        """Incoming leads that nobody has accepted."""
        self.extra: dict[str, list[Native]] = {}
        """More records of a path, as they are: `{"leads": [{…}]}`."""

    def settings(self, url: str) -> dict[str, str]:
        def named(stage: str) -> str:
            places = range(len(self.pipelines()))
            return ";".join(str(native.status_id(stage, place)) for place in places)

        return {
            "base_url": url,
            "token": self.secret,
            "deal_from": named("qualification"),
            "prospect_from": named("qualified"),
            "excluded_loss_reasons": ";".join(native.REASONS),
        }

    def is_page(self, request: Request) -> bool:
        return request.path == f"{_API}contacts"

    def is_next_page(self, request: Request) -> bool:
        return self.is_page(request) and request.param("page", "1") != "1"

    def next_link(self, request: Request) -> Any:
        return f"{request.base_url}{request.path}?{urlencode(request.query)}"

    def go_wrong(self, kind: FaultKind, answer: Answer, request: Request) -> Answer:
        return answer if answer.status == 204 else super().go_wrong(kind, answer, request)

    def answer(self, request: Request) -> Answer:
        if self.denied or request.headers.get("authorization") != f"Bearer {self.secret}":
            return _error(self.denied or 401)
        path = request.path.removeprefix(_API)
        if path == "account":
            return Answer({"id": 1, "name": "Acme", "subdomain": "acme", "currency": self.CURRENCY})
        lister = self._lists().get(path)
        if lister is None:
            return _error(404)
        name = path.rpartition("/")[2]
        records = [*lister(), *self.extra.get(path, ())]
        records = [one for one in records if _fits(one, request)]
        if request.param("order[id]") == "asc":
            records.sort(key=lambda one: int(one["id"]))
        size = min(int(request.param("limit", "50")), self.page_size, _MOST.get(name, 250))
        page = int(request.param("page", "1"))
        some = records[(page - 1) * size : page * size]
        if not some:
            return Answer(None, 204)
        rest = [pair for pair in request.query if pair[0] != "page"]

        def link(number: int) -> Native:
            query = urlencode([*rest, ("page", str(number))])
            return {"href": f"{request.base_url}{request.path}?{query}"}

        links = {"self": link(page)}
        if page * size < len(records):
            links["next"] = link(page + 1)
        return Answer({"_page": page, "_links": links, "_embedded": {name: some}})

    def _lists(self) -> dict[str, Callable[[], list[Native]]]:
        return {
            "users": lambda: [
                native.user(row, self.groups()) for row in self.rows["crm/reps"].values()
            ],
            "companies": lambda: [native.company(row) for row in self.there("crm/accounts")],
            "contacts": lambda: [native.contact(row) for row in self.there("crm/contacts")],
            "leads": lambda: [sales.lead(sale) for sale in self.sales()],
            "leads/unsorted": lambda: self.unsorted,
            "leads/pipelines": lambda: [
                native.pipeline(name, place) for place, name in enumerate(self.pipelines())
            ],
            "leads/loss_reasons": lambda: [
                {"id": place, "name": name} for place, name in enumerate(native.REASONS, 1)
            ],
            "leads/notes": lambda: self._notes("lead"),
            "contacts/notes": lambda: self._notes("contact"),
            "companies/notes": list,
            "events": self._events,
        }

    def _notes(self, entity: str) -> list[Native]:
        return [native.note(row, self._entity(row)[1]) for row in self.notes(entity)]

    def _events(self) -> list[Native]:
        """The latest first, as the API lists them."""
        told = [event for sale in self.sales() for event in sales.events(sale)]
        told += [native.message(row, *self._entity(row)) for row in self.chats()]
        return sorted(told, key=lambda event: (event["created_at"], event["id"]), reverse=True)

    def _entity(self, row: Row) -> tuple[str, int]:
        found = self.entity_of(row)
        assert found is not None
        return found


def build_account(rows: Rows) -> AmocrmAccount:
    """An account that holds this company."""
    return AmocrmAccount(rows)


def _fits(record: Native, request: Request) -> bool:
    asked: dict[str, set[str]] = {}
    for name, value in request.query:
        if name.startswith("filter["):
            asked.setdefault(name, set()).add(value)
    for name, values in asked.items():
        field = name.removeprefix("filter[").split("]")[0]
        if name.endswith("[from]"):
            if (record.get(field) or 0) < int(min(values)):
                return False
        elif str(record.get("entity_type" if field == "entity" else field)) not in values:
            return False
    return True


def _error(status: int) -> Answer:
    titles = {401: "Unauthorized", 402: "Payment Required", 403: "Forbidden", 404: "Not Found"}
    told = {"title": titles.get(status, "Error"), "status": status, "detail": "made up"}
    return Answer({**told, "type": f"https://httpstatus.es/{status}"}, status)
