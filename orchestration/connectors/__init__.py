"""Finds the connectors: every folder beside this file whose `__init__` defines `CONNECTOR`."""

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from orchestration.connectors.base import Connector, ConnectorError, Context
from orchestration.settings import PREFIX, Settings

_HERE = Path(__file__).parent


@cache
def discover() -> dict[str, Connector]:
    """Every connector there is, by its name, which is its folder's."""
    found: dict[str, Connector] = {}
    # Folders that begin with an underscore are no systems (the template of a new one).
    for folder in sorted(path.parent for path in _HERE.glob("[!_]*/__init__.py")):
        connector = getattr(import_module(f"{__name__}.{folder.name}"), "CONNECTOR", None)
        if connector is None:
            continue
        if connector.name != folder.name:
            raise ConnectorError(f"{folder}: the connector calls itself {connector.name!r}")
        found[connector.name] = connector
    return found


def named_connectors(settings: Settings) -> list[Connector]:
    """The connectors of TOUCHLINE_SOURCES, in its order."""
    known = discover()
    unknown = [name for name in settings.source_names if name not in known]
    if unknown or not settings.source_names:
        what = f"there is no connector {', '.join(unknown)}" if unknown else "no connector is named"
        raise ConnectorError(
            f"{what}: {PREFIX}SOURCES (or --source) takes one or more of {', '.join(known)}"
        )
    return [known[name] for name in settings.source_names]


def build_context(
    settings: Settings, name: str, state: Mapping[str, Any], *, full_refresh: bool = False
) -> Context:
    """What the connector is given for one night; complains about a setting that it lacks."""
    connector = discover()[name]
    given = settings.connector_settings(name)
    missing = [key for key in connector.required_settings if key not in given]
    if missing:
        variables = ", ".join(f"{PREFIX}{name}_{key}".upper() for key in missing)
        raise ConnectorError(f"{connector.title}: set {variables} (in the environment or in .env)")
    workdir = settings.home / "landing" / name
    workdir.mkdir(parents=True, exist_ok=True)
    return Context(
        settings=given,
        state={} if full_refresh else state,
        workdir=workdir,
        full_refresh=full_refresh,
    )
