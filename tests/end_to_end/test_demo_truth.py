"""On the demo company, the marts agree with what its maker knows to be true."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.connectors.base import Context
from orchestration.connectors.demo import CONNECTOR
from orchestration.landing import (
    compute_as_of,
    land,
    load_connector_stages,
    load_state,
    refresh_phone_numbers,
)
from orchestration.settings import build_settings
from tests.kpis.warehouse import fetch, open_warehouse, transform

NIGHTS = 3


@dataclass(frozen=True)
class Company:
    connection: duckdb.DuckDBPyConnection
    truth: Path

    def fetch_one(self, query: str) -> dict[str, Any]:
        """The one row of a query, in which `{table}` of the truth stands for all its files."""
        tables = ("pairs", "touch_leads", "lead_paths", "bad_rows")
        files = {name: f"read_parquet('{self.truth}/*/{name}*.parquet')" for name in tables}
        return fetch(self.connection, query.format(**files))[0]


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    home = tmp_path_factory.mktemp("demo")
    settings = build_settings(home=home)
    with open_warehouse() as connection:
        for night in range(NIGHTS):
            context = Context(
                {"leads": "500", "days": "200"}, load_state(connection, "demo"), home / "demo"
            )
            land(connection, settings, "demo", CONNECTOR.extract(context), f"night {night}")
        refresh_phone_numbers(connection, settings)
        load_connector_stages(connection)
        transform(connection, compute_as_of(connection, settings))
        yield Company(connection, home / "demo" / "truth")


def test_pairs_of_calls_are_found_and_are_right(company: Company) -> None:
    found = company.fetch_one(
        """
        with truth as (
            select
                'demo:' || activity_id as activity_id,
                'demo:' || call_key as call_id,
                bool_and(decidable) as decidable
            from {pairs}
            group by all
        ),
        built as (
            select crm_activity_id as activity_id, telephony_call_id as call_id
            from marts.fct_touches
            where source = 'both'
        )
        select
            count(*) filter (where truth.call_id is not null and built.call_id is not null) as right,
            count(*) filter (where built.call_id is not null) as found,
            count(*) filter (where truth.decidable) as to_find,
            count(*) filter (where truth.decidable and built.call_id is not null) as found_of_them
        from truth
        full join built using (activity_id, call_id)
        """
    )
    assert found["to_find"] > 1000
    assert found["right"] / found["found"] >= 0.99
    assert found["found_of_them"] / found["to_find"] >= 0.99


def test_touches_find_their_lead(company: Company) -> None:
    found = company.fetch_one(
        """
        with truth as (
            select
                'demo:' || coalesce(activity_id, call_key) as id,
                activity_id is null as is_call,
                max_by('demo:' || survivor_lead_id, filename) as lead_id
            from read_parquet('{folder}/*/touch_leads*.parquet', filename = true)
            where decidable and survivor_lead_id is not null
            group by all
        ),
        built as (
            select
                coalesce(crm_activity_id, telephony_call_id) as id,
                crm_activity_id is null as is_call,
                lead_id
            from marts.fct_touches
            where channel <> 'message'
        )
        select
            count(*) as touches,
            count(*) filter (where built.lead_id = truth.lead_id) as matched
        from truth
        inner join built using (id, is_call)
        """.replace("{folder}", str(company.truth))
    )
    assert found["touches"] > 2000
    assert found["matched"] / found["touches"] >= 0.99


def test_leads_climbed_when_they_did(company: Company) -> None:
    found = company.fetch_one(
        """
        with truth as (
            select *
            from read_parquet('{folder}/*/lead_paths*.parquet', filename = true)
            qualify row_number() over (partition by lead_id order by filename desc) = 1
        )
        select
            count(*) as leads,
            count(leads.won_at) as won,
            count(*) filter (
                where leads.prospect_at is not distinct from truth.prospect_at
                    and leads.opportunity_at is not distinct from truth.opportunity_at
                    and leads.won_at is not distinct from truth.won_at
            ) as alike
        from truth
        inner join marts.fct_leads as leads on leads.lead_id = 'demo:' || truth.lead_id
        where not leads.is_excluded
        """.replace("{folder}", str(company.truth))
    )
    assert found["won"] > 20
    assert found["alike"] / found["leads"] >= 0.99


def test_every_row_is_accounted_for(company: Company) -> None:
    off = fetch(
        company.connection,
        """
        select entity, sum(rows_in), sum(kept), sum(replaced), sum(quarantined), sum(replayed)
        from quality.loads
        group by entity
        having sum(rows_in) + sum(replayed) <> sum(kept) + sum(replaced) + sum(quarantined)
        """,
    )
    assert off == []


def test_money_is_conserved(company: Company) -> None:
    off = fetch(
        company.connection,
        """
        select currency, sum(raw_amount) as raw_amount, sum(mart_amount) as mart_amount
        from (
            select currency, amount as raw_amount, 0 as mart_amount from raw.crm_deals
            union all
            select currency, 0 as raw_amount, amount as mart_amount from marts.fct_deals
        )
        group by currency
        having sum(raw_amount) is distinct from sum(mart_amount)
        """,
    )
    assert off == []
