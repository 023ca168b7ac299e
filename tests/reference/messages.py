"""KPIS.md 1: messages of one lead and contact with short gaps are one touch."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.reference.model import Settings
    from tests.reference.touch_fact import TouchFact


def join_messages(
    touches: list[TouchFact], settings: Settings
) -> tuple[list[TouchFact], dict[str, str]]:
    """Messages of one lead and contact with short gaps become one touch."""
    gap = timedelta(minutes=settings.message_session_minutes)
    joined: list[TouchFact] = []
    threads: dict[tuple[str | None, str | None], list[TouchFact]] = defaultdict(list)
    for touch in touches:
        is_somebodys = touch.lead_id is not None or touch.contact_id is not None
        if touch.channel == "message" and is_somebodys and not touch.is_excluded:
            threads[(touch.lead_id, touch.contact_id)].append(touch)
        else:
            joined.append(touch)
    session_of: dict[str, str] = {}
    for thread in threads.values():
        session: list[TouchFact] = []
        for message in sorted(thread, key=lambda touch: touch.order):
            if session and message.started_at - session[-1].started_at > gap:
                joined.append(_session(session))
                session = []
            session.append(message)
            session_of[message.touch_id] = session[0].touch_id
        joined.append(_session(session))
    return joined, session_of


def _session(messages: list[TouchFact]) -> TouchFact:
    """The first message's start, direction and rep; completed by any message that was."""
    return replace(
        messages[0],
        ended_at=max(message.ended_at or message.started_at for message in messages),
        is_completed=any(message.is_completed for message in messages),
        is_automated=all(message.is_automated for message in messages),
    )
