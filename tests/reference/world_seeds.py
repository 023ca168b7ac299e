"""What is the same in every random world: the reps and the reference tables."""

from __future__ import annotations

from tests.reference.seeds import DEAL_STAGES, LEAD_STATUSES

REPS = [
    {
        "rep_id": "R1",
        "full_name": "Anna",
        "email": "anna@example.com",
        "phone": "+7 495 123-45-01",
        "extension": "101",
        "team": "East",
        "is_active": "true",
    },
    {
        "rep_id": "R2",
        "full_name": "Boris",
        "email": "boris@example.com",
        "phone": "",
        "extension": "102",
        "team": "East",
        "is_active": "true",
    },
    {
        "rep_id": "R3",
        "full_name": "Clara",
        "email": "clara@example.com",
        "phone": "",
        "extension": "103",
        "team": "West",
        "is_active": "true",
    },
    {
        "rep_id": "R4",
        "full_name": "Dmitri",
        "email": "",
        "phone": "",
        "extension": "",
        "team": "",
        "is_active": "false",
    },
]
MAPPED = (
    ("lead", LEAD_STATUSES),
    ("deal", DEAL_STAGES),
)
OUTCOMES = (
    ("call", "connected", "connected"),
    ("call", "left voicemail", "voicemail"),
    ("call", "no answer", "not_reached"),
    ("meeting", "completed", "held"),
    ("meeting", "no show", "not_reached"),
)
HOURS = (
    *(("*", day, "09:00", "18:00", "Europe/Moscow", "RU") for day in range(1, 6)),
    *(("East", day, "09:00", "12:00", "America/New_York", "US") for day in range(1, 6)),
    *(("East", day, "13:00", "17:00", "America/New_York", "US") for day in range(1, 6)),
    ("East", 6, "10:00", "14:00", "America/New_York", "US"),
)
SEEDS = {
    "stage_map": [
        {
            "connector": "files",
            "object_type": object_type,
            "native_stage": native,
            "funnel_step": step or "",
            "is_excluded": str(step is None).lower(),
        }
        for object_type, stages in MAPPED
        for native, step in stages.items()
    ],
    "outcome_map": [
        {"kind": kind, "native_outcome": native, "outcome": outcome}
        for kind, native, outcome in OUTCOMES
    ],
    "working_hours": [
        {
            "team": team,
            "weekday": str(weekday),
            "opens": opens,
            "closes": closes,
            "time_zone": zone,
            "country": country,
        }
        for team, weekday, opens, closes, zone, country in HOURS
    ],
    "holidays": [
        {"team": "", "country": "RU", "day": "2025-03-10"},
        {"team": "East", "country": "", "day": "2025-03-04"},
    ],
    "exchange_rates": [
        {"currency": "USD", "day": "2025-01-01", "rate": "1"},
        {"currency": "EUR", "day": "2025-01-01", "rate": "1.10"},
        {"currency": "EUR", "day": "2025-03-10", "rate": "1.25"},
        {"currency": "RUB", "day": "2025-03-05", "rate": "0.0125"},
    ],
}
