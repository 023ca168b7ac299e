"""Dagster's event log in SQLite, without a new engine, a new connection and a sync an event.

A night has a thousand events: as Dagster does it, they took as long as the night itself. Leans on
one method of the pinned version; without the entry in dagster.yaml everything works, only slower.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from dagster import _check as check
from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from dagster._serdes import ConfigurableClassData
from sqlalchemy import Connection, Engine, create_engine, event

_SHARDS_KEPT_OPEN = 3
"""The index, the run in work, and the one that somebody looks at."""


class QuickEventLogStorage(SqliteEventLogStorage):
    """Keeps its connections, and lets SQLite sync at checkpoints.

    A power cut may cost the last events of a run that it has killed anyway, and, thanks to the
    write-ahead log, never the database.
    """

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._engines: dict[str, Engine] = {}
        super().__init__(base_dir, inst_data)

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Any
    ) -> "QuickEventLogStorage":
        return cls(check.str_param(config_value["base_dir"], "base_dir"), inst_data)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        with self._db_lock:
            engine = self._engines.pop(shard, None) or self._open(shard)
            self._engines[shard] = engine
            while len(self._engines) > _SHARDS_KEPT_OPEN:
                self._engines.pop(next(iter(self._engines))).dispose()
            with engine.connect() as connection, connection.begin():
                yield connection

    def _open(self, shard: str) -> Engine:
        engine = create_engine(
            self.conn_string_for_shard(shard),
            connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS},
        )
        event.listen(engine, "connect", _sync_at_checkpoints)
        if shard not in self._initialized_dbs:
            self._initdb(engine)
            self._initialized_dbs.add(shard)
        return engine

    def dispose(self) -> None:
        super().dispose()
        for engine in self._engines.values():
            engine.dispose()
        self._engines.clear()


def _sync_at_checkpoints(connection: Any, _: Any) -> None:
    connection.execute("pragma synchronous = normal")
