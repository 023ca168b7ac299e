"""Deals of Pipedrive, their histories and stages -> canonical rows.

Pipedrive says by status whether a deal is open, won or lost; of a stage it knows a name and a place
in the order. So a deal's stage is `won` or `lost`, or the id of the stage that it is open in: an
opportunity, as a deal was opened, until the company's stage map says otherwise.
"""

from datetime import datetime, timedelta

from orchestration.connectors.pipedrive.mapping import when
from orchestration.connectors.values import Record, Row, Rows, Settings, iso, parse_iso, text

_CLOSED = ("won", "lost")
# The log's time and the deal's own of one change.
_SAME = timedelta(seconds=5)
_OWNERS = ("user_id", "owner_id")


def deal_rows(deal: Record, settings: Settings) -> Rows:
    """The deal, what it says itself of its stages, and the lead that it came from or is."""
    key, lead = text(deal.get("id")), text(deal.get("source_lead_id"))
    rows: dict[str, list[Row]] = {}
    if not lead and settings.get("deals_are_leads") != "false":
        lead = f"deal-{key}"
        rows["crm/leads"] = [_lead(deal, lead, "deal")]
    elif lead:
        rows["crm/leads"] = [_lead(deal, lead, "converted")]
    rows["crm/deals"] = [
        {
            "deal_id": key,
            "lead_id": lead,
            "contact_id": text(deal.get("person_id")),
            "account_id": text(deal.get("org_id")),
            "owner_rep_id": text(deal.get("owner_id")),
            "pipeline": text(deal.get("_pipeline")) or _named("pipeline", deal.get("pipeline_id")),
            "stage": _stage_now(deal),
            "amount": text(deal.get("value")),
            "currency": text(deal.get("currency")),
            "created_at": when(deal.get("add_time")),
            "updated_at": when(deal.get("update_time")),
            "closed_at": iso(_closed_at(deal)),
            "is_deleted": text(_is_deleted(deal)),
        }
    ]
    if not _is_deleted(deal):
        rows["crm/stage_changes"] = _own_changes(deal)
    return rows


def history_rows(deal: Record, settings: Settings) -> Rows:
    """Every stage and every owner that a deal had, by its change log."""
    del settings
    # The log has the latest first; of changes of one second the order stays.
    logged = list(deal.get("_changes") or ())
    logged.reverse()
    changes = sorted(logged, key=lambda change: text(change.get("time")) or "")
    return {
        "crm/stage_changes": _stages(deal, changes),
        "crm/owner_changes": _owners(deal, changes),
    }


def _lead(deal: Record, key: str, status: str) -> Row:
    """A lead as far as its deal tells of it.

    Without `updated_at`: any row of the lead itself, if there is one, goes before this one.
    """
    return {
        "lead_id": key,
        "contact_id": text(deal.get("person_id")),
        "account_id": text(deal.get("org_id")),
        "owner_rep_id": text(deal.get("owner_id")),
        "status": status,
        "created_at": when(deal.get("add_time")),
        "is_deleted": text(_is_deleted(deal) and status == "deal"),
    }


def _is_deleted(deal: Record) -> bool:
    return deal.get("is_deleted") is True or deal.get("status") == "deleted"


def stage_rows(stage: Record) -> list[Row]:
    """Deals in a stage are open: what is won or lost is so by its status."""
    key = text(stage.get("id"))
    told = {"object_type": "deal", "funnel_step": "opportunity", "is_excluded": "false"}
    return [{**told, "native_stage": key}] if key else []


def no_rows(record: Record, settings: Settings) -> Rows:
    del record, settings
    return {}


def _stage_now(deal: Record) -> str:
    status = text(deal.get("status"))
    return status if status in _CLOSED else _open_stage(deal, deal.get("stage_id"))


def _open_stage(deal: Record, stage: object) -> str:
    """The stage's id; `open` where it was deleted before anybody could tell of it."""
    key = text(stage)
    return key if key and key in (deal.get("_stages") or ()) else "open"


def _named(what: str, key: object) -> str | None:
    """A pipeline or stage that was deleted has no name any more."""
    return f"{what} {key}" if key is not None else None


def _closed_at(deal: Record) -> datetime | None:
    """When it was won or lost last; None while it is open."""
    status = deal.get("status")
    if status not in _CLOSED:
        return None
    return parse_iso(deal.get(f"{status}_time")) or parse_iso(deal.get("close_time"))


def _own_changes(deal: Record) -> list[Row]:
    """What the deal itself says, until its history has been asked for."""
    closed = _closed_at(deal)
    moment = closed or _stage_since(deal) or parse_iso(deal.get("add_time"))
    return [_change(deal, _stage_now(deal), moment, None)] if moment else []


def _stage_since(deal: Record) -> datetime | None:
    return parse_iso(deal.get("stage_change_time"))


def _stages(deal: Record, changes: list[Record]) -> list[Row]:
    stage = _before(changes, ("stage_id",), deal.get("stage_id"))
    status = _before(changes, ("status",), deal.get("status"))
    rows: list[Row] = []
    last: str | None = None

    def enter(moment: datetime | None, rep: object) -> None:
        nonlocal last
        entered = str(status) if status in _CLOSED else _open_stage(deal, stage)
        if entered != last and moment is not None:
            rows.append(_change(deal, entered, moment, text(rep)))
            last = entered

    enter(parse_iso(deal.get("add_time")), deal.get("creator_user_id"))
    for change in changes:
        field, value = change.get("field_key"), change.get("new_value")
        if field == "stage_id":
            stage = value
        elif field == "status" and value != "deleted":
            status = value
        else:
            continue
        enter(_moment(deal, change), change.get("actor_user_id"))
    return rows


def _moment(deal: Record, change: Record) -> datetime | None:
    """When; of the deal's last change, as the deal has it: one event is one row."""
    moment, value = parse_iso(change.get("time")), text(change.get("new_value"))
    if change.get("field_key") == "stage_id":
        own = _stage_since(deal) if value == text(deal.get("stage_id")) else None
    else:
        own = _closed_at(deal) if value == deal.get("status") else None
    return own if own and moment and abs(moment - own) <= _SAME else moment


def _owners(deal: Record, changes: list[Record]) -> list[Row]:
    owner = _before(changes, _OWNERS, deal.get("owner_id"))
    told = [(parse_iso(deal.get("add_time")), text(owner))]
    told += [
        (parse_iso(change.get("time")), text(change.get("new_value")))
        for change in changes
        if change.get("field_key") in _OWNERS
    ]
    return [
        {
            "object_type": "deal",
            "object_id": text(deal.get("id")),
            "owner_rep_id": rep,
            "changed_at": iso(moment),
        }
        for moment, rep in told
        if moment and rep
    ]


def _before(changes: list[Record], fields: tuple[str, ...], present: object) -> object:
    """What a field was before its first change."""
    for change in changes:
        if change.get("field_key") in fields:
            return change.get("old_value")
    return present


def _change(deal: Record, stage: str, moment: datetime, rep: str | None) -> Row:
    return {
        "object_type": "deal",
        "object_id": text(deal.get("id")),
        "stage": stage,
        "changed_at": iso(moment),
        "rep_id": rep,
    }
