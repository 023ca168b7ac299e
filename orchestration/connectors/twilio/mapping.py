"""A call of Twilio's log -> a leg of telephony/calls."""

from datetime import datetime, timedelta
from urllib.parse import unquote

from orchestration.connectors.values import Record, Rows, Settings, iso, parse_rfc2822, text

_DISPOSITIONS = {
    "completed": "answered",
    "busy": "busy",
    "no-answer": "no_answer",
    "canceled": "no_answer",
    "failed": "failed",
}
"""What else there is (queued, ringing, in-progress) is not over; the look-back brings its end."""
_INBOUND = ("inbound", "trunking-originating")
# Where the caller hides the number, the carrier spells why on the keypad: ANONYMOUS, RESTRICTED,
# BLOCKED, UNKNOWN, UNAVAILABLE.
_WITHHELD = ("+266696687", "+7378742833", "+2562533", "+8656696", "+86282452253")


def sid(call: Record) -> str:
    return text(call.get("sid")) or ""


def started_at(call: Record) -> datetime | None:
    """When it began; of a call that was never dialled, when it was made."""
    return parse_rfc2822(call.get("start_time")) or parse_rfc2822(call.get("date_created"))


def call_rows(call: Record, settings: Settings) -> Rows:
    """One leg; none of a call that is not over."""
    disposition = _disposition(call, settings)
    if disposition is None:
        return {}
    started, ended = started_at(call), parse_rfc2822(call.get("end_time"))
    talk = _talk_seconds(call, disposition)
    caller, callee = _End(call.get("from")), _End(call.get("to"))
    direction = _direction(str(call.get("direction")), caller, callee)
    rep = caller if caller.is_inside else callee
    answered = None
    if disposition == "answered" and started and ended:
        # Its length leaves the ringing out.
        answered = max(started, ended - timedelta(seconds=_length(call)))
    return {
        "telephony/calls": [
            {
                "call_id": text(call.get("sid")),
                "linked_id": text(call.get("parent_call_sid")) or text(call.get("sid")),
                "direction": direction,
                "from_number": caller.number,
                "to_number": callee.number,
                "extension": rep.extension,
                "rep_email": rep.email,
                "started_at": iso(started),
                "answered_at": iso(answered),
                "ended_at": iso(ended),
                "talk_seconds": text(talk),
                "disposition": disposition,
                "queue": None,
            }
        ]
    }


def _disposition(call: Record, settings: Settings) -> str | None:
    found = _DISPOSITIONS.get(str(call.get("status")))
    by = text(call.get("answered_by")) or ""
    if found != "answered":
        return found
    if by.startswith("machine"):
        return "voicemail"
    if by == "fax":
        return "failed"
    # An inbound call is "completed" as soon as the program behind the number has answered; that
    # somebody talked shows in the legs that it was put through by.
    is_program = call.get("direction") == "inbound" and not _End(call.get("from")).is_inside
    if is_program and (call.get("_has_legs") or settings.get("answered_alone") != "true"):
        return "no_answer"
    return found


def _talk_seconds(call: Record, disposition: str) -> float:
    """Seconds of talk; a call with legs has its talk in them."""
    return 0 if disposition != "answered" or call.get("_has_legs") else _length(call)


def _length(call: Record) -> float:
    return float(text(call.get("duration")) or 0)


def _direction(native: str, caller: "_End", callee: "_End") -> str:
    """Which end is outside decides; between two telephone numbers, what Twilio calls it."""
    if caller.is_inside:
        return "outbound" if callee.number and not callee.is_inside else "internal"
    if native == "outbound-api" and callee.is_inside:
        # Click-to-call rings the rep first, from a number of ours.
        return "internal"
    if callee.is_inside or native in _INBOUND:
        return "inbound"
    return "outbound"


class _End:
    """One end of a call: a number, or a rep's softphone (`client:anna`) or telephone (`sip:…`)."""

    def __init__(self, address: object) -> None:
        told = text(address) or ""
        kind, sign, rest = told.partition(":")
        name = unquote(rest.partition("@")[0] if kind == "sip" else rest)
        # sip:+14155550100@carrier is a number by another way.
        self.is_inside = bool(sign) and not name.startswith("+")
        at_desk = self.is_inside and bool(name)
        self.email = name if at_desk and "@" in name else None
        self.extension = name if at_desk and "@" not in name else None
        number = name if sign else told
        # A softphone's name is no number.
        is_number = bool(number) and number not in _WITHHELD and self.email is None
        self.number = number if is_number else None
