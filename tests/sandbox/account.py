"""What every vendor's made-up account shares: canonical rows that change between nights.

An account holds canonical rows and answers with native records made from them (the mapping the
other way round), so that a whole company can be served, and a test can speak in canonical rows.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar

from orchestration.landing.contract import load_contract
from tests.sandbox.server import Answer, Fault, FaultKind, Request

Row = Mapping[str, str | None]
Rows = Mapping[str, Sequence[Row]]


class Account:
    """A vendor's account; a subclass sets the class variables, `answer`, `settings`, `expected`."""

    HOLDS: ClassVar[Mapping[str, frozenset[str]]]
    """The columns of each entity that the system can hold and its connector tells."""
    MAIN: ClassVar[str]
    """The entity whose list the contract test pages through and changes."""
    CHANGED: ClassVar[Mapping[str, str]]
    """What another night may change of a row of MAIN: `{"amount": "4711"}`."""
    OVER_HTTP: ClassVar[bool] = True
    """False where the connector reads files or a database; `settings` then writes them."""
    NOTICES_DELETION: ClassVar[bool] = True
    """Of MAIN: whether the connector can tell that one was deleted."""
    LIST_AT: ClassVar[tuple[str, ...]] = ()
    """Where MAIN's list stands in an answer: `("results",)`."""
    NEXT_AT: ClassVar[tuple[str, ...] | None] = None
    """Where the next link or cursor stands; None where the client counts by itself."""

    def __init__(self, rows: Rows) -> None:
        self.rows: dict[str, dict[tuple[str, ...], Row]] = {name: {} for name in self.HOLDS}
        for entity, some in rows.items():
            for row in some:
                if entity in self.HOLDS:
                    self.put(entity, row)
        self.page_size = 50
        self.secret = "SECRET-MARKER-0123456789abcdef"
        """What the account takes for a token; the tests look for it where it must not be."""
        self.denied: int | None = None
        """The status that every request gets, as with a token that has expired (401, 403)."""
        self.now = datetime.now(UTC)
        """The vendor's clock."""

    # What a night changes.

    def put(self, entity: str, row: Row) -> None:
        """Add a row, or change the one of its key."""
        self.rows[entity][row_key(entity, row)] = row

    def remove(self, entity: str, *key: str) -> None:
        """Delete (archive) a row; the system tells it as it does, or not at all."""
        del self.rows[entity][key]

    # What a vendor's module says.

    def answer(self, request: Request) -> Answer:
        """What the vendor answers, `denied`, wrong tokens and unknown paths among it."""
        raise NotImplementedError

    def settings(self, url: str) -> dict[str, str]:
        """The connector's settings for this account served at `url`, the secret among them."""
        raise NotImplementedError

    def expected(self) -> dict[str, list[Row]]:
        """The rows that the connector has to deliver of what is held.

        HOLDS of each, unless the system spells them otherwise (ids, stages).
        """
        return {
            entity: [
                {name: value for name, value in row.items() if name in self.HOLDS[entity]}
                for row in rows.values()
            ]
            for entity, rows in self.rows.items()
        }

    def is_told(self, entity: str, row: Row) -> bool:
        """Whether a night is told of this row once it is put; README: What it can't tell."""
        del entity, row
        return True

    def native_id(self, entity: str, canonical_id: str) -> str:
        """What the system calls a thing, where ids have a form of their own."""
        del entity
        return canonical_id

    def is_page(self, request: Request) -> bool:
        """Whether MAIN's list is asked for."""
        raise NotImplementedError

    def is_next_page(self, request: Request) -> bool:
        """Whether a page after the first is asked for."""
        raise NotImplementedError

    def next_link(self, request: Request) -> Any:
        """What stands at NEXT_AT where a page is followed by itself."""
        raise NotImplementedError

    # What goes wrong on purpose.

    def go_wrong(self, kind: FaultKind, answer: Answer, request: Request) -> Answer:
        body = _copied(answer.body)
        if kind == "empty_page":
            _set(body, self.LIST_AT, [])
        elif kind == "null_page":
            _set(body, self.LIST_AT, None)
        elif kind == "repeat":
            _set(body, self.LIST_AT, [*_get(body, self.LIST_AT), *_get(body, self.LIST_AT)])
        elif kind == "self_link" and self.NEXT_AT is not None:
            _set(body, self.NEXT_AT, self.next_link(request))
        return Answer(body, answer.status, answer.headers)

    def page_fault(self, kind: FaultKind, *, times: int = 1, skip: int = 0, **more: Any) -> Fault:
        """A fault of MAIN's list."""
        return Fault(kind, times=times, skip=skip, where=self.is_page, **more)


def row_key(entity: str, row: Row) -> tuple[str, ...]:
    """The contract's key of a row."""
    return tuple(row[name] or "" for name in load_contract()[entity].key)


def moment(value: str | None) -> datetime | None:
    """A canonical time; without a zone, UTC."""
    if not value:
        return None
    found = datetime.fromisoformat(value)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _copied(body: Any) -> Any:
    if isinstance(body, dict):
        return {name: _copied(value) for name, value in body.items()}
    return list(body) if isinstance(body, list) else body


def _get(body: Any, path: Sequence[str]) -> Any:
    for step in path:
        body = body[step]
    return body


def _set(body: Any, path: Sequence[str], value: Any) -> None:
    _get(body, path[:-1])[path[-1]] = value
