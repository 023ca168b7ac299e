"""What a connector reads: streams of native records, and how each is kept up with."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, Protocol, TypeVar

from orchestration.connectors.base import ConnectorError
from orchestration.connectors.pages import Page
from orchestration.connectors.values import Record, Row, Rows, Settings, text


class Api(Protocol):
    """Whatever a client asks through: an HttpClient, a database, a file."""

    def close(self) -> None: ...


ApiT = TypeVar("ApiT", bound=Api)


class NotOfferedError(ConnectorError):
    """An account has no such thing; an optional stream is left out."""


@dataclass(frozen=True)
class Window:
    """What to ask for."""

    since: datetime | None
    """Everything that changed at or after this moment (UTC, look-back included); None: all."""
    until: datetime
    """When the asking began."""


def by_id(record: Record) -> str:
    """The key of most records."""
    return text(record.get("id")) or ""


@dataclass(frozen=True)
class Stream(Generic[ApiT]):
    """A named list of native records of one kind."""

    name: str
    """Also its folder's: a-z, 0-9, _."""
    entities: tuple[str, ...]
    """The canonical entities that its records become; a record that can't be mapped is told as a
    bad line of the first."""
    read: Callable[[ApiT, Window], Iterable[Page]]
    """Pages of what the window asks for, or more; by `read_pages`, which checks them."""
    to_rows: Callable[[Record, Settings], Rows]
    """Pure; the settings come without secrets.

    The framework sets `is_deleted` (of a rep, `is_active`) where a record is gone.
    """
    key: Callable[[Record], str] = by_id
    changed_at: Callable[[Record], datetime | None] | None = None
    """What the cursor is of: the record's last change, or its moment where it never changes.
    Without it the stream is read whole each night, and what is not in it any more is gone."""
    look_back: timedelta = timedelta(days=7)
    """How far before the cursor to ask again: for what comes late or changes without its time."""
    full_every: timedelta | None = timedelta(days=30)
    """How often everything is asked for again, for what came later than the look-back."""
    census: Callable[[ApiT], Iterable[Page]] | None = None
    """Pages of records with all keys that `read` can bring (archived ones too): what is known and
    not in it is gone."""
    census_every: timedelta = timedelta(0)
    links: Callable[[ApiT, Sequence[str]], Mapping[str, Any]] | None = None
    """The associations of these keys, asked for all records each night, as they change without
    them; each record holds its own in `_links`."""
    links_at_once: int = 1000
    optional: bool = False
    """`read` may raise NotOfferedError."""
    to_stages: Callable[[Record], Iterable[Row]] | None = None
    """What the system says of a company's own stages: object_type, native_stage, funnel_step,
    is_excluded, as in `stages.csv`, which goes before. Of what is gone too: history names it."""
