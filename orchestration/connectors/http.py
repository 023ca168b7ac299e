"""A polite way to ask a system over HTTP, on dlt's RESTClient: it waits, tries again, gives up.

What comes back is whole JSON or an error: never half an answer, never a page for people.
"""

import contextlib
import json
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Literal, cast
from urllib.parse import urlsplit

from orchestration.connectors.auth import Auth
from orchestration.connectors.base import ConnectorError, Setting, UnansweredError
from orchestration.connectors.values import Settings

if TYPE_CHECKING:
    from requests import Response

HTTP_SETTINGS = (
    Setting("base_url", "where the system is; only for a proxy or a test"),
    Setting("requests_per_second", "at most so many requests a second"),
    Setting("time_out_seconds", "how long an answer may keep silent; 60"),
    Setting("attempts", "how often one request is tried; 6"),
    Setting("back_off_seconds", "the first wait between two tries, doubled each time; 1"),
)
"""What every connector over HTTP can be told, besides its own."""

Params = Mapping[str, Any] | Sequence[tuple[str, Any]]
_Method = Literal["GET", "POST"]
_OK, _NO_CONTENT, _REDIRECTED, _REFUSED = 200, 204, 300, 400
_DENIED = (401, 403)
_TRY_AGAIN = (408, 425, 429)
_SERVER_ERRORS = 500


class AnswerError(ConnectorError):
    """The system answered that it won't; `status` is HTTP's."""

    def __init__(self, told: str = "", status: int = 0) -> None:
        super().__init__(told)
        self.status = status


class DeniedError(AnswerError):
    """The token is wrong or has expired, or a right is missing."""


@dataclass(frozen=True)
class Limits:
    """How to treat a system; what its rate limit allows belongs here."""

    per_second: float = 5.0
    time_out: float = 60.0
    """Seconds without a byte."""
    deadline: float = 600.0
    """Seconds for one answer in all."""
    attempts: int = 6
    back_off: float = 1.0
    """Seconds before the second try; doubled each time, with jitter."""
    longest_wait: float = 300.0
    """A system that wants a longer wait (Retry-After) is given up for now."""
    max_bytes: int = 64 << 20


@dataclass(frozen=True)
class Refusal:
    """An answer that is none: try it again, the token or a right is wrong, or it is final."""

    kind: Literal["retry", "denied", "final"]
    told: str


Judge = Callable[[int, Any], Refusal | None]
"""(status, JSON or None) -> why this answer is none, None where it is one or HTTP's own meaning
of the status holds."""


def limits_of(settings: Settings, per_second: float) -> Limits:
    """The vendor's rate limit, and what HTTP_SETTINGS say. Raises ConnectorError on no number."""
    told = ", ".join(one.key for one in HTTP_SETTINGS[1:])
    try:
        return Limits(
            per_second=float(settings.get("requests_per_second", per_second)),
            time_out=float(settings.get("time_out_seconds", 60)),
            attempts=int(settings.get("attempts", 6)),
            back_off=float(settings.get("back_off_seconds", 1)),
        )
    except ValueError as error:
        raise ConnectorError(f"a setting of {told} is no number: {error}") from None


def judge_plainly(status: int, body: Any) -> Refusal | None:
    """Systems say an error with status 200 in few ways."""
    if status >= _REDIRECTED or not isinstance(body, Mapping):
        return None
    if body.get("error") or body.get("success") is False or body.get("status") == "error":
        return Refusal("retry", error_text(body))
    return None


def error_text(body: Any) -> str:
    """What an error's body says of it, shortened: it may quote what was asked."""
    if isinstance(body, Mapping):
        for key in ("message", "error_description", "error", "detail", "title", "error_info"):
            if isinstance(body.get(key), str) and body[key]:
                return str(body[key])[:200]
        if isinstance(body.get("error"), Mapping):
            return error_text(body["error"])
    return "no reason told"


class HttpClient:
    """Asks one system; one request at a time."""

    def __init__(
        self,
        system: str,
        base_url: str,
        *,
        auth: Auth | None,
        limits: Limits,
        denied: Mapping[int, str],
        judge: Judge = judge_plainly,
        renew: Callable[[], Auth] | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Give `auth` rather than a header: headers are logged.

        `system` is its name in errors; `denied` says for 401 and 403 which setting or right is
        wrong and where to mend it; `renew` gets a fresh token where the system has such.
        """
        # Costs a second: only a night that asks somebody pays it.
        from dlt.common.configuration.specs.runtime_configuration import RuntimeConfiguration
        from dlt.sources.helpers.rest_client.client import RESTClient
        from requests import Session

        self._system, self._limits, self._denied = system, limits, denied
        self._judge, self._renew, self._sleep = judge, renew, sleep
        self._session = Session()
        self._rest = RESTClient(
            base_url, auth=cast("Any", auth), session=self._session, config=RuntimeConfiguration()
        )
        self._origin = _origin(base_url)
        self._next_at = 0.0

    def get(self, path: str, params: Params | None = None) -> Any:
        """The JSON at `path`: under base_url, or a link that the system gave.

        None where the system says "no content". Raises UnansweredError, DeniedError, AnswerError.
        """
        return self._ask("GET", path, params, None)

    def post(self, path: str, body: Any = None, params: Params | None = None) -> Any:
        """The same, with a JSON body."""
        return self._ask("POST", path, params, body)

    def close(self) -> None:
        self._session.close()

    def _ask(self, method: _Method, path: str, params: Params | None, body: Any) -> Any:
        if "://" in path and _origin(path) != self._origin:
            # The token would go wherever an answer says.
            raise ConnectorError(f"{self._system}: a link leads to another host; not followed")
        where = f"{self._system}: {method} {urlsplit(path).path}"
        told, is_renewed = "", False
        asked: float | None = None
        for attempt in range(self._limits.attempts):
            if attempt:
                self._wait(attempt, asked, where, told)
            answer, told, asked = self._send(method, path, params, body)
            if answer is None:
                continue
            status, parsed = answer
            refusal = self._judged(status, parsed)
            if refusal is None:
                return parsed
            told = f"{status}: {refusal.told}"
            if refusal.kind == "denied":
                if self._renew is None or is_renewed:
                    raise self._denial(where, status, refusal.told)
                self._rest.auth, is_renewed = cast("Any", self._renew()), True
            elif refusal.kind == "final":
                raise AnswerError(f"{where}: {told}", status)
        raise UnansweredError(
            f"{where}: gave up after {self._limits.attempts} tries; the last: {told}"
        )

    def _wait(self, attempt: int, asked: float | None, where: str, told: str) -> None:
        """Before the next try: as long as the system asks, else twice the last time."""
        wait = asked if asked is not None else self._limits.back_off * 2.0 ** (attempt - 1)
        if asked is not None and asked > self._limits.longest_wait:
            raise UnansweredError(f"{where}: wants to be left alone for {asked:.0f} s ({told})")
        if asked is None:
            # All who failed together must not come again together.
            wait = min(wait, self._limits.longest_wait) * random.uniform(0.75, 1.25)  # noqa: S311
        self._sleep(wait)

    def _send(
        self, method: _Method, path: str, params: Params | None, body: Any
    ) -> tuple[tuple[int, Any] | None, str, float | None]:
        """One try: (status and JSON) or None, why there is none, how long the system asks for."""
        from requests import RequestException

        pause = self._next_at - time.monotonic()
        if pause > 0:
            self._sleep(pause)
        self._next_at = time.monotonic() + 1 / self._limits.per_second
        try:
            response = self._rest.request(
                path,
                method=method,
                params=params,
                json=body,
                stream=True,
                allow_redirects=False,
                timeout=(min(10.0, self._limits.time_out), self._limits.time_out),
            )
            with response:
                content = self._read(response)
        except RequestException as error:
            # Its text quotes the address, which may hold the secret.
            return None, f"no whole answer ({type(error).__name__})", None
        asked = _retry_after(response.headers.get("Retry-After"))
        if response.status_code == _NO_CONTENT:
            return (_NO_CONTENT, None), "", asked
        try:
            return (response.status_code, json.loads(content)), "", asked
        except ValueError:
            if _OK <= response.status_code < _REDIRECTED:
                kind = response.headers.get("Content-Type", "unnamed").split(";")[0]
                return None, f"{response.status_code}, but no JSON ({kind})", asked
            return (response.status_code, None), "", asked

    def _read(self, response: "Response") -> bytes:
        until = time.monotonic() + self._limits.deadline
        parts, size = [], 0
        for part in response.iter_content(1 << 16):
            size += len(part)
            if size > self._limits.max_bytes:
                raise ConnectorError(f"{self._system}: an answer of more than {size:,} bytes")
            if time.monotonic() > until:
                from requests import ReadTimeout

                raise ReadTimeout
            parts.append(part)
        return b"".join(parts)

    def _judged(self, status: int, body: Any) -> Refusal | None:
        refusal = self._judge(status, body)
        if refusal is not None:
            return refusal
        if status in _TRY_AGAIN or status >= _SERVER_ERRORS:
            return Refusal("retry", error_text(body))
        if status in _DENIED:
            return Refusal("denied", error_text(body))
        if status >= _REDIRECTED:
            return Refusal("final", error_text(body))
        return None

    def _denial(self, where: str, status: int, told: str) -> DeniedError:
        # Vendors say it with other statuses too: 400 with `invalid_token` is a 401.
        hint = self._denied.get(status) or self._denied.get(_DENIED[0], "")
        return DeniedError(f"{where}: {status}, {told}. {hint}", status)


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme.lower(), parts.netloc.lower()


def _retry_after(told: str | None) -> float | None:
    """Seconds, from a number or a date; None where nothing (sensible) is said."""
    if not told:
        return None
    with contextlib.suppress(ValueError):
        return max(float(told), 0.0)
    with contextlib.suppress(ValueError):
        return max(parsedate_to_datetime(told).timestamp() - time.time(), 0.0)
    return None
