"""Canonical rows -> the records of a HubSpot account: the mapping the other way round.

Longer than most: an object type after another, each short.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.sandbox.account import Row, moment

Native = dict[str, Any]
Tables = Mapping[str, Mapping[tuple[str, ...], Row]]

LEAD_PIPELINE, UNQUALIFIED = "lead-pipeline-id", "unqualified-stage-id"
LEAD_STAGES = {
    "new": "new-stage-id",
    "working": "attempting-stage-id",
    "qualified": "qualified-stage-id",
    "converted": "qualified-stage-id",
    "disqualified": UNQUALIFIED,
    # Stages of their own nobody needs: a reason says it.
    "spam": UNQUALIFIED,
    "duplicate": UNQUALIFIED,
    "test": UNQUALIFIED,
}
REASONS = ("spam", "duplicate", "test")
DEAL_STAGES = {
    "qualification": "qualifiedtobuy",
    "proposal": "presentationscheduled",
    "negotiation": "contractsent",
    "won": "closedwon",
    "lost": "closedlost",
}
PROBABILITIES = {
    "appointmentscheduled": "0.2",
    "qualifiedtobuy": "0.4",
    "presentationscheduled": "0.6",
    "decisionmakerboughtin": "0.8",
    "contractsent": "0.9",
    "closedwon": "1.0",
    "closedlost": "0.0",
}
DISPOSITIONS = {
    "connected": ("f240bbac-87c9-4f6e-bf70-924b57d47db7", "Connected"),
    "no_answer": ("73a0d17f-1163-4015-bdd5-ec830791da20", "No answer"),
    "busy": ("9d9162e7-6cf3-4944-bf63-4dff82258764", "Busy"),
    "left_message": ("a4c4c377-d246-4b32-a13b-75a56a4cd0ff", "Left live message"),
    "voicemail": ("b2cf5968-551e-4856-9783-52b3da59a7d0", "Left voicemail"),
    "wrong_number": ("17b47fee-58de-441e-a44c-c6300d46f273", "Wrong number"),
}
MEETINGS = {"held": "COMPLETED", "no_show": "NO_SHOW", "canceled": "CANCELED"}
OBJECTS = {
    "call": "calls",
    "email": "emails",
    "meeting": "meetings",
    "message": "communications",
}
_MERGING = {"crm/contacts": "contact_id", "crm/leads": "lead_id", "crm/deals": "deal_id"}
_PRIMARY = {"category": "HUBSPOT_DEFINED", "typeId": 578, "label": "Primary"}
_UNLABELED = {"category": "HUBSPOT_DEFINED", "typeId": 279, "label": None}


class Natives:
    """The account's objects at one moment, by kind and id, and what each is associated with."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._survivors = {entity: _survivors(tables.get(entity, {})) for entity in _MERGING}
        self._merged: dict[str, dict[str, list[str]]] = {}
        for entity, found in self._survivors.items():
            for key, survivor in found.items():
                self._merged.setdefault(entity, {}).setdefault(survivor, []).append(key)
        self.main_pipeline = _main_pipeline(self.rows("crm/deals"))
        self._users = {
            row["rep_id"]: 5_000_001 + number for number, row in enumerate(self.rows("crm/reps"))
        }
        self._changes = {
            entity: _by_object(self.rows(entity))
            for entity in ("crm/stage_changes", "crm/owner_changes")
        }
        self.links: dict[tuple[str, str], dict[str, list[str]]] = {}
        self.objects: dict[str, dict[str, Native]] = {
            "companies": _by_id(map(self._company, self.rows("crm/accounts"))),
            "contacts": _by_id(map(self._contact, self.live("crm/contacts"))),
            "leads": _by_id(map(self._lead, self.live("crm/leads"))),
            "deals": _by_id(map(self._deal, self.live("crm/deals"))),
        }
        for kind, name in OBJECTS.items():
            rows = [row for row in self.rows("crm/activities") if row["kind"] == kind]
            self.objects[name] = _by_id(map(self._activity, rows))

    def rows(self, entity: str) -> list[Row]:
        return list(self._tables.get(entity, {}).values())

    def live(self, entity: str) -> Iterator[Row]:
        """Without what was merged away: HubSpot has it no more."""
        for row in self.rows(entity):
            if row[_MERGING[entity]] not in self._survivors[entity]:
                yield row

    def survivor(self, entity: str, key: str | None) -> str | None:
        return self._survivors[entity].get(key or "", key)

    def emails(self, contact: Row) -> list[str]:
        """The survivor takes over the addresses of those that became part of it."""
        parts = [contact["contact_id"] or "", *self._merged_into("crm/contacts", contact)]
        table = self._tables["crm/contacts"]
        told = [one for key in parts for one in (table[(key,)].get("emails") or "").split(";")]
        return list(dict.fromkeys(filter(None, told)))

    def deal_stage(self, deal: Row, stage: str | None) -> str:
        """Stages of a second pipeline have generated ids."""
        pipeline = deal.get("pipeline")
        if pipeline == self.main_pipeline:
            return DEAL_STAGES[stage or ""]
        return own_stage(pipeline or "", stage or "")

    def own_pipelines(self) -> list[str]:
        found = {row.get("pipeline") or "" for row in self.rows("crm/deals")}
        return sorted(found - {self.main_pipeline})

    def owners(self) -> list[Native]:
        return [self._owner(row) for row in self.rows("crm/reps")]

    def _owner(self, row: Row) -> Native:
        first, _, last = (row["full_name"] or "").partition(" ")
        is_active, user = row.get("is_active") != "false", self._users[row["rep_id"]]
        team = row.get("team")
        return {
            "id": row["rep_id"],
            "email": row.get("email"),
            "type": "PERSON",
            "firstName": first,
            "lastName": last,
            "userId": user if is_active else None,
            "userIdIncludingInactive": user,
            "createdAt": "2024-01-08T09:00:00.000Z",
            "updatedAt": "2024-01-08T09:00:00.000Z",
            "archived": not is_active,
            **({"teams": [{"id": f"T{team}", "name": team, "primary": True}]} if team else {}),
        }

    def _company(self, row: Row) -> Native:
        properties = {key: row.get(key) for key in ("name", "industry", "country")}
        return _native(row, row["account_id"], properties)

    def _contact(self, row: Row) -> Native:
        first, _, last = (row.get("full_name") or "").partition(" ")
        emails = [*self.emails(row), None]
        phones = [*filter(None, (row.get("phones") or "").split(";")), None, None, None]
        zone = row.get("time_zone")
        properties = {
            "firstname": first or None,
            "lastname": last or None,
            "email": emails[0],
            "hs_additional_emails": ";".join(filter(None, emails[1:])) or None,
            "phone": phones[0],
            "mobilephone": phones[1],
            "hs_whatsapp_phone_number": phones[2],
            "hs_timezone": zone.lower().replace("/", "_slash_") if zone else None,
            "associatedcompanyid": row.get("account_id"),
            "hs_merged_object_ids": ";".join(self._merged_into("crm/contacts", row)) or None,
        }
        return _native(row, row["contact_id"], properties, modified="lastmodifieddate")

    def _lead(self, row: Row) -> Native:
        status, key = row["status"] or "", row["lead_id"] or ""
        self.links["leads", key] = _ends(
            contacts=self.survivor("crm/contacts", row.get("contact_id")),
            companies=row.get("account_id"),
        )
        properties = {
            "hs_lead_name": f"Lead {key}",
            "hs_pipeline": LEAD_PIPELINE,
            "hs_pipeline_stage": LEAD_STAGES[status],
            "hs_lead_disqualification_reason": status.upper() if status in REASONS else None,
            "hs_lead_source": row.get("lead_source"),
            "hubspot_owner_id": row.get("owner_rep_id"),
            "first_asked_at": _spelled(moment(row.get("inquiry_at"))),
            "first_asked_by": row.get("inquiry_channel"),
            "hs_merged_object_ids": ";".join(self._merged_into("crm/leads", row)) or None,
        }
        past = self._past("lead", key, "hs_pipeline_stage", lambda stage: LEAD_STAGES[stage or ""])
        return _native(row, key, properties, past)

    def _deal(self, row: Row) -> Native:
        key = row["deal_id"] or ""
        self.links["deals", key] = _ends(
            contacts=self.survivor("crm/contacts", row.get("contact_id")),
            companies=row.get("account_id"),
            leads=self.survivor("crm/leads", row.get("lead_id")),
        )
        closed, updated = moment(row.get("closed_at")), moment(row.get("updated_at"))
        is_closed = row["stage"] in ("won", "lost")
        hoped_for = (updated or datetime.now(UTC)) + timedelta(days=30)
        properties = {
            "dealname": f"Deal {key}",
            "pipeline": row.get("pipeline"),
            "dealstage": self.deal_stage(row, row["stage"]),
            "amount": row.get("amount"),
            "deal_currency_code": row.get("currency"),
            "closedate": _spelled(closed if is_closed else hoped_for),
            "hs_is_closed": "true" if is_closed else "false",
            "hubspot_owner_id": row.get("owner_rep_id"),
            "hs_merged_object_ids": ";".join(self._merged_into("crm/deals", row)) or None,
        }
        past = self._past("deal", key, "dealstage", lambda stage: self.deal_stage(row, stage))
        return _native(row, key, properties, past)

    def _past(self, object_type: str, key: str, name: str, spelled: Any) -> Native:
        """The latest first, as HubSpot tells history."""
        stages = self._changes["crm/stage_changes"].get((object_type, key), [])
        owners = self._changes["crm/owner_changes"].get((object_type, key), [])
        return {
            name: [
                {
                    "value": spelled(row["stage"]),
                    "timestamp": _spelled(moment(row["changed_at"])),
                    **self._by(row.get("rep_id")),
                }
                for row in reversed(stages)
            ],
            "hubspot_owner_id": [
                {
                    "value": row["owner_rep_id"],
                    "timestamp": _spelled(moment(row["changed_at"])),
                    **self._by(None),
                }
                for row in reversed(owners)
            ],
        }

    def _by(self, rep: str | None) -> Native:
        user = self._users.get(rep)
        if user is None:
            return {"sourceType": "AUTOMATION_PLATFORM", "sourceId": "enrollmentId:1"}
        return {"sourceType": "CRM_UI", "sourceId": f"userId:{user}", "updatedByUserId": user}

    def _activity(self, row: Row) -> Native:
        key, kind = row["activity_id"] or "", row["kind"] or ""
        self.links[OBJECTS[kind], key] = _ends(
            contacts=self.survivor("crm/contacts", row.get("contact_id")),
            leads=self.survivor("crm/leads", row.get("lead_id")),
            deals=self.survivor("crm/deals", row.get("deal_id")),
        )
        is_machine = row.get("is_automated") == "true"
        properties = {
            "hs_timestamp": _spelled(moment(row["started_at"])),
            "hubspot_owner_id": row.get("rep_id"),
            "hs_object_source": "AUTOMATION_PLATFORM" if is_machine else "CRM_UI",
            **_OF_KIND[kind](row),
        }
        return _native(row, key, properties)

    def _merged_into(self, entity: str, row: Row) -> list[str]:
        return self._merged.get(entity, {}).get(row[_MERGING[entity]] or "", [])


def own_stage(pipeline: str, stage: str) -> str:
    """A generated id: the same each time."""
    number = sum(ord(sign) * place for place, sign in enumerate(pipeline, 1))
    return str(100_000_000 + 10 * number + list(DEAL_STAGES).index(stage))


def _call(row: Row) -> Native:
    seconds, direction = row.get("duration_seconds"), row.get("direction")
    outside, own, outcome = row.get("phone"), "+442079460000", row.get("outcome")
    is_inbound = direction == "inbound"
    return {
        "hs_call_direction": direction.upper() if direction else None,
        "hs_call_duration": str(round(float(seconds) * 1000)) if seconds else None,
        "hs_call_disposition": DISPOSITIONS[outcome][0] if outcome else None,
        "hs_call_status": "COMPLETED",
        "hs_call_from_number": outside if is_inbound else own,
        "hs_call_to_number": own if is_inbound else outside,
        "hs_call_external_id": row.get("telephony_call_id"),
    }


def _email(row: Row) -> Native:
    is_inbound = row.get("direction") == "inbound"
    rep, them = {"email": "rep@acme.example"}, {"email": row.get("email")}
    headers = {
        "from": them if is_inbound else rep,
        "to": [rep] if is_inbound else [them] if them["email"] else [],
        "cc": [],
        "bcc": [],
    }
    return {
        "hs_email_direction": "INCOMING_EMAIL" if is_inbound else "EMAIL",
        "hs_email_status": "SENT",
        "hs_email_headers": json.dumps(headers),
        "hs_email_thread_id": row.get("thread_id"),
    }


def _meeting(row: Row) -> Native:
    is_theirs = row.get("direction") == "inbound"
    outcome = row.get("outcome")
    return {
        "hs_meeting_start_time": _spelled(moment(row["started_at"])),
        "hs_meeting_end_time": _spelled(moment(row.get("ended_at"))),
        "hs_meeting_outcome": MEETINGS[outcome] if outcome else None,
        "hs_meeting_source": "MEETINGS_PUBLIC" if is_theirs else "CRM_UI",
    }


def _message(row: Row) -> Native:
    """An integration wrote direction and number into properties of its own."""
    return {
        "hs_communication_channel_type": "WHATS_APP",
        "hs_communication_logged_from": "CRM",
        "message_direction": (row.get("direction") or "").upper() or None,
        "message_number": row.get("phone"),
    }


_OF_KIND = {"call": _call, "email": _email, "meeting": _meeting, "message": _message}


def _native(
    row: Row,
    key: str | None,
    properties: Native,
    past: Native | None = None,
    *,
    modified: str = "hs_lastmodifieddate",
) -> Native:
    updated = moment(row.get("updated_at"))
    created = moment(row.get("created_at")) or updated
    is_archived = row.get("is_deleted") == "true"
    return {
        "id": key,
        "properties": {
            "createdate": _spelled(created),
            modified: _spelled(updated or created),
            "hs_object_id": key,
            **properties,
        },
        "propertiesWithHistory": past or {},
        "createdAt": _spelled(created),
        "updatedAt": _spelled(updated or created),
        "archived": is_archived,
        **({"archivedAt": _spelled(updated)} if is_archived else {}),
    }


def _ends(**others: str | None) -> dict[str, list[str]]:
    return {name: [key] for name, key in others.items() if key}


def association(key: str, *, is_primary: bool) -> Native:
    """An end as associations v4 tell it: ids are numbers there."""
    types = [_PRIMARY, _UNLABELED] if is_primary else [_UNLABELED]
    return {"toObjectId": int(key) if key.isdigit() else key, "associationTypes": types}


def _survivors(table: Mapping[tuple[str, ...], Row]) -> dict[str, str]:
    """The end of each chain of merges."""
    step = {key[0]: str(row["merged_into_id"]) for key, row in table.items() if _merged(row)}
    found = {}
    for key in step:
        end = key
        while end in step:
            end = step[end]
        found[key] = end
    return found


def _merged(row: Row) -> bool:
    return bool(row.get("merged_into_id"))


def _main_pipeline(deals: Iterable[Row]) -> str:
    counts = Counter(row.get("pipeline") or "" for row in deals)
    return max(sorted(counts), key=lambda name: counts[name], default="default")


def _by_object(rows: Iterable[Row]) -> dict[tuple[str, str], list[Row]]:
    found: dict[tuple[str, str], list[Row]] = {}
    for row in sorted(rows, key=lambda row: moment(row["changed_at"]) or datetime.now(UTC)):
        found.setdefault((row["object_type"] or "", row["object_id"] or ""), []).append(row)
    return found


def _by_id(natives: Iterable[Native]) -> dict[str, Native]:
    """In the order of ids, which are numbers in an account that is none of ours."""
    return {one["id"]: one for one in sorted(natives, key=lambda one: (len(one["id"]), one["id"]))}


def _spelled(when: datetime | None) -> str | None:
    if when is None:
        return None
    return when.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
