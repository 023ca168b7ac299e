from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.affected.nights import Nights
from tests.kpis.warehouse import open_warehouse


@pytest.fixture
def nights(tmp_path: Path) -> Iterator[Nights]:
    with open_warehouse() as connection:
        yield Nights(connection, tmp_path)
