"""Marts, on tables made by hand: money, shares, totals, freshness, and what there was before."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from data_quality.runner import StageReport, run_stage
from tests.data_quality.hand_made import run_sql

DEALS = (
    "create schema staging",
    "create schema marts",
    "create table staging.stg_crm__deals as select deal_id from raw.crm_deals",
    """
    create table marts.fct_deals as
    select
        deal_id, amount, currency, cast(amount as decimal(18, 2)) as reporting_amount, created_at,
        created_at + interval 5 day as closed_at, true as is_won, false as is_lost,
        false as is_new_contract, false as is_excluded
    from raw.crm_deals
    """,
)
KPI = """
create table marts.kpi_closed_deals as
select
    period_grain, date '2026-02-01' as period_start, scope, scope_value,
    case when scope = 'rep' then 1 else 2 end as won, 0 as lost, 1.0::double as close_rate,
    0.3::double as close_rate_low, 1.0::double as close_rate_high
from (select unnest(['week', 'month', 'quarter']) as period_grain)
cross join (
    values ('company', 'all'), ('team', 'a'), ('rep', 'c:r'), ('rep', 'c:s'),
        ('lead_source', 'web')
) as scopes (scope, scope_value)
"""


@pytest.fixture
def build(raw: Path) -> Path:
    run_sql(raw, *DEALS, KPI)
    return raw


def check(build: Path, tables: Sequence[str], *statements: str) -> StageReport:
    run_sql(build, *statements)
    return run_stage(build, "marts", run_id="tonight", tables=tables)


def told(report: StageReport) -> list[tuple[str, str, int | None, str]]:
    assert not report.broken, report.broken
    return [
        (r.expectation, r.observed, r.failing_rows, r.severity)
        for r in (*report.failed, *report.warnings)
    ]


def test_good_marts_pass(build: Path) -> None:
    assert told(check(build, ["fct_deals", "kpi_closed_deals"])) == []


def test_marts_in_a_file_of_their_own(raw: Path) -> None:
    marts = raw.parent / "marts" / "touchline.duckdb"
    marts.parent.mkdir()
    staging, _, staged, deals = DEALS
    attached = (f"attach '{marts}' as touchline", "create schema touchline.marts")
    run_sql(raw, staging, staged, *attached, deals.replace("marts.", "touchline.marts."))
    assert told(check(raw, ["fct_deals"])) == []
    run_sql(marts, "update marts.fct_deals set amount = amount - 0.01 where deal_id = 'c:1'")
    assert told(check(raw, ["fct_deals"])) == [
        ("money_is_conserved", "EUR 299.99 of 300.00", 1, "error")
    ]


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (
            "update marts.fct_deals set amount = amount - 0.01 where deal_id = 'c:1'",
            ("money_is_conserved", "EUR 299.99 of 300.00", 1, "error"),
        ),
        (
            "update marts.fct_deals set currency = 'USD' where deal_id = 'c:1'",
            ("money_is_conserved", "EUR 200.00 of 300.00, USD 100.00 of 0.00", 2, "error"),
        ),
        (
            "insert into staging.stg_crm__deals values ('c:3')",
            (
                "rows_are_conserved",
                "marts.fct_deals has 2, staging.stg_crm__deals has 3",
                1,
                "error",
            ),
        ),
        (
            "update marts.fct_deals set reporting_amount = null where deal_id = 'c:1'",
            ("amounts_can_be_converted", "EUR 1", 1, "warning"),
        ),
        (
            "update marts.fct_deals set closed_at = created_at - interval 1 day",
            ("deals_close_after_they_open", "2 of 2 rows (100.0 %)", 2, "warning"),
        ),
        (
            "update marts.fct_deals set closed_at = '2026-03-02' where deal_id = 'c:1'",
            ("nothing_is_seen_after_as_of", "closed_at 1", 1, "error"),
        ),
    ],
)
def test_bad_deals(build: Path, statement: str, expected: tuple[str, str, int, str]) -> None:
    assert told(check(build, ["fct_deals"], statement)) == [expected]


def test_won_deals_without_an_amount(build: Path) -> None:
    statement = "update {} set amount = null where deal_id = 'c:1'"
    report = check(
        build, ["fct_deals"], statement.format("raw.crm_deals"), statement.format("marts.fct_deals")
    )
    assert told(report) == [("won_deals_have_an_amount", "1 of 2 rows (50.0 %)", 1, "warning")]


@pytest.mark.parametrize(
    ("statement", "expectation", "observed", "rows"),
    [
        (
            "update marts.kpi_closed_deals set close_rate_high = 1.2 where scope = 'company'",
            "shares_are_shares",
            "close_rate_high 3",
            3,
        ),
        (
            "update marts.kpi_closed_deals set close_rate = 0.2 where scope = 'team'",
            "shares_are_shares",
            "close_rate outside its interval 3",
            3,
        ),
        (
            "delete from marts.kpi_closed_deals where scope_value = 'c:s' and period_grain = 'week'",
            "totals_are_conserved",
            "won 1 to 2 of 2, lost 0 to 0 of 0",
            1,
        ),
        (
            "delete from marts.kpi_closed_deals",
            "totals_are_conserved",
            "won 0 to 0 of 2, lost 0 to 0 of 0",
            12,
        ),
    ],
)
def test_bad_kpis(build: Path, statement: str, expectation: str, observed: str, rows: int) -> None:
    report = check(build, ["kpi_closed_deals"], statement)
    assert told(report) == [(expectation, observed, rows, "error")]


def test_a_table_that_lost_its_rows_since_the_last_release(build: Path) -> None:
    release = build.parent / "current" / "touchline.duckdb"
    release.parent.mkdir()
    run_sql(
        release,
        "create schema marts",
        "create table marts.fct_deals as select * from range(3)",
        "create table marts.kpi_closed_deals as select * from range(15)",
    )
    assert told(check(build, ["fct_deals", "kpi_closed_deals"])) == [
        ("rows_did_not_collapse", "2 rows, 3 in the release in force", 1, "warning")
    ]


def test_touches_are_counted_from_both_systems_and_are_fresh(build: Path) -> None:
    statements = (
        "create schema intermediate",
        "create table staging.stg_crm__activities as select range as activity_id from range(10)",
        (
            "create table staging.stg_telephony__calls as "
            "select range as leg_id, range // 2 as call_id from range(8)"
        ),
        "create table intermediate.int_calls_paired_with_crm as select 1 as call_id",
        # 10 activities + 8 legs - 4 collapsed legs - 1 pair - 2 collapsed messages
        (
            "create table marts.fct_touches as select range as touch_id, "
            "timestamp '2026-02-28' as started_at, case when range = 0 then 3 end as messages "
            "from range(11)"
        ),
    )
    assert told(check(build, ["fct_touches"], *statements)) == []
    report = check(
        build,
        ["fct_touches"],
        "delete from marts.fct_touches where touch_id = 10",
        "update marts.fct_touches set started_at = '2026-02-20'",
    )
    assert told(report) == [
        (
            "touches_are_conserved",
            (
                "touches 10, collapsed messages 2, activities 10, legs 8, less collapsed legs -4, "
                "less pairs -1"
            ),
            1,
            "error",
        ),
        (
            "is_fresh(started_at)",
            "latest 2026-02-20 00:00, as of 2026-03-01 12:00",
            1,
            "warning",
        ),
    ]
