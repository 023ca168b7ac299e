"""Asterisk: what a PBX's Master.csv, or its SQLite table, holds of an account's calls."""

import csv
import hashlib
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import ClassVar, Literal
from zoneinfo import ZoneInfo

from tests.sandbox.account import Account, Row, Rows, moment

ZONE = "Europe/Berlin"
COLUMNS = (
    *("accountcode", "src", "dst", "dcontext", "clid", "channel", "dstchannel", "lastapp"),
    *("lastdata", "start", "answer", "end", "duration", "billsec", "disposition", "amaflags"),
    *("uniqueid", "userfield", "peeraccount", "linkedid", "sequence"),
)
_DISPOSITIONS = {
    "answered": "ANSWERED",
    "voicemail": "ANSWERED",
    "no_answer": "NO ANSWER",
    "busy": "BUSY",
    "failed": "FAILED",
}
_TRUNK = "PJSIP/trunk-main"


class AsteriskAccount(Account):
    """A PBX that writes a line a leg, with `unanswered=yes`."""

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
                "queue",
            )
        )
    }
    MAIN = "telephony/calls"
    CHANGED: ClassVar[Mapping[str, str]] = {"disposition": "failed"}
    OVER_HTTP = False
    NOTICES_DELETION = False

    def __init__(self, rows: Rows) -> None:
        super().__init__(rows)
        self.kind: Literal["csv", "sqlite"] = "csv"
        self._home = tempfile.TemporaryDirectory(prefix="pbx-")
        self.folder = Path(self._home.name)

    def settings(self, url: str) -> dict[str, str]:
        write = self.write_sqlite if self.kind == "sqlite" else self.write_csv
        return {"path": str(write()), "time_zone": ZONE, "amd_column": "userfield"}

    def write_csv(self) -> Path:
        path = self.folder / "Master.csv"
        with path.open("w", newline="") as handle:
            writer = csv.writer(handle, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")
            for line in self.lines():
                writer.writerow([_native(name, line[name]) for name in COLUMNS])
        return path

    def write_sqlite(self) -> Path:
        """As the sample of cdr_sqlite3_custom.conf names the columns: all text."""
        path = self.folder / "master.sqlite3"
        path.unlink(missing_ok=True)
        names = {"start": "calldate", "answer": "answerdate", "end": "enddate"}
        with sqlite3.connect(path) as connection:
            spelled = ", ".join(f'"{names.get(name, name)}"' for name in COLUMNS)
            connection.execute(f"create table cdr (AcctId integer primary key, {spelled})")
            connection.executemany(
                f"insert into cdr ({spelled}) values ({', '.join('?' * len(COLUMNS))})",
                [[line[name] for name in COLUMNS] for line in self.lines()],
            )
        connection.close()
        return path

    def lines(self) -> Iterator[dict[str, str]]:
        """In the order in which they end, as they are written."""
        first = self._first_of_calls()
        rows = sorted(self.rows[self.MAIN].values(), key=lambda row: (_ended(row), row["call_id"]))
        for row in rows:
            yield self._line(row, first)

    def native_id(self, entity: str, canonical_id: str) -> str:
        del entity
        first = self._first_of_calls()
        if canonical_id in first:
            return _unique_id(canonical_id, first[canonical_id])
        row = self.rows[self.MAIN].get((canonical_id,))
        return _leg_id(row, first) if row else f"pbx1-0.{_number(canonical_id)}"

    def expected(self) -> dict[str, list[Row]]:
        first = self._first_of_calls()
        return {
            self.MAIN: [
                {
                    **{name: row.get(name) for name in self.HOLDS[self.MAIN]},
                    "call_id": _leg_id(row, first),
                    "linked_id": _unique_id(_call_of(row), first[_call_of(row)]),
                    "answered_at": _answered(row).isoformat() if _is_talk(row) else None,
                    "ended_at": _ended(row).isoformat(),
                    "talk_seconds": str(_talk(row)) if _is_talk(row) else "0",
                    "queue": None if row["disposition"] == "voicemail" else row.get("queue"),
                }
                for row in self.rows[self.MAIN].values()
            ]
        }

    def _first_of_calls(self) -> dict[str, datetime]:
        """When each call began: with its first leg."""
        first: dict[str, datetime] = {}
        for row in self.rows[self.MAIN].values():
            call = _call_of(row)
            first[call] = min(first.get(call, _started(row)), _started(row))
        return first

    def _line(self, row: Row, first: Mapping[str, datetime]) -> dict[str, str]:
        is_inbound = row["direction"] == "inbound"
        number = _number(row["call_id"] or "")
        rep = f"PJSIP/{row.get('extension') or 'desk'}-{number:08x}"
        outside = f"{_TRUNK}-{number + 1:08x}"
        if row["direction"] == "internal":
            called = row.get("to_number") or ""
            outside = (
                f"PJSIP/{called if called.isdigit() and len(called) < 6 else 799}-{number:08x}"
            )
        is_message = row["disposition"] == "voicemail" and is_inbound
        # What a line tells last goes before what it went through.
        queue, called = row.get("queue"), row.get("to_number") or "s"
        app, told = ("Queue", f"{queue},,,,12") if queue else ("Dial", f"PJSIP/{called},30")
        if is_message:
            app, told = "VoiceMail", f"{row.get('extension') or ''}@default,u"
        email = row.get("rep_email") or ""
        is_answered = row["disposition"] in ("answered", "voicemail")
        return {
            "accountcode": "" if is_inbound else email,
            "src": row.get("from_number") or "",
            "dst": called,
            "dcontext": "from-trunk" if is_inbound else "from-internal",
            "clid": f'"{row.get("from_number") or ""}" <{row.get("from_number") or ""}>',
            "channel": outside if is_inbound else rep,
            "dstchannel": "" if is_message else rep if is_inbound else outside,
            "lastapp": app,
            "lastdata": told,
            "start": _local(_started(row)),
            "answer": _local(_answered(row)) if is_answered else "",
            "end": _local(_ended(row)),
            "duration": str(int((_ended(row) - _started(row)).total_seconds())),
            "billsec": str(_talk(row)) if is_answered else "0",
            "disposition": _DISPOSITIONS[row["disposition"] or ""],
            "amaflags": "DOCUMENTATION",
            "uniqueid": _unique_id(_call_of(row), first[_call_of(row)]),
            "userfield": "MACHINE" if row["disposition"] == "voicemail" else "",
            "peeraccount": email if is_inbound else "",
            "linkedid": _unique_id(_call_of(row), first[_call_of(row)]),
            "sequence": str(number),
        }


def build_account(rows: Rows) -> AsteriskAccount:
    """A PBX whose records hold these calls."""
    return AsteriskAccount(rows)


def _call_of(row: Row) -> str:
    return row.get("linked_id") or row["call_id"] or ""


def _number(canonical_id: str) -> int:
    return int(hashlib.md5(canonical_id.encode()).hexdigest()[:7], 16)


def _unique_id(call: str, began: datetime) -> str:
    return f"pbx1-{int(began.timestamp())}.{_number(call)}"


def _leg_id(row: Row, first: Mapping[str, datetime]) -> str:
    unique = _unique_id(_call_of(row), first[_call_of(row)])
    return f"{unique}:{_number(row['call_id'] or '')}"


def _started(row: Row) -> datetime:
    found = moment(row["started_at"])
    assert found is not None
    return found


def _is_talk(row: Row) -> bool:
    return row["disposition"] == "answered"


def _talk(row: Row) -> int:
    told = row.get("talk_seconds")
    if told is not None:
        return int(float(told))
    answered, ended = moment(row.get("answered_at")), moment(row.get("ended_at"))
    return int((ended - answered).total_seconds()) if answered and ended else 0


def _ended(row: Row) -> datetime:
    return moment(row.get("ended_at")) or _started(row) + timedelta(seconds=_talk(row))


def _answered(row: Row) -> datetime:
    told = moment(row.get("answered_at"))
    return told or max(_started(row), _ended(row) - timedelta(seconds=_talk(row)))


def _local(when: datetime) -> str:
    return when.astimezone(ZoneInfo(ZONE)).strftime("%Y-%m-%d %H:%M:%S")


def _native(name: str, value: str) -> str | int:
    """cdr_csv quotes text, and not numbers."""
    return int(value) if name in ("duration", "billsec", "sequence") else value
