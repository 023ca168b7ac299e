"""A drop folder of files as LANDING.md says; DuckDB reads them, this hands over their paths."""

from pathlib import Path

from orchestration.connectors.base import Connector, ConnectorError, Context, Delivery

_SUFFIXES = (".csv", ".parquet", ".jsonl", ".ndjson")
_ENTITIES = {
    "crm": (
        "reps",
        "accounts",
        "contacts",
        "leads",
        "deals",
        "stage_changes",
        "owner_changes",
        "activities",
        "collateral",
        "collateral_events",
        "quotas",
    ),
    "telephony": ("calls",),
}


def extract(context: Context) -> Delivery:
    """Every file that is new or changed since the last delivery, an entity's in order of name."""
    folder = Path(context.settings["path"]).expanduser()
    if not folder.is_dir():
        raise ConnectorError(f"files: {folder} is no folder; TOUCHLINE_FILES_PATH names it")
    seen: dict[str, str] = {} if context.full_refresh else context.state.get("files", {})
    found = {
        f"{system}/{entity}": _files_of(folder / system, entity)
        for system, entities in _ENTITIES.items()
        for entity in entities
    }
    if not any(found.values()):
        raise ConnectorError(
            f"files: {folder} holds nothing like crm/leads.csv or telephony/calls.csv"
        )
    marks = {
        str(path.relative_to(folder)): _mark(path) for paths in found.values() for path in paths
    }
    return Delivery(
        files={
            entity: [p for p in paths if seen.get(str(p.relative_to(folder))) != _mark(p)]
            for entity, paths in found.items()
        },
        # What has been read stays known after a file was taken out of the folder.
        state={"files": {**seen, **marks}},
        root=folder,
        time_zone=context.settings.get("time_zone", "UTC"),
        encoding=context.settings.get("encoding", "utf-8"),
    )


def _files_of(folder: Path, entity: str) -> list[Path]:
    """`<entity>.csv` first, then `<entity>-<anything>.csv` by name."""
    if not folder.is_dir():
        return []
    return sorted(
        (
            path
            for path in folder.iterdir()
            if path.suffix.lower() in _SUFFIXES
            and (path.stem == entity or path.stem.startswith(f"{entity}-"))
        ),
        key=lambda path: (path.stem, path.suffix),
    )


def _mark(path: Path) -> str:
    """What tells one content of a file from the next without reading it."""
    status = path.stat()
    return f"{status.st_size}:{status.st_mtime_ns}"


CONNECTOR = Connector(
    name="files", title="Drop folder", extract=extract, required_settings=("path",)
)
