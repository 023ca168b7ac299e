"""Canonical rows as the connector must bring them back from Pipedrive."""

from typing import TYPE_CHECKING

from tests.sandbox import pipedrive_records as native
from tests.sandbox.account import Row, moment

if TYPE_CHECKING:
    from tests.sandbox.pipedrive import PipedriveAccount

_CLOSED = ("won", "lost")
_CHANNELS = {"web": "form"}


def expected_of(account: "PipedriveAccount") -> dict[str, list[Row]]:
    deals = list(account.rows["crm/deals"].values())
    rows = {
        entity: [
            {name: row[name] for name in row if name in account.HOLDS[entity]}
            for row in some.values()
        ]
        for entity, some in account.rows.items()
    }
    return {
        "crm/reps": [{**row, "rep_id": _number(row["rep_id"])} for row in rows["crm/reps"]],
        "crm/accounts": [
            {**row, "account_id": _number(row["account_id"])} for row in rows["crm/accounts"]
        ],
        "crm/contacts": [
            {
                **row,
                "contact_id": _number(row["contact_id"]),
                "account_id": _number(row.get("account_id")),
            }
            for row in rows["crm/contacts"]
        ],
        "crm/leads": [_lead(account, row) for row in rows["crm/leads"]],
        "crm/deals": [_deal(account, row) for row in rows["crm/deals"]],
        "crm/stage_changes": [one for deal in deals for one in _stages(account, deal)],
        "crm/owner_changes": [one for deal in deals for one in _owners(account, deal)],
        "crm/activities": [_activity(account, row) for row in rows["crm/activities"]],
    }


def _number(canonical_id: str | None) -> str | None:
    found = native.number(canonical_id)
    return None if found is None else str(found)


def _named(row: Row) -> Row:
    """The ids that all kinds of rows have."""
    names = ("contact_id", "account_id", "owner_rep_id", "rep_id", "deal_id")
    return {name: _number(row[name]) for name in names if name in row}


def _lead(account: "PipedriveAccount", row: Row) -> Row:
    deal = account.became().get(row["lead_id"] or "")
    updated = row.get("updated_at") or row["created_at"]
    status = "archived" if row["status"] == "disqualified" else native.label_of(row) or "open"
    if deal is not None:
        status = "converted"
        converted = account.rows["crm/deals"][(deal,)]["created_at"]
        updated = max(updated or "", converted or "", key=lambda told: native.v2_time(told) or "")
    is_inquiry = row.get("is_inquiry") == "true"
    channel = row.get("inquiry_channel")
    return {
        **row,
        **_named(row),
        "lead_id": native.lead_id(row["lead_id"]),
        "status": status,
        "updated_at": updated,
        "inquiry_at": row["created_at"] if is_inquiry else None,
        "inquiry_channel": _CHANNELS.get(channel or "", channel) if is_inquiry else None,
        "is_deleted": "false",
    }


def _deal(account: "PipedriveAccount", row: Row) -> Row:
    return {
        **row,
        **_named(row),
        "lead_id": native.lead_id(row.get("lead_id")),
        "pipeline": row.get("pipeline") or native.PIPELINE,
        "stage": row["stage"] if row["stage"] in _CLOSED else str(account.stage_ids(row)[-1]),
        "closed_at": account.closed_at(row),
        "is_deleted": "false",
    }


def _stages(account: "PipedriveAccount", deal: Row) -> list[Row]:
    """In its first stage since it was made, then every change."""
    pipeline = account.pipeline_number(deal)
    told = [(str(account.stage_ids(deal)[0]), deal["created_at"], account.opener(deal))]
    for row in account._stage_changes(deal):
        is_closed = row["stage"] in _CLOSED
        stage = str(row["stage"] if is_closed else native.stage_number(pipeline, row["stage"]))
        if stage != told[-1][0]:
            told.append((stage, row["changed_at"], row.get("rep_id")))
    return [
        {
            "object_type": "deal",
            "object_id": _number(deal["deal_id"]),
            "stage": stage,
            "changed_at": native.v2_time(when),
            "rep_id": _number(rep),
        }
        for stage, when, rep in told
    ]


def _owners(account: "PipedriveAccount", deal: Row) -> list[Row]:
    return [
        {
            "object_type": "deal",
            "object_id": _number(deal["deal_id"]),
            "owner_rep_id": _number(row["owner_rep_id"]),
            "changed_at": native.v2_time(row["changed_at"] if position else deal["created_at"]),
        }
        for position, row in enumerate(account._owners(deal))
        if row["owner_rep_id"]
    ]


def _activity(account: "PipedriveAccount", row: Row) -> Row:
    from tests.sandbox.pipedrive import is_logged

    told: Row = {**row, **_named(row), "activity_id": _number(row["activity_id"])}
    contact = account.mail_contact(row)
    if contact is not None:
        return {
            **{name: told.get(name) for name in ("kind", "direction", "started_at", "rep_id")},
            "activity_id": f"mail-{told['activity_id']}",
            "contact_id": _number(contact),
            "email": row.get("email") or "somebody@customer.example",
            "thread_id": _number(row.get("thread_id")) or told["activity_id"],
            "updated_at": row.get("updated_at") or row["started_at"],
            "is_deleted": row.get("is_deleted"),
        }
    deal = account.became().get(row.get("lead_id") or "")
    kind, outcome = row["kind"], row.get("outcome")
    has_log, is_meeting = is_logged(row), kind == "meeting"
    seconds = native.duration(row) if has_log else None
    started, ended = moment(row["started_at"]), moment(row.get("ended_at"))
    if is_meeting and started and ended:
        seconds = str(int((ended - started).total_seconds()))
        ended = ended if seconds != "0" else None
        seconds = seconds if seconds != "0" else None
    if has_log:
        ended = ended or started
    return {
        **told,
        "direction": row.get("direction") or "outbound",
        "ended_at": ended.isoformat() if ended and (has_log or is_meeting) else None,
        "duration_seconds": seconds,
        "outcome": native.OUTCOMES.get(outcome or "", outcome)
        if has_log
        else ("no_show" if outcome == "no_show" else "held")
        if is_meeting
        else None,
        "lead_id": None if deal else native.lead_id(row.get("lead_id")),
        "deal_id": _number(row.get("deal_id") or deal),
        "phone": row.get("phone") if has_log else None,
        "email": None,
        "thread_id": None,
        "is_automated": "true" if row.get("is_automated") == "true" and not has_log else None,
    }
