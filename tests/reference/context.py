"""What every rule may need: the rows, who is who, the reference tables and the vars."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.reference.identity import Identity
    from tests.reference.model import Company, Settings
    from tests.reference.seeds import Seeds


@dataclass(frozen=True)
class Context:
    company: Company
    identity: Identity
    seeds: Seeds
    settings: Settings
