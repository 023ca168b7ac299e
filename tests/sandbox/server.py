"""A server on this machine that answers like a vendor, and goes wrong when it is told to.

A vendor's module beside this one (`hubspot.py` …) gives its `Account` what to answer; here is what
they share: serving it, going wrong, and remembering what was asked.
"""

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal, Protocol
from urllib.parse import parse_qsl, urlsplit

FaultKind = Literal[
    "status", "stall", "truncate", "html", "body", "empty_page", "null_page", "self_link", "repeat"
]


@dataclass(frozen=True)
class Request:
    """What a client asked."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: Mapping[str, str]
    """Names in small letters."""
    body: Any = None
    """Parsed JSON; form fields as a mapping of text."""
    base_url: str = ""

    def param(self, name: str, default: str = "") -> str:
        """The last value of a query parameter."""
        return dict(self.query).get(name, default)


@dataclass(frozen=True)
class Answer:
    """What the server says; `body` is JSON, bytes go out as they are."""

    body: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


class Answering(Protocol):
    """A made-up account (tests/sandbox/account.py)."""

    def answer(self, request: Request) -> Answer: ...

    def go_wrong(self, kind: FaultKind, answer: Answer, request: Request) -> Answer:
        """`answer` with its list emptied or null, each record twice, or a next link to itself."""


@dataclass
class Fault:
    """What goes wrong, for the next `times` requests that `where` fits."""

    kind: FaultKind
    times: int = 1
    skip: int = 0
    """So many fitting requests are answered well before."""
    where: Callable[[Request], bool] = lambda _: True
    status: int = 500
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = field(default_factory=lambda: {"error": "QUERY_LIMIT_EXCEEDED"})
    seconds: float = 2.0
    """How long a `stall` keeps silent, half-way through the body."""


class Sandbox:
    """A running server: `url`, the `account`, what was `asked`, `faults` to come."""

    def __init__(self, account: Answering, *, port: int = 0) -> None:
        self.account = account
        self.faults: list[Fault] = []
        self.asked: list[Request] = []
        self.per_second: float | None = None
        """More requests in a second than this are answered by 429."""
        self._times: list[float] = []
        self._lock = threading.Lock()
        sandbox = self

        class Handler(_Handler):
            owner = sandbox

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def start(self) -> "Sandbox":
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, request: Request) -> tuple[Answer, Fault | None]:
        """The account's answer, and what goes wrong with it."""
        with self._lock:
            self.asked.append(request)
            if self._is_too_fast():
                body = {"message": "Too many requests", "error": "Too many requests"}
                return Answer(body, 429, {"Retry-After": "1"}), None
            fault = self._next_fault(request)
            if fault is not None and fault.kind == "status":
                body = {"message": "made to fail", "error": "made to fail"}
                return Answer(body, fault.status, fault.headers), None
            if fault is not None and fault.kind == "body":
                return Answer(fault.body), None
            if fault is not None and fault.kind == "html":
                page = b"<html><body>We are down for maintenance</body></html>"
                return Answer(page, 200, {"Content-Type": "text/html"}), None
            answer = self.account.answer(request)
            if fault is not None and fault.kind in ("stall", "truncate"):
                return answer, fault
            if fault is not None:
                answer = self.account.go_wrong(fault.kind, answer, request)
            return answer, None

    def _next_fault(self, request: Request) -> Fault | None:
        for fault in self.faults:
            if fault.times > 0 and fault.where(request):
                if fault.skip > 0:
                    fault.skip -= 1
                    continue
                fault.times -= 1
                return fault
        return None

    def _is_too_fast(self) -> bool:
        if self.per_second is None:
            return False
        now = time.monotonic()
        self._times = [moment for moment in self._times if now - moment < 1]
        if len(self._times) >= self.per_second:
            return True
        self._times.append(now)
        return False


class _Handler(BaseHTTPRequestHandler):
    owner: Sandbox
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Nobody reads it."""

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def _serve(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = urlsplit(self.path)
        request = Request(
            method=self.command,
            path=parts.path,
            query=tuple(parse_qsl(parts.query, keep_blank_values=True)),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=_parsed(raw, self.headers.get("Content-Type", "")),
            base_url=self.owner.url,
        )
        answer, fault = self.owner.answer(request)
        content = (
            answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
        )
        if answer.status == 204:
            content = b""
        self.send_response(answer.status)
        headers = {"Content-Type": "application/json", **answer.headers}
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if fault is None:
            self.wfile.write(content)
            return
        self.wfile.write(content[: len(content) // 2])
        self.wfile.flush()
        if fault.kind == "stall":
            time.sleep(fault.seconds)
        self.close_connection = True


def _parsed(raw: bytes, kind: str) -> Any:
    if not raw:
        return None
    if "json" in kind:
        return json.loads(raw)
    return dict(parse_qsl(raw.decode(), keep_blank_values=True))


@contextmanager
def serving(account: Answering, *, port: int = 0) -> Iterator[Sandbox]:
    """A server over `account` while the block runs."""
    sandbox = Sandbox(account, port=port).start()
    try:
        yield sandbox
    finally:
        sandbox.stop()
