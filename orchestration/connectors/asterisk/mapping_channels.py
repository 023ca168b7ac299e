"""Who is at the two ends of a line: reps' telephones, trunks, queues."""

import re
from dataclasses import dataclass
from functools import cache

from orchestration.connectors.values import Record, Settings, text

EXTENSION_PATTERN = r"(?:.*[A-Za-z_-])?(\d{2,6})"
"""`101`, `rep101`, `RG-600-101`; no telephone number, no address."""
TRUNKS = "DAHDI/,IAX2/,mISDN/,Dongle/,PJSIP/trunk,SIP/trunk"
INBOUND_CONTEXTS = "from-trunk,from-pstn,from-did,from-sip-external,inbound,incoming"
INSIDE_CONTEXTS = "from-internal,internal,from-inside"

_CALLING_ITSELF = re.compile(r"^(?:AsyncGoto|Transfered|Parked)/", re.IGNORECASE)
# `PJSIP/101-0000002a`, `Local/101@from-queue-0000002a;1`
_CHANNEL = re.compile(r"[^/]+/(?P<end>.+?)(?:@[^@]*?)?(?:-[0-9a-fA-F]+)?(?:;[12])?(?:<\w+>)?")
_SPECIAL = re.compile(r"|[a-zA-Z]|start|fax|hangup|failed")


class Line:
    """One line, read as a call between two ends."""

    def __init__(self, record: Record, settings: Settings) -> None:
        self._record = record
        self.app = (text(record.get("lastapp")) or "").lower()
        rules = _rules(
            settings.get("extension_pattern") or EXTENSION_PATTERN,
            settings.get("trunks") or TRUNKS,
        )
        context = (text(record.get("dcontext")) or "").lower()
        channel, partner = text(record.get("channel")), text(record.get("dstchannel"))
        is_from_outside = context.startswith(_list(settings, "inbound_contexts", INBOUND_CONTEXTS))
        is_from_inside = context.startswith(_list(settings, "inside_contexts", INSIDE_CONTEXTS))
        caller, callee = rules.extension(channel), rules.extension(partner)
        if rules.is_trunk(channel) or is_from_outside:
            caller, is_inside = None, False
        else:
            is_inside = caller is not None or is_from_inside
        self.has_partner = partner is not None
        # A Local channel has two ends, each with a line about one and the same talk.
        self.is_far_half = bool(channel and channel.startswith("Local/") and channel.endswith(";2"))
        dialled = text(record.get("dst")) or ""
        prefix = settings.get("outside_prefix") or ""
        if is_inside:
            is_internal = callee is not None if partner else rules.is_inside_number(dialled)
            self.direction = "internal" if is_internal else "outbound"
        else:
            self.direction = "inbound"
        if self.direction == "outbound" and prefix:
            dialled = dialled.removeprefix(prefix)
        mailbox = self._first("lastdata", "@,|") if self.app == "voicemail" else None
        self.extension = caller if is_inside else callee or mailbox
        account = text(record.get("accountcode" if is_inside else "peeraccount"))
        self.rep_email = account if account and "@" in account else None
        self.from_number = text(record.get("src"))
        called = text(record.get("did")) if self.direction == "inbound" else None
        self.to_number = called or (None if _SPECIAL.fullmatch(dialled) else dialled)
        self.queue = self._first("lastdata", ",|") if self.app == "queue" else None

    def _first(self, name: str, ends: str) -> str | None:
        """A column's text up to the first of some signs."""
        return text(re.split(f"[{re.escape(ends)}]", text(self._record.get(name)) or "")[0])


@dataclass(frozen=True)
class _Rules:
    pattern: re.Pattern[str]
    trunks: tuple[str, ...]

    def is_trunk(self, channel: str | None) -> bool:
        return (channel or "").lower().startswith(self.trunks)

    def extension(self, channel: str | None) -> str | None:
        """Whose telephone a channel is; None where it is none of ours."""
        if channel is None or self.is_trunk(channel):
            return None
        found = _CHANNEL.fullmatch(_CALLING_ITSELF.sub("", channel))
        return self._named(found["end"]) if found else None

    def is_inside_number(self, dialled: str) -> bool:
        """A telephone of ours, or a code that asks the PBX for something."""
        return dialled.startswith(("*", "#")) or self._named(dialled) is not None

    def _named(self, end: str) -> str | None:
        found = self.pattern.fullmatch(end)
        if not found:
            return None
        return found[1] if self.pattern.groups else end


@cache
def _rules(pattern: str, trunks: str) -> _Rules:
    return _Rules(re.compile(pattern), _split(trunks))


def _list(settings: Settings, key: str, default: str) -> tuple[str, ...]:
    return _split(settings.get(key) or default)


@cache
def _split(told: str) -> tuple[str, ...]:
    return tuple(one.strip().lower() for one in told.split(",") if one.strip())
