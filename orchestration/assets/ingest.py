"""One step a connector: it asks its system, and leaves what it was given as files."""

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg

from orchestration.connectors import build_context, named_connectors
from orchestration.connectors.base import Connector, Delivery
from orchestration.landing import load_state
from orchestration.settings import Settings
from orchestration.warehouse import open_build

_NOT_WORTH_A_RETRY = (FileNotFoundError, PermissionError, NotADirectoryError, IsADirectoryError)


def build_ingest(settings: Settings) -> list[dg.AssetsDefinition]:
    """The connectors of TOUCHLINE_SOURCES."""
    return [_build_step(settings, connector) for connector in named_connectors(settings)]


def ingest_key(connector: str) -> dg.AssetKey:
    return dg.AssetKey(["landing", connector])


def read_delivery(settings: Settings, connector: str) -> Delivery:
    """What the connector handed over last."""
    told = json.loads(_delivery_file(settings, connector).read_text())
    told["files"] = {entity: [Path(p) for p in paths] for entity, paths in told["files"].items()}
    return Delivery(**{**told, "root": Path(told["root"])})


def _build_step(settings: Settings, connector: Connector) -> dg.AssetsDefinition:
    @dg.asset(
        key=ingest_key(connector.name),
        group_name="landing",
        description=f"{connector.title}: what is new since the last night, as it was delivered.",
        kinds={"python"},
        op_tags={"connector": connector.name},
        pool="duckdb",
        required_resource_keys={"night"},
        retry_policy=dg.RetryPolicy(
            max_retries=settings.connector_retries,
            delay=settings.retry_delay_seconds,
            backoff=dg.Backoff.EXPONENTIAL,
        ),
    )
    def ingest() -> dg.MaterializeResult[None]:
        with open_build(settings) as connection:
            state = load_state(connection, connector.name)
        try:
            given = build_context(
                settings, connector.name, state, full_refresh=settings.full_refresh
            )
            delivery = connector.extract(given)
        except Exception as error:
            if is_transient(error):
                raise
            raise dg.Failure(str(error), allow_retries=False) from error
        _write_delivery(settings, connector.name, delivery)
        return dg.MaterializeResult(
            metadata={
                "files": sum(len(files) for files in delivery.files.values()),
                "entities": sum(bool(files) for files in delivery.files.values()),
            }
        )

    return ingest


def _write_delivery(settings: Settings, connector: str, delivery: Delivery) -> None:
    told: dict[str, Any] = {
        field.name: getattr(delivery, field.name) for field in dataclasses.fields(delivery)
    }
    told["files"] = {e: [str(p) for p in paths] for e, paths in delivery.files.items()}
    told["root"] = str(delivery.root)
    told["state"] = dict(delivery.state)
    target = _delivery_file(settings, connector)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(told))


def _delivery_file(settings: Settings, connector: str) -> Path:
    return settings.home / "landing" / f"{connector}.json"


def is_transient(error: BaseException | None) -> bool:
    """Whether asking again may help: the network's errors are OSErrors, a missing folder too."""
    return any(
        isinstance(cause, OSError) and not isinstance(cause, _NOT_WORTH_A_RETRY)
        for cause in _causes(error)
    )


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
