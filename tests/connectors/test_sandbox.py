"""The demo company through servers that answer like vendors: what goes in comes out."""

from pathlib import Path

import duckdb
import pytest

from orchestration.connectors import discover
from orchestration.connectors.base import Context
from orchestration.landing import land
from orchestration.landing.contract import load_contract
from orchestration.settings import build_settings
from tests.sandbox import sandbox_names
from tests.sandbox.account import Row, row_key
from tests.sandbox.demo_company import build_accounts, demo_company
from tests.sandbox.night import FAST, Nights, expected, only_held
from tests.sandbox.serve import serve, serving_company

LEADS = 60


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Row]]:
    return demo_company(tmp_path_factory.mktemp("demo"), leads=LEADS)


def test_the_demo_company_is_as_landing_has_it(company: dict[str, list[Row]]) -> None:
    assert set(company) == set(load_contract())
    assert len(company["crm/leads"]) > LEADS * 0.9
    for entity, rows in company.items():
        columns = load_contract()[entity].columns
        assert len({row_key(entity, row) for row in rows}) == len(rows)
        assert all(row[column.name] for row in rows for column in columns if column.required)
        assert not any(str(value).startswith("demo:") for row in rows for value in row.values())


@pytest.mark.parametrize("name", sandbox_names())
def test_a_whole_company_goes_through(
    name: str, company: dict[str, list[Row]], tmp_path: Path
) -> None:
    with serving_company([name], company) as served:
        account, box = served.accounts[name], served.sandboxes[name]
        nights = Nights(name, box, account, tmp_path)
        nights.spend()
        held = expected(account)
        assert held.keys() == {entity for entity in account.HOLDS if company[entity]}
        for entity, rows in only_held(account, nights.told).items():
            assert rows == held[entity], entity


@pytest.mark.parametrize("name", sandbox_names())
def test_what_comes_through_lands_without_a_bad_row(
    name: str, company: dict[str, list[Row]], tmp_path: Path
) -> None:
    settings = build_settings(home=tmp_path)
    with serving_company([name], company) as served, duckdb.connect() as connection:
        account, box = served.accounts[name], served.sandboxes[name]
        given = {**account.settings(box.url), **FAST}
        delivery = discover()[name].extract(Context(given, {}, tmp_path))
        counts = land(connection, settings, name, delivery, "run")
        assert sum(count.quarantined for count in counts) == 0
        kept = {count.entity: count.kept for count in counts if count.kept}
        assert kept == {entity: len(rows) for entity, rows in expected(account).items() if rows}


def test_a_crm_names_a_call_as_the_telephone_system_does(company: dict[str, list[Row]]) -> None:
    from tests.sandbox.demo_company import renamed_calls
    from tests.sandbox.twilio import call_sid

    account = build_accounts(company, ["twilio"])["twilio"]
    renamed = renamed_calls(company, account)
    for before, after in zip(company["crm/activities"], renamed["crm/activities"], strict=True):
        named = before["telephony_call_id"]
        assert after["telephony_call_id"] == (call_sid(named) if named else None)
    named_calls = {row["linked_id"] for row in account.expected()["telephony/calls"]}
    assert named_calls & {row["telephony_call_id"] for row in renamed["crm/activities"]}


def test_serving_says_what_to_put_into_env() -> None:
    told: list[str] = []

    def look() -> None:
        lines = dict(line.split("=", 1) for line in told[0].splitlines())
        assert lines["TOUCHLINE_SOURCES"] == "twilio"
        assert lines["TOUCHLINE_TWILIO_BASE_URL"].startswith("http://127.0.0.1:")
        assert set(lines) == {
            "TOUCHLINE_SOURCES",
            "TOUCHLINE_TWILIO_BASE_URL",
            "TOUCHLINE_TWILIO_ACCOUNT_SID",
            "TOUCHLINE_TWILIO_AUTH_TOKEN",
        }

    serve("twilio", leads=20, tell=told.append, until=look)
    assert told
