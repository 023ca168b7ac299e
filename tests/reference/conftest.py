"""The fixture `company`: the tables that the reference makes of a few hand-written rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.reference import Tables, compute
from tests.reference.world_seeds import REPS, SEEDS
from tests.reference.worlds import World, write_world

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def company(tmp_path: Path) -> Any:
    def build(**entities: list[dict[str, str]]) -> Tables:
        tables = {"crm/reps": REPS}
        for name, rows in entities.items():
            tables[f"telephony/{name}" if name == "calls" else f"crm/{name}"] = rows
        return compute(tmp_path, seeds=write_world(World(tables, SEEDS), tmp_path))

    return build
