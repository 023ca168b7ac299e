"""A release: what is public of the marts, in a file of its own, swapped in whole.

Copying over a live file broke a fifth of the reads that were going on; a rename of the file alone
left long-lived readers with the old one for ever. A renamed symlink to its folder does neither.
"""

import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from orchestration.assets.manifest import (
    LAYERS,
    Manifest,
    check_name,
    node_of,
    published_tables,
    tables_of,
)
from orchestration.errors import PublishError
from orchestration.settings import Settings
from orchestration.warehouse import (
    count_rows,
    find_undone,
    open_build,
    open_candidate,
    open_published,
    read_run,
)

FILE_NAME = "touchline.duckdb"


def make_candidate(settings: Settings, manifest: Manifest) -> tuple[Path, dict[str, int]]:
    """A finished file that nobody sees yet, and its rows a table."""
    _refuse_unfinished(settings, manifest)
    _refuse_full_disk(settings)
    release_id = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
    path = settings.releases_dir / f".{release_id}" / FILE_NAME
    path.parent.mkdir(parents=True)
    with open_candidate(settings, path) as connection:
        # One transaction: each of 500 statements would sync on its own.
        connection.execute("begin")
        prints = {
            table: _copy(connection, settings, node_of(manifest, table), schema)
            for table, schema in published_tables(manifest).items()
        }
        _describe_release(connection, settings, release_id)
        connection.execute("commit")
        connection.execute("detach build")
        connection.execute("checkpoint")
    _seal(path)
    return path, _compare(path, manifest, prints)


def release(settings: Settings, candidate: Path) -> Path:
    """Put the candidate in force; whoever reads the old one goes on reading it."""
    folder = settings.releases_dir / candidate.parent.name.removeprefix(".")
    candidate.parent.rename(folder)
    _sync(settings.releases_dir)
    link = settings.home / f".current-{folder.name}"
    link.symlink_to(folder.relative_to(settings.home))
    os.replace(link, settings.home / "current")  # noqa: PTH105  a rename, and nothing else
    _sync(settings.home)
    _drop_old(settings)
    return folder / FILE_NAME


def discard(candidate: Path) -> None:
    """A candidate that failed its checks."""
    shutil.rmtree(candidate.parent, ignore_errors=True)


def current_release(settings: Settings) -> str | None:
    """The id of the release in force."""
    with suppress(OSError):
        return (settings.home / "current").readlink().name
    return None


def public_columns(node: Mapping[str, Any], columns: list[str], personal_too: bool) -> list[str]:
    """The columns but those that the mart's YAML marks as `config.meta.personal`."""
    if personal_too:
        return columns
    personal = {
        name
        for name, column in node["columns"].items()
        if column.get("config", {}).get("meta", {}).get("personal")
        or column.get("meta", {}).get("personal")
    }
    return [column for column in columns if column not in personal]


def _copy(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    node: Mapping[str, Any],
    schema: str,
) -> tuple[int, int]:
    table, source = f"{schema}.{node['alias']}", f"build.{node['schema']}.{node['alias']}"
    types = {row[0]: row[1] for row in connection.execute(f"describe {source}").fetchall()}
    columns = public_columns(node, list(types), settings.publish_personal_data)
    # Few clients know DuckDB's 128-bit sums.
    chosen = ", ".join(
        f'cast("{name}" as bigint) as "{name}"' if types[name] == "HUGEINT" else f'"{name}"'
        for name in columns
    )
    connection.execute(f"create schema if not exists {schema}")
    connection.execute(f"create table {table} as select {chosen} from {source}")
    _comment(connection, f"table {table}", node["description"])
    for name in columns:
        _comment(
            connection,
            f'column {table}."{name}"',
            node["columns"].get(name, {}).get("description", ""),
        )
    return _fingerprint(connection, f"(select {chosen} from {source})")


def _comment(connection: duckdb.DuckDBPyConnection, what: str, text: str) -> None:
    if text:
        quoted = " ".join(text.split()).replace("'", "''")
        connection.execute(f"comment on {what} is '{quoted}'")


def _describe_release(
    connection: duckdb.DuckDBPyConnection, settings: Settings, release_id: str
) -> None:
    run_id, as_of = connection.execute(
        "select run_id, as_of from build.raw.runs order by started_at desc limit 1"
    ).fetchall()[0]
    connection.execute("create schema if not exists reference")
    connection.execute(
        "create table reference.release as select $release_id as release_id, $run_id as run_id, "
        "$as_of::timestamp as as_of, $zone as business_timezone, $currency as reporting_currency, "
        "(now() at time zone 'UTC') as published_at",
        {
            "release_id": release_id,
            "run_id": run_id,
            "as_of": as_of,
            "zone": settings.business_timezone,
            "currency": settings.reporting_currency,
        },
    )


def _fingerprint(connection: duckdb.DuckDBPyConnection, relation: str) -> tuple[int, int]:
    """(rows, a hash of every value): reads each block once."""
    found = connection.execute(
        f"select count(*), coalesce(bit_xor(hash(t)), 0) from {relation} t"
    ).fetchall()
    return int(found[0][0]), int(found[0][1])


def _seal(path: Path) -> None:
    """All of it in the one file, on the disk, and nobody's to write."""
    if path.with_name(f"{path.name}.wal").exists():
        raise PublishError(f"{path} was closed with a write-ahead log: it is not whole")
    path.chmod(0o444)
    _sync(path)
    _sync(path.parent)


def _compare(
    path: Path, manifest: Manifest, prints: Mapping[str, tuple[int, int]]
) -> dict[str, int]:
    with open_published(path) as connection:
        for table, schema in published_tables(manifest).items():
            if _fingerprint(connection, f"{schema}.{table}") != prints[table]:
                raise PublishError(f"{schema}.{table} in {path} is not what was built")
        connection.execute("select release_id from reference.release")
    return {table: rows for table, (rows, _) in prints.items()}


def _refuse_unfinished(settings: Settings, manifest: Manifest) -> None:
    layers = [layer for layer in LAYERS if tables_of(manifest, layer)]
    checks = [check_name(stage) for stage in ("raw", *layers)]
    with open_build(settings, read_only=True) as connection:
        if not count_rows(connection, "raw.runs"):
            raise PublishError("nothing has landed yet: `touchline run` builds the warehouse")
        undone = find_undone(connection, [*layers, *checks])
        run = read_run(connection)
    if undone:
        raise PublishError(
            f"not done since the last landing (run {run.run_id}), or not passed: "
            f"{', '.join(undone)}. `touchline run` does everything again"
        )


def _refuse_full_disk(settings: Settings) -> None:
    free = shutil.disk_usage(settings.home).free
    needed = settings.build_file.stat().st_size
    if free < needed:
        raise PublishError(
            f"{settings.home}: {free:,} bytes are free, a release may need {needed:,}"
        )


def _drop_old(settings: Settings) -> None:
    releases = sorted(path for path in settings.releases_dir.glob("[0-9]*") if path.is_dir())
    for old in releases[: -settings.releases_kept]:
        if old.name != current_release(settings):
            shutil.rmtree(old, ignore_errors=True)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
