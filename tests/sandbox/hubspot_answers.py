"""How HubSpot words its answers: pages, records, filters, pipelines, batches, errors."""

from collections.abc import Mapping, Sequence
from typing import Any

from tests.sandbox.account import moment
from tests.sandbox.hubspot_rows import Native, own_stage
from tests.sandbox.server import Answer, Request

EPOCH = "1970-01-01T00:00:00Z"


def page(told: Sequence[Native], request: Request, size: int) -> Native:
    """`after` is the id of the next record."""
    keys = [one["id"] for one in told]
    after = request.param("after")
    start = keys.index(after) if after in keys else 0
    body: Native = {"results": list(told[start : start + size])}
    if start + size < len(told):
        key = keys[start + size]
        body["paging"] = {"next": {"after": key, "link": f"{request.base_url}?after={key}"}}
    return body


def shown(native: Native, names: Sequence[str], past: Sequence[str]) -> Native:
    """What is asked for, null where there is nothing, and what is always told."""
    properties = native["properties"]
    always = [
        name
        for name in ("createdate", "hs_lastmodifieddate", "lastmodifieddate", "hs_object_id")
        if name in properties
    ]
    shown = {
        **{key: value for key, value in native.items() if key != "propertiesWithHistory"},
        "properties": {name: properties.get(name) for name in (*always, *names)},
        "url": f"https://app.hubspot.example/record/{native['id']}",
    }
    if past:
        known = native["propertiesWithHistory"]
        shown["propertiesWithHistory"] = {name: known.get(name) or [] for name in past}
    return shown


def fits(native: Native, filters: Sequence[Mapping[str, Any]]) -> bool:
    return all(_fits_one(native, one) for one in filters)


def _fits_one(native: Native, one: Mapping[str, Any]) -> bool:
    name = one["propertyName"]
    if native["properties"].get(name) is None:
        return False
    value, wanted = comparable(native, name), _valued(name, one["value"])
    match one["operator"]:
        case "GTE":
            return bool(value >= wanted)
        case "GT":
            return bool(value > wanted)
        case "BETWEEN":
            return bool(wanted <= value <= _valued(name, one["highValue"]))
    raise NotImplementedError(one["operator"])


def comparable(native: Native, name: str) -> Any:
    return _valued(name, native["properties"][name])


def _valued(name: str, value: str) -> Any:
    return (len(value), value) if name == "hs_object_id" else moment(value)


def pipeline(key: str, label: str, stages: Sequence[tuple[str, Native]]) -> Native:
    dates = {"createdAt": EPOCH, "updatedAt": EPOCH, "archived": False}
    return {
        "label": label,
        "displayOrder": 0,
        "id": key,
        "stages": [
            {"label": one, "displayOrder": place, "metadata": metadata, "id": one, **dates}
            for place, (one, metadata) in enumerate(stages)
        ],
        **dates,
    }


def own_pipeline(name: str) -> Native:
    chances = {"qualification": "0.3", "proposal": "0.5", "negotiation": "0.7"}
    chances |= {"won": "1.0", "lost": "0.0"}
    stages = [(own_stage(name, stage), closing(chance)) for stage, chance in chances.items()]
    return pipeline(name, name, stages)


def closing(chance: str) -> Native:
    return {"isClosed": "true" if chance in ("1.0", "0.0") else "false", "probability": chance}


def not_found(context: Native, more: str | None = None) -> Native:
    told = {"status": "error", "category": "OBJECT_NOT_FOUND", "message": "No such thing."}
    return {**told, "context": context, **({"subCategory": more} if more else {})}


def batch_answer(results: list[Native], errors: list[Native]) -> Answer:
    body: Native = {
        "completedAt": EPOCH,
        "status": "COMPLETE",
        "startedAt": EPOCH,
        "results": results,
    }
    if errors:
        body |= {"errors": errors, "numErrors": len(errors)}
    return Answer(body, 207 if errors else 200)


def error(status: int, message: str, category: str = "", **more: Any) -> Answer:
    body = {"status": "error", "message": message, "correlationId": "0-0-0", **more}
    return Answer(body | ({"category": category} if category else {}), status)
