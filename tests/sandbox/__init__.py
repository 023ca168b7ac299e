"""Servers that answer like the vendors, one module each, found by its file name.

A vendor's module `tests/sandbox/<connector>.py` defines
`build_account(rows: Mapping[str, Sequence[Row]]) -> Account`: an account that holds these canonical
rows; its class derives from `tests.sandbox.account.Account`, which says what it must know.
"""

from importlib import import_module
from pathlib import Path
from types import ModuleType

_SHARED = ("__init__", "account", "company", "demo_company", "night", "serve", "server")


def sandbox_names() -> list[str]:
    """The vendors that there is a server of; `hubspot_rows.py` is a part of `hubspot.py`."""
    found = [path.stem for path in Path(__file__).parent.glob("[!_]*.py")]
    parts = [name for name in found if any(name.startswith(f"{other}_") for other in found)]
    return sorted(name for name in found if name not in (*_SHARED, *parts))


def sandbox(name: str) -> ModuleType:
    """A vendor's module. Raises ModuleNotFoundError."""
    return import_module(f"{__name__}.{name}")
