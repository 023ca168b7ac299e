"""`touchline sandbox hubspot+twilio`: the demo company behind servers that answer like vendors."""

import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from orchestration.connectors.base import ConnectorError
from tests.sandbox import sandbox_names
from tests.sandbox.account import Account
from tests.sandbox.demo_company import build_accounts, demo_company, env_lines
from tests.sandbox.server import Sandbox, serving


@dataclass(frozen=True)
class Served:
    """A company behind its servers."""

    accounts: Mapping[str, Account]
    sandboxes: Mapping[str, Sandbox]

    @property
    def env(self) -> list[str]:
        """The lines of `.env` that read it: `TOUCHLINE_SOURCES=…` and each one's settings."""
        return env_lines(self.accounts, {name: box.url for name, box in self.sandboxes.items()})


@contextmanager
def serving_company(names: list[str], home: Path, *, leads: int = 200) -> Iterator[Served]:
    """The demo company of so many leads behind these vendors' servers.

    Raises ConnectorError.
    """
    known = sandbox_names()
    unknown = [name for name in names if name not in known]
    if unknown or not names:
        raise ConnectorError(
            f"no sandbox answers like {'+'.join(unknown) or 'nothing'}; there are {', '.join(known)}"
        )
    accounts = build_accounts(demo_company(home, leads=leads), names)
    with ExitStack() as servers:
        sandboxes = {
            name: servers.enter_context(serving(account)) for name, account in accounts.items()
        }
        yield Served(accounts, sandboxes)


def serve(
    spelled: str,
    *,
    leads: int,
    tell: Callable[[str], None],
    until: Callable[[], object] | None = None,
) -> None:
    """Serve `hubspot+twilio` until `until` returns, or Ctrl-C. Raises ConnectorError."""
    with (
        tempfile.TemporaryDirectory() as home,
        serving_company(spelled.split("+"), Path(home), leads=leads) as served,
    ):
        tell("\n".join(served.env))
        (until or threading.Event().wait)()
