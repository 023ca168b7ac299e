"""A release: a copy of the marts file with what is public in it, swapped in whole.

Copying over a live file broke a fifth of the reads that were going on; a rename of the file alone
left long-lived readers with the old one for ever. A renamed symlink to its folder does neither.
"""

import filecmp
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
    MARTS,
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
    rows = _count_what_is_built(settings, manifest)
    _refuse_full_disk(settings)
    release_id = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
    path = settings.releases_dir / f".{release_id}" / FILE_NAME
    path.parent.mkdir(parents=True)
    _copy(settings.marts_file, path)
    with open_candidate(settings, path) as connection:
        # One transaction: each of 500 statements would sync on its own.
        connection.execute("begin")
        _add_reference(connection, manifest)
        _drop_unpublished(connection, manifest, personal_too=settings.publish_personal_data)
        _comment_all(connection, manifest)
        _describe_release(connection, settings, release_id)
        connection.execute("commit")
        connection.execute("detach build")
        connection.execute("checkpoint")
    _seal(path)
    _refuse_other_rows(path, manifest, rows)
    return path, rows


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


def published_name(settings: Settings) -> str:
    """Under which it is kept as done that the release in force is of a night."""
    is_there = (settings.home / "current" / FILE_NAME).exists()
    return f"release {current_release(settings) if is_there else None}"


def personal_columns(node: Mapping[str, Any]) -> list[str]:
    """Those that the mart's YAML marks as `config.meta.personal`."""
    return [
        name
        for name, column in node["columns"].items()
        if column.get("config", {}).get("meta", {}).get("personal")
        or column.get("meta", {}).get("personal")
    ]


def _count_what_is_built(settings: Settings, manifest: Manifest) -> dict[str, int]:
    """Rows a table, once all of it is done and on the disk, with nothing personal unasked."""
    with open_build(settings) as connection:
        _refuse_unfinished(connection, manifest)
        if not settings.publish_personal_data:
            _refuse_personal(connection, manifest)
        rows = {
            table: count_rows(connection, f"{node['schema']}.{node['alias']}")
            for table in published_tables(manifest)
            for node in [node_of(manifest, table)]
        }
        connection.execute(f"checkpoint {MARTS}")
    return rows


def _copy(source: Path, target: Path) -> None:
    """Byte by byte, and looked at before anybody opens it."""
    if source.with_name(f"{source.name}.wal").exists():
        raise PublishError(f"{source} was closed with a write-ahead log: it is not whole")
    shutil.copyfile(source, target)
    if not filecmp.cmp(source, target, shallow=False):
        raise PublishError(f"{target} is not what was built: it differs from {source}")


def _drop_unpublished(
    connection: duckdb.DuckDBPyConnection, manifest: Manifest, *, personal_too: bool
) -> None:
    """What dbt or an earlier project left in the marts file, and columns for what is personal."""
    published = {(schema, table) for table, schema in published_tables(manifest).items()}
    found = connection.execute(
        "select schema_name, table_name from duckdb_tables() "
        "where database_name = current_database()"
    ).fetchall()
    for schema, table in found:
        if (schema, table) not in published:
            connection.execute(f'drop table {schema}."{table}"')
        elif not personal_too:
            for column in personal_columns(node_of(manifest, table)):
                connection.execute(f'alter table {schema}.{table} drop column "{column}"')


def _add_reference(connection: duckdb.DuckDBPyConnection, manifest: Manifest) -> None:
    connection.execute("create schema reference")
    for table, schema in published_tables(manifest).items():
        if schema == "reference":
            source = f"build.{node_of(manifest, table)['schema']}.{table}"
            connection.execute(f"create table reference.{table} as from {source}")


def _comment_all(connection: duckdb.DuckDBPyConnection, manifest: Manifest) -> None:
    found = connection.execute(
        "select schema_name, table_name, column_name from duckdb_columns() "
        "where database_name = current_database() and not internal"
    ).fetchall()
    columns = {(schema, table, column) for schema, table, column in found}
    for table, schema in published_tables(manifest).items():
        node = node_of(manifest, table)
        _comment(connection, f"table {schema}.{table}", node["description"])
        for name, column in node["columns"].items():
            if (schema, table, name) in columns:
                _comment(connection, f'column {schema}.{table}."{name}"', column["description"])


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


def _seal(path: Path) -> None:
    """All of it in the one file, on the disk, and nobody's to write."""
    if path.with_name(f"{path.name}.wal").exists():
        raise PublishError(f"{path} was closed with a write-ahead log: it is not whole")
    path.chmod(0o444)
    _sync(path)
    _sync(path.parent)


def _refuse_other_rows(path: Path, manifest: Manifest, rows: Mapping[str, int]) -> None:
    with open_published(path) as connection:
        for table, schema in published_tables(manifest).items():
            if count_rows(connection, f"{schema}.{table}") != rows[table]:
                raise PublishError(f"{schema}.{table} in {path} is not what was built")
        connection.execute("select release_id from reference.release")


def _refuse_personal(connection: duckdb.DuckDBPyConnection, manifest: Manifest) -> None:
    """A column that is dropped leaves its bytes in the file."""
    for node in (node_of(manifest, table) for table in published_tables(manifest)):
        relation = f"{node['schema']}.{node['alias']}"
        for column in personal_columns(node):
            if count_rows(connection, f'{relation} where "{column}" is not null'):
                raise PublishError(
                    f"{relation}.{column} is personal and not empty, though nobody asked to "
                    "publish it: its model has to look at the var publish_personal_data"
                )


def _refuse_unfinished(connection: duckdb.DuckDBPyConnection, manifest: Manifest) -> None:
    layers = [layer for layer in LAYERS if tables_of(manifest, layer)]
    checks = [check_name(stage) for stage in ("raw", *layers)]
    if not count_rows(connection, "raw.runs"):
        raise PublishError("nothing has landed yet: `touchline run` builds the warehouse")
    undone = find_undone(connection, [*layers, *checks])
    if undone:
        raise PublishError(
            f"not done since the last landing (run {read_run(connection).run_id}), or not passed: "
            f"{', '.join(undone)}. `touchline run` does everything again"
        )


def _refuse_full_disk(settings: Settings) -> None:
    free = shutil.disk_usage(settings.home).free
    needed = settings.marts_file.stat().st_size
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
