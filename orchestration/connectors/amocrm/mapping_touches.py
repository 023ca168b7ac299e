"""Notes and chat messages of amoCRM -> rows of the landing contract."""

from datetime import timedelta

from orchestration.connectors.amocrm.mapping import created_at, referred, updated_at
from orchestration.connectors.values import Record, Rows, Settings, dug, iso, text

_NOTES = {
    "call_in": ("call", "inbound"),
    "call_out": ("call", "outbound"),
    "sms_in": ("message", "inbound"),
    "sms_out": ("message", "outbound"),
}
_EMAIL = "amomail_message"
_OUTCOMES = {
    "1": "left_message",
    # To be called later, not there: somebody else answered, if anybody.
    "2": "no_answer",
    "3": "no_answer",
    "4": "connected",
    "5": "wrong_number",
    "6": "no_answer",
    "7": "busy",
}
_ENTITIES = {
    "leads": "lead_id",
    "contacts": "contact_id",
    "lead": "lead_id",
    "contact": "contact_id",
}


def note_rows(note: Record, _settings: Settings) -> Rows:
    """A call, an email or an SMS."""
    told = str(note.get("note_type"))
    params = note.get("params") or {}
    is_email = told == _EMAIL
    if not is_email and told not in _NOTES:
        return {}
    kind, direction = _NOTES.get(told, ("email", "inbound" if params.get("income") else "outbound"))
    is_call = kind == "call"
    started, seconds = created_at(note), text(params.get("duration")) if is_call else None
    ended = started + timedelta(seconds=float(seconds)) if started and seconds else None
    column = _ENTITIES.get(str(note.get("_entity")))
    entity = {column: text(note.get("entity_id"))} if column else {}
    return {
        "crm/activities": [
            {
                "activity_id": text(note.get("id")),
                "kind": kind,
                "direction": direction,
                "started_at": iso(started),
                "ended_at": iso(ended),
                "duration_seconds": seconds,
                "outcome": _OUTCOMES.get(str(params.get("call_status"))) if is_call else None,
                "rep_id": _rep(note, is_call=is_call),
                "contact_id": entity.get("contact_id"),
                "lead_id": entity.get("lead_id"),
                "deal_id": None,
                "phone": None if is_email else text(params.get("phone")),
                "email": _other_address(note, direction) if is_email else None,
                "thread_id": text(params.get("thread_id")) if is_email else None,
                "is_automated": None,
                "telephony_call_id": text(params.get("uniq")) if is_call else None,
                "updated_at": iso(updated_at(note)),
                "is_deleted": "false",
            }
        ]
    }


def _rep(note: Record, *, is_call: bool) -> str | None:
    """Integrations name who called by id, or by a name, which the note's owner stands in for."""
    told = text(dug(note, "params", "call_responsible")) if is_call else None
    if told and told.isdecimal() and told != "0":
        return told
    return referred(note.get("responsible_user_id"))


def _other_address(note: Record, direction: str) -> str | None:
    return text(dug(note, "params", "from" if direction == "inbound" else "to", "email"))


def message_rows(event: Record, _settings: Settings) -> Rows:
    """A chat message; one that went out from no user is a robot's."""
    is_inbound = event.get("type") == "incoming_chat_message"
    rep = None if is_inbound else referred(event.get("created_by"))
    column = _ENTITIES.get(str(event.get("entity_type")))
    entity = {column: text(event.get("entity_id"))} if column else {}
    at = iso(created_at(event))
    return {
        "crm/activities": [
            {
                "activity_id": text(event.get("id")),
                "kind": "message",
                "direction": "inbound" if is_inbound else "outbound",
                "started_at": at,
                "ended_at": None,
                "duration_seconds": None,
                "outcome": None,
                "rep_id": rep,
                "contact_id": entity.get("contact_id"),
                "lead_id": entity.get("lead_id"),
                "deal_id": None,
                "phone": None,
                "email": None,
                "thread_id": text(dug(event, "value_after", 0, "message", "talk_id")),
                "is_automated": "false" if is_inbound or rep else "true",
                "telephony_call_id": None,
                "updated_at": at,
                "is_deleted": "false",
            }
        ]
    }
