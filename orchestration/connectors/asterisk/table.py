"""Records in a table, of any database that SQLAlchemy speaks to."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from orchestration.connectors.base import ConnectorError, UnansweredError
from orchestration.connectors.values import text

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from sqlalchemy.types import TypeEngine

_AT_ONCE = 5000


def sqlite_url(path: Path) -> str:
    """To read only: without that, SQLite makes a file that is not there."""
    return f"sqlite:///file:{quote(str(path.resolve()))}?mode=ro&uri=true"


class CdrTable:
    """The table; it is read in the order of `start`, from a moment on."""

    def __init__(
        self, url: str, password: str | None, table: str, names: Mapping[str, str]
    ) -> None:
        """Raises ConnectorError where the address is none or its driver is not installed."""
        from sqlalchemy import create_engine
        from sqlalchemy.engine import make_url
        from sqlalchemy.exc import ArgumentError, NoSuchModuleError

        self._schema, _, self._table = table.rpartition(".")
        self._names, self._password = names, password
        try:
            address = make_url(url)
            if password:
                address = address.set(password=password)
            self._password = address.password and str(address.password)
            self._engine = create_engine(address, pool_pre_ping=True)
        except (ArgumentError, NoSuchModuleError, ValueError):
            raise ConnectorError(
                "Asterisk: TOUCHLINE_ASTERISK_URL is no address of a database; it is like "
                "mysql+pymysql://reader@pbx.example/asteriskcdrdb"
            ) from None
        except ImportError as error:
            raise ConnectorError(
                f"Asterisk: the driver of TOUCHLINE_ASTERISK_URL is not installed: "
                f"pip install {error.name}"
            ) from None

    def close(self) -> None:
        self._engine.dispose()

    def read(self, since: datetime | None) -> Iterator[list[dict[str, Any]]]:
        """Raises UnansweredError for no answer, ConnectorError for no such table."""
        from sqlalchemy import column, select, table

        with self._connected() as connection:
            types = self._columns(connection)
            theirs = self._started_by(types)
            cdr = table(self._table, *map(column, types), schema=self._schema or None)
            query = select(cdr).order_by(cdr.c[theirs])
            if since is not None:
                query = query.where(cdr.c[theirs] >= _comparable(since, types[theirs]))
            result = connection.execution_options(stream_results=True).execute(query)
            for rows in result.mappings().partitions(_AT_ONCE):
                yield [
                    {
                        self._names.get(name.lower(), name.lower()): _told(value)
                        for name, value in row.items()
                    }
                    for row in rows
                ]

    def _columns(self, connection: "Connection") -> dict[str, "TypeEngine[Any]"]:
        from sqlalchemy import inspect
        from sqlalchemy.exc import NoSuchTableError

        try:
            found = inspect(connection).get_columns(self._table, schema=self._schema or None)
        except NoSuchTableError:
            found = []
        if not found:
            raise ConnectorError(
                f"Asterisk: there is no table {self._table!r}; TOUCHLINE_ASTERISK_TABLE names it"
            )
        return {column["name"]: column["type"] for column in found}

    def _started_by(self, columns: Mapping[str, Any]) -> str:
        known = {self._names.get(name.lower(), name.lower()): name for name in columns}
        missing = {"start", "channel", "disposition"} - set(known)
        if missing:
            raise ConnectorError(
                f"Asterisk: the table has no column {', '.join(sorted(missing))}; name it in "
                "TOUCHLINE_ASTERISK_NAMES, like start=calldate"
            )
        return known["start"]

    @contextmanager
    def _connected(self) -> Iterator["Connection"]:
        from sqlalchemy.exc import DBAPIError, SQLAlchemyError

        try:
            with self._engine.connect() as connection:
                yield connection
        except DBAPIError as error:
            raise UnansweredError(
                f"Asterisk: the database of TOUCHLINE_ASTERISK_URL: {self._safe(error.orig)}"
            ) from None
        except SQLAlchemyError as error:
            raise ConnectorError(
                f"Asterisk: the table can't be read: {self._safe(error)}"
            ) from None

    def _safe(self, error: object) -> str:
        told = " ".join(str(error).split())[:300]
        return told.replace(self._password, "<secret>") if self._password else told


def _comparable(since: datetime, column: "TypeEngine[Any]") -> Any:
    """`since` as the column has its times."""
    from sqlalchemy.types import DateTime, Integer, Numeric

    if isinstance(column, Integer | Numeric):
        return since.timestamp()
    if isinstance(column, DateTime) and column.timezone:
        return since
    # An hour before: in autumn there are two of one.
    local = since.replace(tzinfo=None) - timedelta(hours=1)
    return local if isinstance(column, DateTime) else local.isoformat(" ", "seconds")


def _told(value: Any) -> str | None:
    return value.isoformat(sep=" ") if isinstance(value, datetime) else text(value)
