import shutil
from pathlib import Path

import pytest

from tests.data_quality.hand_made import make_raw


@pytest.fixture(scope="session")
def landed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_raw(tmp_path_factory.mktemp("landed") / "build.duckdb")


@pytest.fixture
def raw(landed: Path, tmp_path: Path) -> Path:
    """A build file of one's own."""
    return Path(shutil.copy(landed, tmp_path / "build.duckdb"))
