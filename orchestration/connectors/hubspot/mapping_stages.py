"""Pipelines -> what a company's own stages mean, as far as HubSpot itself says."""

from collections.abc import Iterator
from datetime import datetime

from orchestration.connectors.hubspot.mapping import moment
from orchestration.connectors.values import Record, Row, Rows, Settings, dug, text

OBJECTS = {"deals": "deal", "leads": "lead"}
"""Those whose pipelines are read."""
LEAD_STEPS = {
    "new-stage-id": "lead",
    "attempting-stage-id": "lead",
    "connected-stage-id": "lead",
    "qualified-stage-id": "prospect",
    "unqualified-stage-id": "lost",
}
"""The stages of each lead pipeline that HubSpot makes; in a second one a number follows."""
_WON, _LOST = 1.0, 0.0


def stage_changed_at(record: Record) -> datetime | None:
    return moment(dug(record, "stage", "updatedAt"))


def no_rows(_record: Record, _settings: Settings) -> Rows:
    """A stage is no row: what it means goes another way."""
    return {}


def stage_rows(record: Record) -> Iterator[Row]:
    """Nothing where HubSpot does not say what a stage means: the checks will ask for it."""
    object_type, stage = text(record.get("object_type")), text(dug(record, "stage", "id"))
    step = deal_step(record) if object_type == "deal" else lead_step(stage or "")
    if object_type and stage and step:
        yield {
            "object_type": object_type,
            "native_stage": stage,
            "funnel_step": step,
            "is_excluded": "false",
        }


def deal_step(record: Record) -> str | None:
    """A deal is open or closed, and won at a probability of 1, lost at 0."""
    is_closed = text(dug(record, "stage", "metadata", "isClosed"))
    if is_closed == "false":
        return "opportunity"
    told = text(dug(record, "stage", "metadata", "probability"))
    try:
        probability = float(told) if told else None
    except ValueError:
        return None
    if is_closed != "true":
        return None
    return {_WON: "won", _LOST: "lost"}.get(probability) if probability is not None else None


def lead_step(stage: str) -> str | None:
    for known, step in LEAD_STEPS.items():
        if stage == known or (
            stage.startswith(f"{known}-") and stage.removeprefix(f"{known}-").isdigit()
        ):
            return step
    return None
