"""The fixture `marts`: what the warehouse makes of a test module's `COMPANY`."""

from collections.abc import Iterator

import pytest

from tests.kpis.warehouse import open_warehouse
from tests.kpis.worlds import Marts


@pytest.fixture(scope="module")
def marts(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Marts]:
    with open_warehouse() as connection:
        yield request.module.COMPANY.build(connection, tmp_path_factory.mktemp("company"))
