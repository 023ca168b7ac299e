"""`touchline new-connector` and `touchline sandbox`."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from orchestration.cli import app
from orchestration.connectors.base import ConnectorError
from orchestration.connectors.new import lay_out
from orchestration.landing.stages import CONNECTORS_DIR
from tests.sandbox import sandbox_names

TEMPLATE = CONNECTORS_DIR / "_template"


def test_a_new_connector_has_every_part_under_its_own_name(tmp_path: Path) -> None:
    folder = lay_out("acme_crm", tmp_path)
    assert folder == tmp_path / "acme_crm"
    made = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert made == {
        str(path.relative_to(TEMPLATE))
        for path in TEMPLATE.rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    for name in made:
        text = (folder / name).read_text()
        assert not re.search("template", text, re.IGNORECASE), name
        if name.endswith(".py"):
            compile(text, name, "exec")
    assert "TOUCHLINE_ACME_CRM_TOKEN" in (folder / "client.py").read_text()
    assert "orchestration.connectors.acme_crm.client" in (folder / "__init__.py").read_text()


@pytest.mark.parametrize(
    "name", ["Acme", "acme-crm", "../acme", "_acme", "1acme", "", "files", "http"]
)
def test_a_name_that_can_be_none_is_refused(name: str) -> None:
    with pytest.raises(ConnectorError):
        lay_out(name)


def test_the_contract_test_fails_on_a_new_connector(tmp_path: Path) -> None:
    """It has no fixtures, says so in its README, and nothing answers like it."""
    from tests.connectors import test_contract as contract

    folder = lay_out("acme", tmp_path)
    assert contract.UNFILLED in (folder / "README.md").read_text()
    assert (folder / "fixtures" / "deals.json").read_text().strip() == "[]"
    assert "acme" not in sandbox_names()


def test_an_unknown_sandbox_is_told_with_those_that_there_are() -> None:
    result = CliRunner().invoke(app, ["sandbox", "nobody+twilio"])
    assert result.exit_code == 2
    assert "nobody" in result.stderr
    assert "twilio" in result.stderr
