"""A record of Template -> rows of the landing contract; pure functions."""

from datetime import datetime

from orchestration.connectors.values import Record, Rows, Settings, iso, parse_iso, text


def changed_at(record: Record) -> datetime | None:
    return parse_iso(record.get("updated_at"))


def deal_rows(record: Record, _settings: Settings) -> Rows:
    return {
        "crm/deals": [
            {
                "deal_id": text(record.get("id")),
                "stage": text(record.get("stage")),
                "amount": text(record.get("amount")),
                "currency": text(record.get("currency")),
                "created_at": iso(parse_iso(record.get("created_at"))),
                "updated_at": iso(changed_at(record)),
            }
        ]
    }
