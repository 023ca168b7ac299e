"""What a connector is: it says what there is, and hands over canonical rows (LANDING.md) as files.

A connector is a folder beside this file whose `__init__` defines `CONNECTOR`; nothing else names
it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


class ConnectorError(Exception):
    """The source can't be read; the message says what, where, and what to do about it."""


class UnansweredError(ConnectorError, OSError):
    """The system did not answer, or not whole.

    The night asks again a little later, as it does after any OSError.
    """


@dataclass(frozen=True)
class Setting:
    """A setting of a connector: `TOUCHLINE_<NAME>_<KEY>`."""

    key: str
    """In small letters: `auth_token`."""
    what: str
    """What it says, in a line."""
    required: bool = False
    secret: bool = False
    """Its value stands in no log, error or table."""


@dataclass(frozen=True)
class Context:
    """What a connector is given for one night."""

    settings: Mapping[str, str]
    """Its own settings: `TOUCHLINE_<NAME>_LEADS=10` arrives as `{"leads": "10"}`."""
    state: Mapping[str, Any]
    """The `state` of its last delivery that was landed; empty on the first night."""
    workdir: Path
    """A folder of its own under TOUCHLINE_HOME, kept from night to night."""
    full_refresh: bool = False
    """Deliver everything again, as if there were no state."""


@dataclass(frozen=True)
class Delivery:
    """What a connector hands over: per entity (`crm/leads`), files in the order of their rows."""

    files: Mapping[str, Sequence[Path]]
    state: Mapping[str, Any] = field(default_factory=dict)
    root: Path = Path("/")
    """What the files' names are told relative to, in quarantine and in the order of rows."""
    time_zone: str = "UTC"
    """The zone in which times without one are read."""
    encoding: str = "utf-8"


@dataclass(frozen=True)
class Connector:
    """A system that touchline reads."""

    name: str
    title: str
    extract: Callable[[Context], Delivery]
    required_settings: tuple[str, ...] = ()
    settings: tuple[Setting, ...] = ()
    """All that it can be told, the required ones among them; empty where its README says it."""
