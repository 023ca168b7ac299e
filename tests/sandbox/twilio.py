"""Twilio: an account's list of calls, with its filters, its paging by link and its errors."""

import hashlib
from base64 import b64decode
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any, ClassVar
from urllib.parse import quote, urlencode

from tests.sandbox.account import Account, Row, Rows, moment
from tests.sandbox.server import Answer, Request

_STATUS = {
    "answered": "completed",
    "voicemail": "completed",
    "busy": "busy",
    "failed": "failed",
    "no_answer": "no-answer",
}
_NATIVE = {
    "inbound": "trunking-originating",
    "outbound": "trunking-terminating",
    "internal": "outbound-dial",
}
_ANONYMOUS = "+266696687"


class TwilioAccount(Account):
    """Calls by way of a SIP trunk: one record a leg, which is how canonical legs are."""

    HOLDS: ClassVar[Mapping[str, frozenset[str]]] = {
        "telephony/calls": frozenset(
            (
                "call_id",
                "linked_id",
                "direction",
                "from_number",
                "to_number",
                "extension",
                "rep_email",
                "started_at",
                "answered_at",
                "ended_at",
                "talk_seconds",
                "disposition",
            )
        )
    }
    MAIN = "telephony/calls"
    CHANGED: ClassVar[Mapping[str, str]] = {"disposition": "failed"}
    NOTICES_DELETION = False
    LIST_AT = ("calls",)
    NEXT_AT = ("next_page_uri",)

    def __init__(self, rows: Rows) -> None:
        super().__init__(rows)
        self.in_progress: set[str] = set()
        """SIDs of calls that are not over."""
        self.account_sid = "AC" + "0123456789abcdef" * 2

    def settings(self, url: str) -> dict[str, str]:
        return {"base_url": url, "account_sid": self.account_sid, "auth_token": self.secret}

    def native_id(self, entity: str, canonical_id: str) -> str:
        del entity
        return call_sid(canonical_id)

    def is_page(self, request: Request) -> bool:
        return request.path == self._path

    def is_next_page(self, request: Request) -> bool:
        return self.is_page(request) and request.param("Page", "0") != "0"

    def next_link(self, request: Request) -> Any:
        return f"{request.path}?{urlencode(request.query)}"

    def expected(self) -> dict[str, list[Row]]:
        return {"telephony/calls": [_expected(row) for row in self.rows[self.MAIN].values()]}

    def answer(self, request: Request) -> Answer:
        if self.denied or not self._is_let_in(request):
            return _error(self.denied or 401)
        if not self.is_page(request):
            return _error(404)
        calls = [call for call in self._records() if _fits(call, request)]
        size = min(int(request.param("PageSize", "50")), self.page_size)
        page = int(request.param("Page", "0"))
        some = calls[page * size : (page + 1) * size]
        more = [pair for pair in request.query if pair[0] not in ("Page", "PageToken")]

        def link(number: int) -> str:
            token = [("Page", str(number)), ("PageToken", f"PA{some[-1]['sid']}")] if number else []
            return f"{self._path}?{urlencode(more + token, quote_via=quote)}"

        is_last = len(calls) <= (page + 1) * size
        return Answer(
            {
                "calls": some,
                "first_page_uri": link(0),
                "next_page_uri": None if is_last else link(page + 1),
                "previous_page_uri": None,
                "page": page,
                "page_size": size,
                "start": page * size,
                "end": page * size + max(len(some) - 1, 0),
                "uri": self.next_link(request),
            }
        )

    @property
    def _path(self) -> str:
        return f"/2010-04-01/Accounts/{self.account_sid}/Calls.json"

    def _is_let_in(self, request: Request) -> bool:
        told = request.headers.get("authorization", "").removeprefix("Basic ")
        return b64decode(told).decode() == f"{self.account_sid}:{self.secret}"

    def _records(self) -> list[dict[str, Any]]:
        """The latest first, as the API lists them."""
        rows = self.rows[self.MAIN].values()
        ordered = sorted(rows, key=lambda row: (_began(row), row["call_id"] or ""), reverse=True)
        return [self._record(row) for row in ordered]

    def _record(self, row: Row) -> dict[str, Any]:
        start, end = moment(row["started_at"]), moment(row.get("ended_at"))
        caller, callee = _ends(row)
        sid = call_sid(row["call_id"])
        linked = row.get("linked_id")
        is_voicemail = row["disposition"] == "voicemail"
        is_over = sid not in self.in_progress
        return {
            "sid": sid,
            "account_sid": self.account_sid,
            "parent_call_sid": call_sid(linked) if linked else None,
            "date_created": _rfc2822(start),
            "date_updated": _rfc2822(end or start),
            "start_time": _rfc2822(start),
            "end_time": _rfc2822(end),
            "from": caller,
            "from_formatted": caller,
            "to": callee,
            "to_formatted": callee,
            "phone_number_sid": None,
            "status": _STATUS[row["disposition"] or ""] if is_over else "in-progress",
            "duration": str(_talk(row)),
            "direction": _NATIVE[row["direction"] or ""],
            "answered_by": "machine_start" if is_voicemail else None,
            "api_version": "2010-04-01",
            "caller_name": None,
            "forwarded_from": None,
            "group_sid": None,
            "price": None,
            "price_unit": "USD",
            "queue_time": "0",
            "trunk_sid": None,
            "uri": f"/2010-04-01/Accounts/{self.account_sid}/Calls/{sid}.json",
            "subresource_uris": {},
        }


def build_account(rows: Rows) -> TwilioAccount:
    """An account whose log holds these calls."""
    return TwilioAccount(rows)


def call_sid(canonical_id: str | None) -> str:
    """Twilio names calls itself."""
    return "CA" + hashlib.md5((canonical_id or "").encode()).hexdigest()


def _began(row: Row) -> datetime:
    return moment(row["started_at"]) or datetime.min.replace(tzinfo=UTC)


def _talk(row: Row) -> int:
    """Twilio's length of an answered call is its talk; of another, nothing."""
    if row["disposition"] != "answered":
        return 0
    if row.get("talk_seconds") is not None:
        return int(float(row["talk_seconds"] or 0))
    answered, ended = moment(row.get("answered_at")), moment(row.get("ended_at"))
    return int((ended - answered).total_seconds()) if answered and ended else 0


def _ends(row: Row) -> tuple[str, str]:
    """(from, to): the rep's end is a softphone named by an address, or a telephone."""
    email, extension = row.get("rep_email"), row.get("extension")
    rep = f"client:{quote(email)}" if email else f"sip:{extension or ''}@pbx.example"
    if row["direction"] == "internal":
        return rep, f"sip:{row.get('to_number') or ''}@pbx.example"
    outside = _number(row.get("from_number" if row["direction"] == "inbound" else "to_number"))
    return (outside, rep) if row["direction"] == "inbound" else (rep, outside)


def _number(written: str | None) -> str:
    return written if written and any(sign.isdigit() for sign in written) else _ANONYMOUS


def _expected(row: Row) -> Row:
    caller, callee = (_told(end) for end in _ends(row))
    end = moment(row.get("ended_at"))
    start, is_answered = _began(row), row["disposition"] == "answered"
    email = row.get("rep_email")
    answered = max(start, end - timedelta(seconds=_talk(row))) if is_answered and end else None
    sid = call_sid(row["call_id"])
    return {
        "call_id": sid,
        "linked_id": call_sid(row["linked_id"]) if row.get("linked_id") else sid,
        "direction": row["direction"],
        "from_number": caller,
        "to_number": callee,
        "extension": None if email else row.get("extension"),
        "rep_email": email,
        "started_at": start.isoformat(),
        "answered_at": answered.isoformat() if answered else None,
        "ended_at": end.isoformat() if end else None,
        "talk_seconds": str(_talk(row)),
        "disposition": row["disposition"],
    }


def _told(end: str) -> str | None:
    """An end as the connector tells it."""
    if end == _ANONYMOUS:
        return None
    kind, _, name = end.partition(":")
    if kind == "client":
        return None
    return (name.partition("@")[0] or None) if kind == "sip" else end


def _fits(call: Mapping[str, Any], request: Request) -> bool:
    began = datetime.strptime(call["start_time"], "%a, %d %b %Y %H:%M:%S %z")
    day = began.date().isoformat()
    first, last = request.param("StartTime>"), request.param("StartTime<")
    return (not first or day >= first) and (not last or day < last)


def _rfc2822(moment: datetime | None) -> str | None:
    return format_datetime(moment.astimezone(UTC)) if moment else None


def _error(status: int) -> Answer:
    codes = {401: (20003, "Authenticate"), 403: (20403, "Forbidden"), 404: (20404, "Not found")}
    code, message = codes.get(status, (20500, "Internal error"))
    more = f"https://www.twilio.com/docs/errors/{code}"
    return Answer({"code": code, "message": message, "more_info": more, "status": status}, status)
