from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.landing.nights import Nights, open_nights


@pytest.fixture
def nights(tmp_path: Path) -> Iterator[Nights]:
    with open_nights(tmp_path) as opened:
        yield opened
