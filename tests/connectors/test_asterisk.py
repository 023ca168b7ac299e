"""What is special to Asterisk: its files, its tables, its clock, its channels.

Longer than most: four lists of short cases.
"""

import gzip
import os
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pytest

from orchestration.connectors.asterisk.client import open_api, read_calls
from orchestration.connectors.asterisk.mapping import call_rows, leg_key
from orchestration.connectors.base import ConnectorError, UnansweredError
from orchestration.connectors.streams import Window
from tests.sandbox.account import Row
from tests.sandbox.asterisk import COLUMNS, ZONE, AsteriskAccount, build_account
from tests.sandbox.company import at, only, small_company
from tests.sandbox.night import Nights, expected, only_held
from tests.sandbox.server import serving

NOW = datetime.now(UTC)
LINE = {
    "src": "101",
    "dst": "+442079461234",
    "dcontext": "from-reps",
    "channel": "PJSIP/rep101-00000000",
    "dstchannel": "PJSIP/trunk-ok-00000001",
    "lastapp": "Dial",
    "lastdata": "PJSIP/+442079461234@trunk-ok,30",
    "start": "2026-07-01 09:30:00",
    "answer": "2026-07-01 09:30:09",
    "end": "2026-07-01 09:30:20",
    "duration": "20",
    "billsec": "11",
    "disposition": "ANSWERED",
    "uniqueid": "pbx1-1782898200.0",
    "linkedid": "pbx1-1782898200.0",
    "sequence": "0",
}


@pytest.fixture
def account() -> AsteriskAccount:
    return build_account(only(small_company(), AsteriskAccount.HOLDS))


def read(settings: dict[str, str], since: datetime | None = None) -> list[dict[str, Any]]:
    api = open_api({"time_zone": ZONE, **settings})
    pages = list(read_calls(api, Window(since, NOW)))
    api.close()
    return [dict(record) for page in pages for record in page.records]


def leg(settings: Mapping[str, str] | None = None, /, **more: str) -> Row:
    return call_rows({**LINE, **more}, settings or {})["telephony/calls"][0]


def keys(records: list[dict[str, Any]]) -> list[str]:
    return sorted(leg_key(record) for record in records)


# Files.


def test_a_table_of_sqlite_tells_the_same_as_the_csv(
    account: AsteriskAccount, tmp_path: Path
) -> None:
    told = []
    for kind in ("csv", "sqlite"):
        account.kind = kind
        with serving(account) as sandbox:
            nights = Nights("asterisk", sandbox, account, tmp_path / kind)
            nights.spend()
            assert only_held(account, nights.told) == expected(account)
            assert not nights.spend()
            told.append(nights.told)
    assert told[0] == told[1]


def test_what_was_rotated_is_read_too(account: AsteriskAccount, tmp_path: Path) -> None:
    lines = account.write_csv().read_text().splitlines(keepends=True)
    whole = keys(read({"path": str(account.folder / "Master.csv")}))
    path = tmp_path / "Master.csv"
    with gzip.open(tmp_path / "Master.csv-20260101.gz", "wt") as packed:
        packed.writelines(lines[:3])
    (tmp_path / "Master.csv.1").write_text("".join(lines[3:6]))
    # While the system rotates there may be no file of the name for a moment.
    assert len(read({"path": str(path)})) == 6
    path.write_text("".join(lines[6:]))
    (tmp_path / "Master.csv.bak").write_text("of somebody's\n")
    assert keys(read({"path": str(path)})) == whole


def test_a_file_that_was_emptied_or_copied_back_costs_nothing(
    account: AsteriskAccount, tmp_path: Path
) -> None:
    path = tmp_path / "Master.csv"
    lines = account.write_csv().read_text().splitlines(keepends=True)
    with serving(account) as sandbox:
        nights = Nights("asterisk", sandbox, account, tmp_path / "home")
        for some in (lines[:4], lines[4:7], [], [*lines[7:], *lines[:2]], lines):
            path.write_text("".join(some))
            nights.more_settings = {"path": str(path)}
            nights.spend()
    assert only_held(account, nights.told) == expected(account)


def test_a_file_not_written_to_since_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "Master.csv"
    path.write_text("what nobody can read\n")
    long_ago = time.time() - 30 * 86400
    os.utime(path, (long_ago, long_ago))
    assert read({"path": str(path)}, NOW - timedelta(days=7)) == []
    with pytest.raises(ConnectorError, match="TOUCHLINE_ASTERISK_COLUMNS"):
        read({"path": str(path)})


def test_only_the_window_is_read(account: AsteriskAccount) -> None:
    since = datetime.fromisoformat(at(8))
    for path in (account.write_csv(), account.write_sqlite()):
        assert len(read({"path": str(path)}, since)) == 3


def test_a_line_that_was_cut_off_costs_itself_only(
    account: AsteriskAccount, tmp_path: Path
) -> None:
    lines = account.write_csv().read_text().splitlines(keepends=True)
    path = tmp_path / "Master.csv"
    path.write_text("".join([*lines[:2], lines[2][:40] + "\n", *lines[3:]]))
    records = read({"path": str(path)})
    assert len(records) == 10
    (bad,) = [record for record in records if "_line" in record]
    with pytest.raises(ValueError, match="cut"):
        call_rows(bad, {})


def test_a_line_break_in_a_name_is_none_of_the_line(
    account: AsteriskAccount, tmp_path: Path
) -> None:
    path = tmp_path / "Master.csv"
    written = account.write_csv().read_text()
    path.write_text(written.replace('""" <', '\n"" <').replace('"""', '"""Anna'))
    records = read({"path": str(path)})
    assert len(records) == 10
    assert not any("_line" in record for record in records)


def test_a_last_line_that_is_being_written_comes_later(
    account: AsteriskAccount, tmp_path: Path
) -> None:
    path = tmp_path / "Master.csv"
    whole = account.write_csv().read_text()
    # Cut within `sequence`: it would look whole, with another number.
    path.write_text(whole[:-3])
    assert len(read({"path": str(path)})) == 9
    path.write_text(whole[:-1])
    os.utime(path, (time.time() - 3600,) * 2)
    assert len(read({"path": str(path)})) == 10


def test_columns_as_the_site_has_them(account: AsteriskAccount, tmp_path: Path) -> None:
    names = ("uniqueid", "linkedid", "sequence", "began", "channel", "dstchannel", "disposition")
    lines = list(account.lines())
    path = tmp_path / "Custom.csv"
    spelled = [
        ",".join(f'"{line["start" if name == "began" else name]}"' for name in names)
        for line in lines
    ]
    told = {"path": str(path), "names": "start=began"}
    path.write_text("\n".join(spelled) + "\n")
    with pytest.raises(ConnectorError, match="7 columns"):
        read(told)
    (whole,) = {tuple(keys(read({**told, "columns": ",".join(names)})))}
    assert len(whole) == 10
    path.write_text("\n".join([",".join(names), *spelled]) + "\n")
    assert tuple(keys(read(told))) == whole


def test_older_columns_have_no_linked_id(account: AsteriskAccount, tmp_path: Path) -> None:
    """cdr.conf without newcdrcolumns: 18 columns."""
    lines = [
        ",".join(f'"{line[name]}"' for name in COLUMNS[:18]) + "\n"
        for line in (line for line in account.lines())
    ]
    path = tmp_path / "Master.csv"
    path.write_text("".join(line.replace("<", "(").replace('""', "") for line in lines))
    rows = [call_rows(one, {})["telephony/calls"][0] for one in read({"path": str(path)})]
    assert len({row["call_id"] for row in rows}) == 10
    assert all(row["linked_id"] and row["linked_id"] in (row["call_id"] or "") for row in rows)


# Tables.


def test_a_database_with_times_of_its_own(account: AsteriskAccount, tmp_path: Path) -> None:
    """As in MySQL or PostgreSQL: the columns have types, and names of their own."""
    database = tmp_path / "database.duckdb"
    with duckdb.connect(str(database)) as connection:
        connection.execute("create schema pbx")
        connection.execute(
            'create table pbx.calls (calldate timestamp, answer timestamp, "end" timestamp, '
            "src varchar, dst varchar, dcontext varchar, channel varchar, dstchannel varchar, "
            "lastapp varchar, lastdata varchar, duration integer, billsec integer, "
            "disposition varchar, call_ref varchar, linkedid varchar, sequence integer, "
            "userfield varchar)"
        )
        for line in account.lines():
            row = {**line, "answer": line["answer"] or None}
            names = ("start", "answer", "end", "src", "dst", "dcontext", "channel", "dstchannel")
            more = ("lastapp", "lastdata", "duration", "billsec", "disposition", "uniqueid")
            values = [row[name] for name in (*names, *more, "linkedid", "sequence", "userfield")]
            connection.execute(f"insert into pbx.calls values ({', '.join('?' * 17)})", values)
    told = {
        "url": f"duckdb:///{database}",
        "table": "pbx.calls",
        "names": "uniqueid=call_ref",
    }
    records = read(told)
    settings = {"time_zone": ZONE}
    rows = sorted(str(call_rows(record, settings)) for record in records)
    csv = read({"path": str(account.write_csv())})
    assert rows == sorted(str(call_rows(record, settings)) for record in csv)
    assert len(read(told, datetime.fromisoformat(at(8)))) == 3
    with pytest.raises(ConnectorError, match="TOUCHLINE_ASTERISK_TABLE"):
        read({**told, "table": "pbx.cdr"})
    with pytest.raises(ConnectorError, match=r"no column start.*TOUCHLINE_ASTERISK_NAMES"):
        read({**told, "names": "begin=calldate"})


def test_an_address_that_is_none_says_so_without_the_password(tmp_path: Path) -> None:
    secret = "SECRET-MARKER"
    for url, told in (
        ("no address", "TOUCHLINE_ASTERISK_URL"),
        ("cobol://pbx.example/cdr", "TOUCHLINE_ASTERISK_URL"),
        (f"sqlite:///file:{tmp_path}/none.sqlite3?mode=ro&uri=true", "unable to open"),
    ):
        with pytest.raises((ConnectorError, UnansweredError), match=told) as caught:
            read({"url": url, **({} if url.startswith("sqlite") else {"password": secret})})
        assert secret not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_something_must_be_named(tmp_path: Path) -> None:
    with pytest.raises(ConnectorError, match="TOUCHLINE_ASTERISK_PATH"):
        read({})
    with pytest.raises(ConnectorError, match="TOUCHLINE_ASTERISK_PATH"):
        read({"path": str(tmp_path / "Master.csv")})
    with pytest.raises(ConnectorError, match="TOUCHLINE_ASTERISK_TIME_ZONE"):
        read({"path": str(tmp_path / "Master.csv"), "time_zone": "Mars/Olympus"})
    with pytest.raises(ConnectorError, match="TOUCHLINE_ASTERISK_NAMES"):
        read({"path": str(tmp_path / "Master.csv"), "names": "start"})


# The clock.


def test_a_zone_that_is_not_the_pbxs_stops_the_night(account: AsteriskAccount) -> None:
    with pytest.raises(ConnectorError, match=r"[+-]\d\.0 hours off.*TOUCHLINE_ASTERISK_TIME_ZONE"):
        read({"path": str(account.write_csv()), "time_zone": "UTC"})


def test_the_id_tells_which_hour_of_two_it_was() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    for fold, utc in ((0, "2026-10-25T00:30:00Z"), (1, "2026-10-25T01:30:00Z")):
        when = datetime(2026, 10, 25, 2, 30, fold=fold, tzinfo=berlin)
        told = leg(
            {"time_zone": "Europe/Berlin"},
            uniqueid=f"{int(when.timestamp())}.7",
            start="2026-10-25 02:30:00",
            answer="2026-10-25 02:30:09",
            end="2026-10-25 02:30:20",
        )
        assert told["started_at"] == utc
        assert told["ended_at"] == utc.replace("30:00", "30:20")


def test_without_an_id_it_was_the_later_hour_and_a_skipped_one_is_moved_on() -> None:
    zone = {"time_zone": "Europe/Berlin"}
    assert leg(zone, uniqueid="", start="2026-10-25 02:30:00")["started_at"] == (
        "2026-10-25T01:30:00Z"
    )
    assert leg(zone, uniqueid="", start="2026-03-29 02:30:00")["started_at"] == (
        "2026-03-29T01:30:00Z"
    )


def test_a_call_over_the_hour_that_comes_twice_ends_after_it_began() -> None:
    """02:59:50 in summer to 02:00:10 in winter."""
    began = datetime(2026, 10, 25, 2, 59, 50, tzinfo=ZoneInfo("Europe/Berlin"))
    told = leg(
        {"time_zone": "Europe/Berlin"},
        uniqueid=f"{int(began.timestamp())}.7",
        start="2026-10-25 02:59:50",
        answer="2026-10-25 02:59:59",
        end="2026-10-25 02:00:10",
        duration="20",
    )
    assert told["started_at"] == "2026-10-25T00:59:50Z"
    assert told["answered_at"] == "2026-10-25T00:59:59Z"
    assert told["ended_at"] == "2026-10-25T01:00:10Z"


def test_what_a_site_does_not_log_the_seconds_say() -> None:
    told = leg(answer="", end="0000-00-00 00:00:00")
    assert told["answered_at"] == "2026-07-01T09:30:09Z"
    assert told["ended_at"] == "2026-07-01T09:30:20Z"
    assert leg(start="0000-00-00 00:00:00")["started_at"] is None


# Who was it.


@pytest.mark.parametrize(
    ("channel", "partner", "direction", "extension"),
    [
        ("PJSIP/101-0000002a", "PJSIP/carrier-0000002b", "outbound", "101"),
        ("SIP/701-0a1b", "SIP/trunk24-0a1c", "outbound", "701"),
        ("PJSIP/carrier-0000002a", "PJSIP/101-0000002b", "inbound", "101"),
        ("DAHDI/i1/02079461234-5", "Local/101@from-queue-0000002b;1", "inbound", "101"),
        ("DAHDI/101-1", "PJSIP/102-0000002b", "inbound", "102"),
        ("PJSIP/102-0000002a", "PJSIP/101-0000002b", "internal", "102"),
        ("AsyncGoto/PJSIP/102-0000002a<ZOMBIE>", "PJSIP/carrier-2b", "outbound", "102"),
        ("PJSIP/10.0.0.15-0000002a", "PJSIP/101-0000002b", "inbound", "101"),
        ("PJSIP/+442079461234-0000002a", "PJSIP/carrier-0000002b", "inbound", None),
    ],
)
def test_channels(channel: str, partner: str, direction: str, extension: str | None) -> None:
    told = leg(channel=channel, dstchannel=partner)
    assert (told["direction"], told["extension"]) == (direction, extension)


def test_settings_say_what_names_do_not() -> None:
    alice = {"channel": "PJSIP/alice-0000002a", "dstchannel": "PJSIP/carrier-24-0000002b"}
    assert leg(**alice)["direction"] == "inbound"
    told = leg({"extension_pattern": "alice|bob", "trunks": "PJSIP/carrier"}, **alice)
    assert (told["direction"], told["extension"]) == ("outbound", "alice")
    told = leg({"inside_contexts": "from-reps", "trunks": "pjsip/carrier-"}, **alice)
    assert (told["direction"], told["extension"]) == ("outbound", None)
    assert leg({"inbound_contexts": "from-reps"})["direction"] == "inbound"
    assert leg({"outside_prefix": "9"}, dst="9442079461234")["to_number"] == "442079461234"


def test_nobody_at_the_other_end_is_no_talk() -> None:
    for app in ("BackGround", "Playback", "Queue", "Wait"):
        told = leg(dstchannel="", lastapp=app)
        assert (told["disposition"], told["talk_seconds"]) == ("no_answer", "0")
    assert leg(dstchannel="", lastapp="ConfBridge")["disposition"] == "answered"


def test_voicemail() -> None:
    told = leg(
        channel="PJSIP/trunk-1", dstchannel="", lastapp="VoiceMail", lastdata="101@default,u"
    )
    assert (told["disposition"], told["extension"]) == ("voicemail", "101")
    assert told["talk_seconds"] == "0"
    machine = {"userfield": "MACHINE-MAXWORDS-3-3"}
    assert leg(**machine)["disposition"] == "answered"
    assert leg({"amd_column": "userfield"}, **machine)["disposition"] == "voicemail"


def test_both_ends_of_a_local_channel_are_one_talk() -> None:
    near = leg(channel="PJSIP/trunk-1", dstchannel="Local/101@from-queue-00000003;1")
    far = leg(channel="Local/101@from-queue-00000003;2", dstchannel="PJSIP/101-00000004")
    assert (near["talk_seconds"], far["talk_seconds"]) == ("11", "0")


def test_a_disposition_that_nobody_knows_is_not_guessed() -> None:
    assert leg(disposition="8")["disposition"] == "answered"
    with pytest.raises(KeyError):
        leg(disposition="MAYBE")
