from pathlib import Path

import pytest

from tests.data_quality.hand_made import make_raw


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    return make_raw(tmp_path / "build.duckdb")
