"""PostgreSQL with the same SQL: limit/*.sql but the scorecard, after COPY of the same files.

`python -m tests.benchmarks.postgres_core REPORT.json FOLDER OUT` starts a cluster of its own in
OUT, on a Unix socket, and stops it at the end.
"""

import json
import os
import pwd
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import duckdb

from tests.benchmarks.comparing import CORE_KEYS
from tests.benchmarks.measuring import StepCost, tree_bytes
from tests.benchmarks.sql_parts import ENTITIES, REFERENCE, files_of, parts, statements

_READ = Path(__file__).parent / "postgres" / "read.sql"
_OWNER = "postgres"
# As much memory as the others may have (4 GiB), no care for a crash: it is all made anew.
_SETTINGS = {
    "listen_addresses": "",
    "shared_buffers": "1GB",
    "work_mem": "384MB",
    "maintenance_work_mem": "384MB",
    "max_parallel_workers_per_gather": "1",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "8GB",
    "autovacuum": "off",
    "jit": "off",
    "timezone": "UTC",
}


def binaries() -> Path | None:
    """Where the system's PostgreSQL is; nothing where there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    path = found[-1] if found else shutil.which("postgres")
    return Path(path).parent if path else None


class Cluster:
    """A cluster of its own, made for one run."""

    def __init__(self, folder: Path, programs: Path) -> None:
        self.folder, self._programs = folder, programs
        # PostgreSQL refuses to run as root.
        self._user = _OWNER if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        shutil.chown(folder, self._user)
        self._call("initdb", "-D", str(folder / "data"), "-A", "trust", "-E", "UTF8",
                   "--locale=C.UTF-8", "-U", self._user)  # fmt: skip
        settings = [part for k, v in _SETTINGS.items() for part in ("-c", f"{k}={v}")]
        self.server = subprocess.Popen(
            [str(programs / "postgres"), "-D", str(folder / "data"), "-k", str(folder), *settings],
            user=self._user,
            group=self._user,
            stdout=subprocess.DEVNULL,
            stderr=(folder / "log").open("w"),
        )
        for _ in range(100):
            if not self._psql("select 1", check=False).returncode:
                break
            time.sleep(0.1)

    def run(self, sql: str) -> None:
        self._psql(sql)

    def cpu_seconds(self) -> float:
        """Of the server and of the backends that have ended: each `run` has one of its own."""
        # The server counts a backend's time when it has noticed its end.
        time.sleep(0.5)
        # The name of the program, in brackets, is the second field; 14 to 17 are clock ticks.
        fields = Path(f"/proc/{self.server.pid}/stat").read_text().rpartition(")")[2].split()
        return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")

    def stop(self) -> None:
        self.server.send_signal(signal.SIGINT)
        self.server.wait()

    def _call(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [str(self._programs / program), *arguments],
            check=True, user=self._user, group=self._user, stdout=subprocess.DEVNULL,
        )  # fmt: skip

    def _psql(self, sql: str, *, check: bool = True) -> "subprocess.CompletedProcess[str]":
        done = subprocess.run(
            [str(self._programs / "psql"), "-h", str(self.folder), "-U", self._user, "-d",
             "postgres", "-qXAt", "-v", "ON_ERROR_STOP=1", "-f", "-"],
            input=sql, text=True, capture_output=True, check=False,
        )  # fmt: skip
        if check and done.returncode:
            raise RuntimeError(f"{done.stderr}\n{sql[:2000]}")
        return done


def convert(folder: Path, out: Path) -> None:
    """The same rows as CSV, numbered in the order of delivery: PostgreSQL reads no Parquet."""
    connection = duckdb.connect()
    connection.execute("set memory_limit = '2GiB'")
    for entity in ENTITIES:
        files = [str(path) for path in files_of(folder, entity)]
        connection.execute(
            "copy (select *, row_number() over () as line from read_parquet($files)) "
            f"to '{out / entity.replace('/', '_')}.csv' (header false)",
            {"files": files},
        )


def columns_of(folder: Path, entity: str) -> list[str]:
    described = duckdb.execute(
        "select column_name from (describe select * from read_parquet(?))",
        [[str(path) for path in files_of(folder, entity)]],
    ).fetchall()
    return [name for (name,) in described]


def copy_statements(folder: Path, csv: Path) -> Iterator[str]:
    """Schemas, seeds, and the delivered text."""
    yield "create schema work; create schema marts; create schema delivered;"
    for name, path in REFERENCE.items():
        header = path.read_text().splitlines()[0].split(",")
        texts = ", ".join(f"{column} text" for column in header)
        yield f"create unlogged table work.seed_{name} ({texts});"
        yield f"\\copy work.seed_{name} from '{path}' (format csv, header)"
    for entity in ENTITIES:
        table = entity.replace("/", "_")
        texts = ", ".join(f"{column} text" for column in columns_of(folder, entity))
        yield f"create unlogged table delivered.{table} ({texts}, line bigint);"
        yield f"\\copy delivered.{table} from '{csv / table}.csv' (format csv)"


def analysed(sql: Sequence[str]) -> Iterator[str]:
    """With statistics for each new table: without them the next join is planned blindly."""
    for statement in sql:
        yield f"{statement};"
        words = statement.split()
        if words[:3] == ["create", "unlogged", "table"]:
            yield f"analyze {words[3]};"


def build(folder: Path, out: Path) -> list[StepCost]:
    """Copy, run the parts, export; what each of them took."""
    programs = binaries()
    assert programs is not None
    csv = out / "csv"
    shutil.rmtree(csv, ignore_errors=True)
    csv.mkdir(parents=True)
    convert(folder, csv)
    cluster = Cluster(out / "cluster", programs)
    costs: list[StepCost] = []
    try:
        with _measured(costs, "copy", cluster):
            cluster.run("\n".join(copy_statements(folder, csv)))
        with _measured(costs, "01_read", cluster):
            cluster.run("\n".join(analysed(statements(_READ, "postgres"))))
        for part in parts():
            # Lists of structs are DuckDB's alone.
            if part.stem in ("01_read", "14_scorecard"):
                continue
            with _measured(costs, part.stem, cluster):
                cluster.run("\n".join(analysed(statements(part, "postgres"))))
        _export(cluster, csv, out)
    finally:
        cluster.stop()
        shutil.rmtree(csv)
        shutil.rmtree(cluster.folder, ignore_errors=True)
    return costs


@contextmanager
def _measured(costs: list[StepCost], name: str, cluster: Cluster) -> Iterator[None]:
    wall, cpu = time.monotonic(), cluster.cpu_seconds()
    with tree_bytes(cluster.server.pid) as peak:
        yield
    costs.append(StepCost(name, time.monotonic() - wall, cluster.cpu_seconds() - cpu, peak()))


def _export(cluster: Cluster, csv: Path, out: Path) -> None:
    """The core of it as Parquet, for the comparison with the others."""
    for table in CORE_KEYS:
        if table == "fct_touches":
            query = (
                "select touch, lead, attempt_number, contact_number, is_completed, is_automated "
                "from work.touches"
            )
        else:
            query = (
                "select *, case when scope = 'company' then -1 when scope_value = 'unknown' "
                f"then null else cast(substr(scope_value, 8) as bigint) end as rep "
                f"from marts.{table} "
                "where period_grain = 'month' and scope in ('company', 'rep')"
            )
        path = csv / f"{table}.csv"
        cluster.run(f"\\copy ({query}) to '{path}' (format csv, header)")
        duckdb.execute(
            f"copy (select * from read_csv('{path}', header = true, sample_size = -1)) "
            f"to '{out / table}.parquet'"
        )


if __name__ == "__main__":
    report, files, target = map(Path, sys.argv[1:4])
    report.write_text(json.dumps([asdict(cost) for cost in build(files, target)], indent=1))
