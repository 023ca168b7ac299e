"""Olist's marketing funnel as a drop folder: 8,000 qualified leads, 842 closed deals.

Not part of the suite: the data are not the project's. `python -m tests.real_data.olist SOURCE TARGET`,
then `touchline run --source files --path TARGET`, then the same again with `--compare DATABASE`.

A lead is an MQL (its first contact, its origin), opened by the `sdr_id`; a deal is a closed one, closed
by the `sr_id`. The data know no lost deals, no amounts that mean a contract, and no touches.
"""

import argparse
from pathlib import Path

import duckdb

LEADS = "olist_marketing_qualified_leads_dataset.csv"
DEALS = "olist_closed_deals_dataset.csv"

ENTITIES = {
    "reps": """
        select distinct rep_id, 'rep ' || left(rep_id, 6) as full_name
        from (select sdr_id as rep_id from deals union select sr_id as rep_id from deals)
        where rep_id is not null
    """,
    "leads": """
        select
            leads.mql_id as lead_id,
            deals.sdr_id as owner_rep_id,
            leads.origin as lead_source,
            case when deals.mql_id is null then 'working' else 'converted' end as status,
            leads.first_contact_date as created_at,
            coalesce(deals.won_date, leads.first_contact_date) as updated_at
        from leads
        left join deals on leads.mql_id = deals.mql_id
    """,
    "deals": """
        select
            deals.mql_id as deal_id,
            deals.mql_id as lead_id,
            deals.sr_id as owner_rep_id,
            'won' as stage,
            leads.first_contact_date as created_at,
            deals.won_date as closed_at
        from deals
        inner join leads on deals.mql_id = leads.mql_id
    """,
}

COMPARISONS = {
    "leads, won": (
        "select count(*), count(deals.mql_id) from leads left join deals using (mql_id)",
        "select count(*), count(won_at) from marts.fct_leads where not is_excluded",
    ),
    "funnel by quarter of first contact: entered, won": (
        "select cast(date_trunc('quarter', cast(first_contact_date as date)) as date), count(*), "
        "count(deals.mql_id) from leads left join deals using (mql_id) group by 1 order by 1",
        "select lead.period_start, lead.entered, coalesce(opportunity.went_on, 0) "
        "from marts.kpi_funnel as lead left join marts.kpi_funnel as opportunity "
        "on opportunity.period_start = lead.period_start and opportunity.step = 'opportunity' "
        "and opportunity.scope = 'company' and opportunity.period_grain = 'quarter' "
        "where lead.step = 'lead' and lead.scope = 'company' and lead.period_grain = 'quarter' "
        "order by 1",
    ),
    "won by month of closing": (
        "select cast(date_trunc('month', cast(won_date as timestamp)) as date), count(*) "
        "from deals group by 1 order by 1",
        "select period_start, won from marts.kpi_closed_deals "
        "where scope = 'company' and period_grain = 'month' order by 1",
    ),
    "won by closer": (
        "select 'files:' || sr_id, count(*) from deals group by 1 order by 2 desc, 1",
        "select scope_value, sum(won) from marts.kpi_closed_deals "
        "where scope = 'rep' and period_grain = 'quarter' group by 1 order by 2 desc, 1",
    ),
    "won by origin": (
        "select coalesce(origin, 'unknown'), count(*) from deals inner join leads using (mql_id) "
        "group by 1 order by 2 desc, 1",
        "select scope_value, sum(won) from marts.kpi_closed_deals "
        "where scope = 'lead_source' and period_grain = 'quarter' group by 1 order by 2 desc, 1",
    ),
    "median days from first contact to winning, of deals not won before it": (
        "select round(median(epoch(cast(won_date as timestamp) - cast(first_contact_date as timestamp))"
        " / 86400), 6) from deals inner join leads using (mql_id) "
        "where cast(won_date as timestamp) >= cast(first_contact_date as timestamp)",
        "select round(median(cycle_days), 6) from marts.fct_deals where is_won",
    ),
}


def open_source(folder: Path) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    for name, file in (("leads", LEADS), ("deals", DEALS)):
        connection.execute(
            f"create table {name} as select * from read_csv(?, all_varchar = true)",
            [str(folder / file)],
        )
    return connection


def write_drop_folder(source: Path, target: Path) -> None:
    """The CSVs of `source` as LANDING.md wants them, in `target`."""
    (target / "crm").mkdir(parents=True, exist_ok=True)
    with open_source(source) as connection:
        for entity, query in ENTITIES.items():
            connection.execute(
                f"copy ({query} order by 1) to '{target}/crm/{entity}.csv' (header, delimiter ',')"
            )


def compare(source: Path, database: Path) -> bool:
    """Print each figure from plain SQL over the CSVs beside the marts'; whether all are alike."""
    alike = True
    with open_source(source) as csvs, duckdb.connect(str(database), read_only=True) as published:
        for title, (plain, built) in COMPARISONS.items():
            expected = [tuple(map(str, row)) for row in csvs.execute(plain).fetchall()]
            found = [tuple(map(str, row)) for row in published.execute(built).fetchall()]
            alike &= expected == found
            print(f"{title}: {'alike' if expected == found else 'NOT ALIKE'}")
            print("   CSVs: ", *expected[:6], "…" if len(expected) > 6 else "")
            print("   marts:", *found[:6], "…" if len(found) > 6 else "")
    return alike


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--compare", action="store_true", help="target is the published database")
    given = parser.parse_args()
    if given.compare:
        raise SystemExit(0 if compare(given.source, given.target) else 1)
    write_drop_folder(given.source, given.target)
