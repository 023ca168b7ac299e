"""What the statuses of amoCRM's pipelines are: from which on a lead is a prospect, or a deal."""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from typing import Literal

from orchestration.connectors.values import Record, dug

Kind = Literal["unsorted", "lead", "prospect", "deal", "won", "lost"]

WON, LOST = "142", "143"
"""The same in every pipeline."""
_UNSORTED = 1


def kinds_of(
    pipelines: Iterable[Record], *, deals: AbstractSet[str], prospects: AbstractSet[str]
) -> dict[str, Kind]:
    """Each status's kind.

    `deals` and `prospects` are the statuses from which a lead is one, by id: one a pipeline. Where
    none is named, a lead is a deal from the second status on, as the first is where all begin.
    """
    kinds: dict[str, Kind] = {WON: "won", LOST: "lost"}
    for pipeline in pipelines:
        told = dug(pipeline, "_embedded", "statuses") or ()
        ordered = sorted(told, key=lambda status: (status.get("sort") or 0, str(status["id"])))
        stages = []
        for status in ordered:
            key = str(status["id"])
            if status.get("type") == _UNSORTED:
                kinds[key] = "unsorted"
            elif key not in (WON, LOST):
                stages.append(key)
        deal = _first(stages, deals, 1)
        prospect = _first(stages, prospects, deal)
        for place, key in enumerate(stages):
            kinds[key] = "deal" if place >= deal else "prospect" if place >= prospect else "lead"
    return kinds


def _first(stages: list[str], named: AbstractSet[str], default: int) -> int:
    return next((place for place, key in enumerate(stages) if key in named), default)
