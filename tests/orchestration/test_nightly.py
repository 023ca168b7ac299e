"""The nightly as a whole, over three small models."""

import io
import time

import duckdb
from rich.console import Console

from orchestration.nightly import run_nightly
from orchestration.settings import Settings

from .conftest import FakeChecks


def quiet() -> Console:
    return Console(file=io.StringIO(), width=200)


def test_a_night_ends_in_a_release(settings: Settings, checks: FakeChecks) -> None:
    console = quiet()
    for i in range(3):
        t = time.time()
        record = run_nightly(settings, console)
        print("TIME", time.time() - t)
    print(console.file.getvalue())
    print(record)

    print(open(settings.logs_dir / f"run-{record.run_id}.log").read()[-6000:])
    assert record.outcome == "ok"
    with duckdb.connect(str(settings.published_file), read_only=True) as c:
        print(
            c.execute("from marts.fct_leads").fetchall(),
            c.execute("from reference.release").fetchall(),
        )
