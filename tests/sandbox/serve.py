"""`touchline sandbox hubspot+twilio`: the demo company behind servers that answer like vendors."""

import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from orchestration.connectors.base import ConnectorError
from tests.sandbox import sandbox_names
from tests.sandbox.account import Account, Rows
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
def serving_company(names: list[str], company: Rows) -> Iterator[Served]:
    """A company behind these vendors' servers; such as that of `demo_company(home)`."""
    accounts = build_accounts(company, names)
    with ExitStack() as servers:
        sandboxes = {
            name: servers.enter_context(serving(account)) for name, account in accounts.items()
        }
        yield Served(accounts, sandboxes)


def _known(spelled: str) -> list[str]:
    names, known = spelled.split("+"), sandbox_names()
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ConnectorError(
            f"no sandbox answers like {', '.join(unknown)}; there are {', '.join(known)}"
        )
    return names


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
        serving_company(_known(spelled), demo_company(Path(home), leads=leads)) as served,
    ):
        tell("\n".join(served.env))
        (until or threading.Event().wait)()
