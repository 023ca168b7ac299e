"""Stages of Bitrix24: how leads and deals moved through them, and what a portal's own mean.

Each stage has a semantics: P in progress, S success, F failure. A portal names its own stages
(`UC_4J2K`), and those of a further pipeline begin with its number (`C5:WON`): no list knows them
all, but the portal says what they are.
"""

from collections.abc import Iterable

from orchestration.connectors.values import Record, Row, Rows, Settings, dug, iso, parse_iso, text

_STEPS = {
    ("lead", "S"): "prospect",
    ("lead", "F"): "lost",
    ("deal", "P"): "opportunity",
    ("deal", "S"): "won",
    ("deal", "F"): "lost",
}
"""A portal's own status of a lead in progress is none of these: whether it is a lead or a prospect
by then only the company can say (seeds/stage_map.csv), and a check asks until it does."""
_LEADS, _DEALS = "STATUS", "DEAL_STAGE"


def object_type(status: Record) -> str | None:
    """Whose stage an entry of the CRM's directories is: `DEAL_STAGE_5` is pipeline 5's."""
    told = text(status.get("ENTITY_ID")) or ""
    if told == _LEADS:
        return "lead"
    return "deal" if told == _DEALS or told.startswith(f"{_DEALS}_") else None


def stage_key(status: Record) -> str:
    return f"{object_type(status)} {text(status.get('STATUS_ID'))}"


def semantics(status: Record) -> str:
    """P, S or F."""
    told = text(status.get("SEMANTICS")) or text(dug(status, "EXTRA", "SEMANTICS")) or "P"
    return {"success": "S", "failure": "F", "apology": "F", "process": "P"}.get(told, told)


def told_stages(status: Record) -> Iterable[Row]:
    kind, stage = object_type(status), text(status.get("STATUS_ID"))
    step = _STEPS.get((kind or "", semantics(status)))
    if kind and stage and step:
        yield {
            "object_type": kind,
            "native_stage": stage,
            "funnel_step": step,
            "is_excluded": "false",
        }


def no_rows(_status: Record, _settings: Settings) -> Rows:
    """A stage is no row: it is read for what it means."""
    return {}


def lead_stage_rows(entry: Record, _settings: Settings) -> Rows:
    return _rows("lead", entry, entry.get("STATUS_ID"))


def deal_stage_rows(entry: Record, _settings: Settings) -> Rows:
    return _rows("deal", entry, entry.get("STAGE_ID"))


def _rows(kind: str, entry: Record, stage: object) -> Rows:
    return {
        "crm/stage_changes": [
            {
                "object_type": kind,
                "object_id": text(entry.get("OWNER_ID")),
                "stage": text(stage),
                "changed_at": iso(parse_iso(entry.get("CREATED_TIME"))),
                # Who moved it is not told.
                "rep_id": None,
            }
        ]
    }
