"""Staging and intermediate: what the chain from raw rows to touches must not lose, on a few rows."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from data_quality.runner import StageReport, run_stage
from tests.data_quality.hand_made import run_sql

STAGING = (
    "create schema staging",
    (
        "create view staging.stg_crm__leads as select lead_id, 'c' as connector, status "
        "from raw.crm_leads where created_at <= '2026-03-01 12:00'"
    ),
    (
        "create view staging.stg_reference__stage_map as select connector, object_type, "
        "lower(native_stage) as native_stage, funnel_step, 0 as step_rank, is_excluded "
        "from raw.connector_stages"
    ),
)
CHAIN = (
    "create schema staging",
    "create schema intermediate",
    # Ten activities, four of them calls; five legs of three calls; one pair.
    (
        "create table staging.stg_crm__activities as select range as activity_key, "
        "case when range < 4 then 'call' else 'message' end as kind, false as is_deleted, "
        "timestamp '2026-02-01' as started_at from range(10)"
    ),
    "create table staging.stg_telephony__calls as select range as leg_id from range(5)",
    (
        "create table intermediate.int_call_legs as select leg_id, leg_id // 2 as call_id, "
        "'c:r' as rep_id, false as is_internal, 60 as talk_seconds, "
        "timestamp '2026-02-01' as started_at from staging.stg_telephony__calls"
    ),
    (
        "create table intermediate.int_calls_merged_from_legs as select call_id as call_key, "
        "count(*) as legs, min(started_at) as started_at from intermediate.int_call_legs "
        "group by call_id"
    ),
    "create table intermediate.int_calls_paired_with_crm as select 1 as activity_key, 1 as call_key",
    "create table intermediate.int_touches_unioned as select range as touch_key from range(12)",
    # The six messages of one lead are two sessions.
    (
        "create table intermediate.int_touches_sessioned as select range as touch_key, "
        "case when range < 2 then 3 end as messages from range(8)"
    ),
    (
        "create table intermediate.int_touches_matched_to_leads as select touch_key, "
        "1 as lead_id, null as own_exclusion_reason from intermediate.int_touches_unioned"
    ),
    (
        "create table intermediate.int_touches_numbered as select touch_key, 1 as lead_id, "
        "touch_key + 1 as attempt_number, case when touch_key < 2 then touch_key + 1 end "
        "as contact_number, null as exclusion_reason from intermediate.int_touches_sessioned"
    ),
    "create table intermediate.int_customers_touched as select 99 as touch_key from range(0)",
    "create table intermediate.int_leads_touched as select 1 as lead_id",
    (
        "create table intermediate.int_records_merged as select 'lead' as object_type, 2 as object_id, "
        "1 as survivor_id, false as is_cycle"
    ),
    (
        "create table staging.stg_crm__stage_changes as select 'lead' as object_type, "
        "1 as object_id from range(2)"
    ),
    (
        "create table intermediate.int_stage_events as select 'lead' as object_type, "
        "greatest(1, range) as object_id from range(4)"
    ),
)
TABLES = (
    "int_call_legs",
    "int_calls_merged_from_legs",
    "int_calls_paired_with_crm",
    "int_touches_unioned",
    "int_touches_matched_to_leads",
    "int_touches_sessioned",
    "int_touches_numbered",
    "int_customers_touched",
    "int_leads_touched",
    "int_records_merged",
    "int_stage_events",
)


def check(build: Path, stage: str, tables: Sequence[str], *statements: str) -> StageReport:
    run_sql(build, *statements)
    report = run_stage(build, stage, run_id="tonight", tables=tables)
    assert not report.broken, report.broken
    return report


def told(report: StageReport) -> list[tuple[str, str, int | None]]:
    return [(r.table, r.expectation, r.failing_rows) for r in (*report.failed, *report.warnings)]


def test_rows_after_as_of_are_the_only_ones_that_staging_does_not_show(raw: Path) -> None:
    later = (
        "update raw.crm_leads set created_at = '2026-03-01 13:00' where lead_id in ('c:1','c:2')"
    )
    report = check(raw, "staging", ["stg_crm__leads"], *STAGING, later)
    assert report.passed
    (observed,) = (r.observed for r in report.results if r.expectation == "rows_are_conserved")
    assert observed == (
        "staging.stg_crm__leads has 198, raw.crm_leads has 200, less what is later than as_of -2"
    )
    report = check(
        raw,
        "staging",
        ["stg_crm__leads"],
        "create or replace view staging.stg_crm__leads as "
        "select lead_id, 'c' as connector, status from raw.crm_leads",
    )
    assert told(report) == [("stg_crm__leads", "rows_are_conserved", 2)]


def test_an_unmapped_stage_is_named(raw: Path) -> None:
    statement = "update raw.crm_leads set status = 'warm' where lead_id in ('c:1', 'c:2')"
    report = check(raw, "staging", ["stg_crm__leads"], *STAGING, statement)
    assert told(report) == [("stg_crm__leads", "stages_are_mapped", 2)]
    assert report.failed[0].observed == "c lead warm 2"
    assert "seeds/stage_map.csv" in report.failed[0].message


@pytest.mark.parametrize(
    ("row", "told_of"),
    [
        ("'c', 'lead', 'warm', 'tepid', null, false", "unknown funnel_step 1"),
        ("'c', 'lead', 'warm', null, null, false", "neither a step nor excluded 1"),
        ("'c', 'lead', 'spam', null, null, true", ""),
        ("'c', 'lead', 'lost', 'lost', null, false", ""),
    ],
)
def test_a_mapped_stage_means_something(raw: Path, row: str, told_of: str) -> None:
    report = check(
        raw,
        "staging",
        ["stg_reference__stage_map"],
        *STAGING,
        "create or replace view staging.stg_reference__stage_map as select * from "
        f"(values ({row})) as stages "
        "(connector, object_type, native_stage, funnel_step, step_rank, is_excluded)",
    )
    assert [result.observed for result in report.failed] == ([told_of] if told_of else [])


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("select 1", []),
        (
            "delete from intermediate.int_call_legs where leg_id = 4",
            [
                ("int_call_legs", "rows_are_conserved", 1),
                ("int_calls_merged_from_legs", "legs_are_conserved", 1),
            ],
        ),
        (
            "update intermediate.int_call_legs set rep_id = null, talk_seconds = 20000",
            [
                ("int_call_legs", "legs_have_a_rep", 5),
                ("int_call_legs", "talk_is_believable", 5),
            ],
        ),
        (
            "update intermediate.int_calls_paired_with_crm set activity_key = 9",
            [("int_calls_paired_with_crm", "pairs_are_of_two_calls", 1)],
        ),
        (
            "insert into intermediate.int_touches_unioned values (99)",
            [
                ("int_touches_unioned", "rows_are_conserved", 1),
                ("int_touches_matched_to_leads", "rows_are_conserved", 1),
            ],
        ),
        (
            "update intermediate.int_touches_matched_to_leads set lead_id = null where touch_key < 4",
            [("int_touches_matched_to_leads", "touches_have_a_lead", 4)],
        ),
        (
            "insert into intermediate.int_customers_touched values (3)",
            [("int_customers_touched", "no_lead_says_so", 1)],
        ),
        (
            "update intermediate.int_touches_sessioned set messages = 2 where touch_key = 1",
            [("int_touches_sessioned", "messages_are_conserved", 1)],
        ),
        (
            "update intermediate.int_touches_numbered set attempt_number = 5 where touch_key = 3",
            [("int_touches_numbered", "numbers_have_no_gaps(attempt_number)", 1)],
        ),
        (
            "update intermediate.int_touches_numbered set contact_number = null where touch_key = 0",
            [("int_touches_numbered", "numbers_have_no_gaps(contact_number)", 1)],
        ),
        (
            "insert into intermediate.int_leads_touched values (2)",
            [("int_leads_touched", "rows_are_conserved", 1)],
        ),
        (
            "update intermediate.int_records_merged set is_cycle = true",
            [("int_records_merged", "merges_have_a_survivor", 1)],
        ),
        (
            "delete from intermediate.int_stage_events where object_id = 1 and rowid = 0",
            [("int_stage_events", "rows_are_conserved", 1)],
        ),
    ],
)
def test_the_chain_of_touches(
    raw: Path, statement: str, expected: list[tuple[str, str, int]]
) -> None:
    report = check(raw, "intermediate", TABLES, *CHAIN, statement)
    assert sorted(told(report)) == sorted(expected)


def test_the_clocks_of_two_systems(raw: Path) -> None:
    report = check(
        raw,
        "intermediate",
        ["int_calls_paired_with_crm"],
        *CHAIN,
        "create or replace table intermediate.int_calls_merged_from_legs as "
        "select range as call_key, timestamp '2026-02-01 00:01:30' as started_at from range(30)",
        "create or replace table staging.stg_crm__activities as "
        "select range as activity_key, 'call' as kind, timestamp '2026-02-01' as started_at "
        "from range(30)",
        "create or replace table intermediate.int_calls_paired_with_crm as "
        "select range as activity_key, range as call_key from range(30)",
    )
    assert told(report) == [("int_calls_paired_with_crm", "clocks_agree", 1)]
    assert report.warnings[0].observed == "median 90.0 s apart, 30 pairs"
