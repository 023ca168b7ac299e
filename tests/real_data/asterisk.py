"""Two runs of a real Asterisk 22 of the same 20 calls, with unanswered=yes and without.

Not part of the suite: the data are not the project's. `python -m tests.real_data.asterisk SOURCE`
reads each run from Master.csv and from master.sqlite3, and says whether all four are the same calls.
"""

import argparse
import json
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from orchestration.connectors import discover
from orchestration.connectors.base import Context

RUNS = {"run1_unanswered_yes": 28, "run2_default_unanswered_no": 20}
"""How many records each has."""
CALLS = 20
FILES = ("Master.csv", "master.sqlite3")


def read(path: Path) -> list[dict[str, Any]]:
    """The legs of one file, as the connector hands them over; a second night must bring none."""
    settings = {"path": str(path), "time_zone": "UTC"}
    connector = discover()["asterisk"]
    with tempfile.TemporaryDirectory() as home:
        delivery = connector.extract(Context(settings, {}, Path(home)))
        legs = [json.loads(line) for line in _lines(delivery.files["telephony/calls"])]
        again = connector.extract(Context(settings, delivery.state, Path(home)))
        assert list(_lines(again.files.get("telephony/calls", []))) == []
    return legs


def _lines(files: Any) -> Iterator[str]:
    for path in files:
        yield from path.read_text().splitlines()


def calls_of(legs: list[dict[str, Any]]) -> dict[str, tuple[Any, ...]]:
    """By linked_id, what a call was: the legs that rang in vain or hung up add nothing."""
    calls: dict[str, list[dict[str, Any]]] = {}
    for leg in sorted(legs, key=lambda leg: (leg["started_at"], leg["call_id"])):
        calls.setdefault(leg["linked_id"], []).append(leg)
    return {call: _call(some) for call, some in calls.items()}


def _call(legs: list[dict[str, Any]]) -> tuple[Any, ...]:
    best = next((leg for leg in legs if leg["disposition"] == "answered"), legs[0])
    names = ("direction", "from_number", "to_number", "extension", "queue", "disposition")
    talk = sum(int(leg["talk_seconds"]) for leg in legs)
    return (*(best[name] for name in names), talk)


def check(source: Path) -> bool:
    """Print what was found; whether it is as it must be."""
    by_run: list[Counter[tuple[Any, ...]]] = []
    is_right = True
    for run, records in RUNS.items():
        by_file = [read(source / run / name) for name in FILES]
        calls = [calls_of(legs) for legs in by_file]
        is_same = calls[0] == calls[1] and sorted(map(str, by_file[0])) == sorted(
            map(str, by_file[1])
        )
        is_right &= is_same and len(by_file[0]) == records and len(calls[0]) == CALLS
        print(f"{run}: {len(by_file[0])} legs, {len(calls[0])} calls; CSV = SQLite: {is_same}")
        by_run.append(Counter(calls[0].values()))
    is_right &= by_run[0] == by_run[1]
    print(f"the same {CALLS} calls in both runs: {by_run[0] == by_run[1]}")
    for call, count in sorted(by_run[0].items(), key=str):
        print(f"   {count} x", *call)
    for call, count in ((by_run[0] - by_run[1]) + (by_run[1] - by_run[0])).items():
        print(f"   ODD {count} x", *call)
    return is_right


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path)
    raise SystemExit(0 if check(parser.parse_args().source) else 1)
