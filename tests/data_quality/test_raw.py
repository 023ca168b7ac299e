"""Raw: good data pass; each kind of bad data fails with its table, its rule and its count."""

from pathlib import Path

import pytest

from data_quality.contract import load_entities
from data_quality.runner import Result, run_stage
from tests.data_quality.hand_made import add, contract_tables, opened, run_sql


def bad(path: Path, table: str) -> list[Result]:
    report = run_stage(path, "raw", run_id="tonight", tables=[table])
    assert not report.broken, report.broken
    return [*report.failed, *report.warnings]


def told(result: Result) -> tuple[str, str, int | None, str]:
    return result.table, result.expectation, result.failing_rows, result.severity


def test_good_data_pass_and_every_table_is_looked_at(raw: Path) -> None:
    report = run_stage(raw, "raw", run_id="tonight")
    assert report.passed
    assert not report.warnings
    assert {result.table for result in report.results} == {
        *contract_tables(),
        "runs",
        "phone_numbers",
        "connector_stages",
        "connector_states",
    }
    for entity in load_entities().values():
        own = {r.expectation for r in report.results if r.table == entity.table}
        assert {"rows_are_conserved", "volume_is_usual"} <= own
        assert {f"expect_column_values_to_not_be_null({c})" for c in entity.required} <= own


@pytest.mark.parametrize(
    ("statement", "table", "expectation", "rows", "severity"),
    [
        (
            "update raw.crm_leads set status = null where lead_id in ('c:1', 'c:2', 'c:3')",
            "crm_leads",
            "expect_column_values_to_not_be_null(status)",
            3,
            "error",
        ),
        (
            "update raw.crm_leads set created_at = now() + interval 3 day where lead_id = 'c:1'",
            "crm_leads",
            "expect_column_values_to_be_between(created_at)",
            1,
            "error",
        ),
        (
            "update raw.crm_activities set started_at = '1999-12-31 23:59'",
            "crm_activities",
            "times_are_not_ancient",
            2,
            "warning",
        ),
        (
            "delete from raw.crm_activities where activity_id = 'c:2'",
            "crm_activities",
            "rows_are_conserved",
            1,
            "error",
        ),
        (
            "insert into raw.crm_activities select * from raw.crm_activities",
            "crm_activities",
            "rows_are_conserved",
            2,
            "error",
        ),
        (
            (
                "update raw.crm_contacts set merged_into_id = "
                "case contact_id when 'c:1' then 'c:2' else 'c:1' end"
            ),
            "crm_contacts",
            "merges_end",
            2,
            "error",
        ),
        (
            "update raw.crm_leads set merged_into_id = lead_id where lead_id = 'c:1'",
            "crm_leads",
            "merges_end",
            1,
            "error",
        ),
        (
            "update raw.crm_leads set contact_id = 'c:gone' where lead_id in ('c:1', 'c:2', 'c:3')",
            "crm_leads",
            "references_exist(contact_id)",
            3,
            "warning",
        ),
        (
            "update raw.crm_deals set amount = 2e9 where deal_id = 'c:1'",
            "crm_deals",
            "amounts_are_believable",
            1,
            "warning",
        ),
        (
            "insert into raw.phone_numbers values ('call me', 'RU', 0, null)",
            "phone_numbers",
            "phones_can_be_read",
            1,
            "warning",
        ),
        (
            "insert into raw.runs values ('later', now() + interval 9 day, '2026-03-03', 'all', '')",
            "runs",
            "as_of_is_no_future",
            1,
            "error",
        ),
    ],
)
def test_bad_data_are_told_by_table_rule_and_count(
    raw: Path, *, statement: str, table: str, expectation: str, rows: int, severity: str
) -> None:
    run_sql(raw, statement)
    (result,) = bad(raw, table)
    assert told(result) == (table, expectation, rows, severity)
    message = result.message
    assert f"raw.{table}" in message
    assert expectation in message
    assert "Look: " in message


def test_few_orphans_are_tolerated_and_their_share_is_told(raw: Path) -> None:
    run_sql(raw, "update raw.crm_leads set contact_id = 'c:gone' where lead_id = 'c:1'")
    report = run_stage(raw, "raw", run_id="tonight")
    assert not report.warnings
    (result,) = (
        r
        for r in report.results
        if (r.table, r.expectation) == ("crm_leads", "references_exist(contact_id)")
    )
    assert result.observed == "1 of 200 rows (0.5 %)"


def test_a_planned_close_may_be_in_the_future(raw: Path) -> None:
    run_sql(raw, "update raw.crm_deals set closed_at = now() + interval 90 day")
    assert bad(raw, "crm_deals") == []


def test_rows_in_quarantine_and_rows_that_gave_way_are_accounted_for(raw: Path) -> None:
    run_sql(
        raw,
        "update quality.loads set rows_in = rows_in + 3, replaced = 2, quarantined = 1 "
        "where entity = 'crm/leads'",
        "insert into quarantine.rows (connector, entity) values ('c', 'crm/leads')",
    )
    assert bad(raw, "crm_leads") == []
    run_sql(raw, "delete from quarantine.rows")
    (result,) = bad(raw, "crm_leads")
    assert told(result) == ("crm_leads", "rows_are_conserved", 1, "error")


def test_one_connectors_loss_is_not_made_up_by_anothers_gain(raw: Path) -> None:
    run_sql(raw, "update raw.crm_activities set _connector = 'd' where activity_id = 'c:2'")
    (result,) = bad(raw, "crm_activities")
    assert result.failing_rows == 2
    assert result.observed == (
        "c: 2 in, 1 kept, 0 replaced, 0 in quarantine; d: 0 in, 1 kept, 0 replaced, 0 in quarantine"
    )


@pytest.mark.parametrize(
    ("nights", "is_told"),
    [
        ([50, 40, 60, 3], True),
        ([50, 40, 60, 0], True),
        ([50, 40, 60, 4], False),
        ([50, 0, 60, 0], False),
        ([5000, 0], False),
    ],
    ids=["a trickle", "nothing", "a poor night", "idle now and then", "the second night"],
)
def test_a_source_that_dries_up_is_told(raw: Path, nights: list[int], is_told: bool) -> None:
    with opened(raw) as connection:
        connection.execute("delete from quality.loads where entity = 'telephony/calls'")
        for number, rows in enumerate(nights):
            add(
                connection,
                "quality.loads",
                run_id=f"night {number}",
                connector="c",
                entity="telephony/calls",
                rows_in=rows,
                kept=0,
                replaced=rows,
                quarantined=0,
                replayed=0,
            )
    rules = [(r.expectation, r.severity) for r in bad(raw, "telephony_calls")]
    assert rules == ([("volume_is_usual", "warning")] if is_told else [])
