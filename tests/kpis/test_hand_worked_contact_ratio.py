"""KPIS.md 3.1: calls and emails to new customers against new contracts."""

import pytest

from tests.kpis.worlds import (
    Company,
    Marts,
    activity,
    call,
    contact,
    course,
    deal,
    email,
    lead,
    leg,
    number,
)

COMPANY = Company(as_of="Apr 30 12:00")


@COMPANY.given(
    contact("C1", phones=number(1)),
    lead("L1", contact_id="C1", lead_source="fair", owner_rep_id="R1"),
    lead("L1a", lead_source="fair", owner_rep_id="R2", status="qualified"),
    *course("lead", "L1a", ("qualified", "28 08:00")),
    leg("T11", "4 09:00:00", outside=number(1), extension="101"),
    call("A11", "4 09:01:00", contact_id="C1", rep_id="R1"),
    leg("T12", "5 09:00:00", talk=40, outside=number(1), extension="103"),
    call("A13", "28 09:00:00", lead_id="L1a", rep_id="R2"),
    call("A14", "6 09:00:00", "inbound", lead_id="L1", duration_seconds="60"),
    email("E11", "6 10:00:00", lead_id="L1", rep_id="R1"),
    email("E12", "6 11:00:00", lead_id="L1", rep_id="R1", is_automated="true"),
    email("E13", "6 12:00:00", "inbound", lead_id="L1"),
    activity("G11", "7 10:00:00", "meeting", lead_id="L1", outcome="held", rep_id="R1"),
    activity("M11", "7 12:00:00", "message", lead_id="L1", rep_id="R1"),
    deal(
        "D1",
        "7 13:00",
        lead_id="L1",
        owner_rep_id="R3",
        stage="won",
        closed_at="2025-03-10T09:00:00Z",
    ),
    call("A15", "11 09:00:00", lead_id="L1", rep_id="R1"),
    call("A16", "11 09:00:00", lead_id="L1", rep_id="R1", is_deleted="true"),
)
def test_outreach_prospects_and_new_contracts(marts: Marts) -> None:
    """The touches and what they count for.

    | to L1: | T11 = A11 call | 1 |
    | | T12 call that got through | 1 |
    | | E11 email | 1 |
    | to L1a: | A13 call | 1 |
    Not: inbound (A14, E13), machine-sent (E12), meetings, messages, a call to a customer who has
    bought by then (A15), a deleted one. L1 became a prospect on the 7th (its deal), L1a on the 28th.
    """
    row = marts.kpi("kpi_contact_ratio", "fair")
    assert (row["outreach_calls"], row["outreach_emails"], row["outreach_touches"]) == (3, 1, 4)
    assert (row["prospects"], row["new_contracts"]) == (2, 1)
    assert row["touches_per_contract"] == 4
    assert row["prospects_per_1000_calls"] == pytest.approx(2000 / 3)
    assert row["contracts_per_1000_calls"] == pytest.approx(1000 / 3)


def test_each_figure_is_somebodys(marts: Marts) -> None:
    # In the week of the 3rd: touches are whose made them, L1's prospect is R1's, its first
    # owner; the contract of the 10th is R3's, who owned the deal. A ratio whose denominator is
    # 0 is null.

    def week(rep: str, start: str) -> tuple[int, int, int, int]:
        row = marts.scoped("kpi_contact_ratio", "rep", f"files:{rep}", start, "week")
        return (
            row["outreach_calls"],
            row["outreach_emails"],
            row["prospects"],
            row["new_contracts"],
        )

    assert week("R1", "2025-03-03") == (1, 1, 1, 0)
    assert week("R3", "2025-03-03") == (1, 0, 0, 0)
    assert week("R3", "2025-03-10") == (0, 0, 0, 1)
    assert week("R2", "2025-03-24") == (1, 0, 1, 0)
    assert not marts.scoped("kpi_contact_ratio", "rep", "files:R2", "2025-03-03", "week")
    row = marts.scoped("kpi_contact_ratio", "rep", "files:R3", "2025-03-10", "week")
    assert (row["touches_per_contract"], row["contracts_per_1000_calls"]) == (0, None)
    row = marts.scoped("kpi_contact_ratio", "team", "East", "2025-03-03", "week")
    assert (row["outreach_touches"], row["touches_per_contract"]) == (2, None)


@COMPANY.given(
    lead("L2", "31 08:00", lead_source="cohort"),
    lead("L2a", "10 08:00", lead_source="cohort"),
    call("A21", "31 09:00:00", lead_id="L2", rep_id="R1"),
    call("A22", "Apr 3 09:00:00", lead_id="L2", rep_id="R1"),
    email("E21", "Apr 4 09:00:00", lead_id="L2a", rep_id="R2"),
    deal("D2", "Apr 5 09:00", lead_id="L2", stage="won", closed_at="2025-04-10T08:00:00Z"),
)
def test_the_cohort_has_all_its_touches_whenever(marts: Marts) -> None:
    """Created in March: 2 calls and 1 email, of which the period March sees one call; won in April."""
    march, april = (marts.kpi("kpi_contact_ratio", "cohort", f"2025-0{n}-01") for n in (3, 4))
    assert (march["outreach_calls"], march["outreach_emails"], march["new_contracts"]) == (1, 0, 0)
    assert (april["outreach_calls"], april["outreach_emails"], april["new_contracts"]) == (1, 1, 1)
    cohort = marts.kpi("kpi_contact_ratio_cohort", "cohort")
    assert (cohort["outreach_calls"], cohort["outreach_emails"]) == (2, 1)
    assert (cohort["prospects"], cohort["new_contracts"]) == (1, 1)
    assert cohort["touches_per_contract"] == 3
    assert not marts.kpi("kpi_contact_ratio_cohort", "cohort", "2025-04-01")


@COMPANY.given(
    lead("L4", "Apr 5 23:59:59", lead_source="ripe"),
    lead("L4a", "Apr 6 00:00", lead_source="unripe"),
    *(
        row
        for n, day in enumerate((1, 2, 3, 4))
        for row in (
            lead(f"L3{n}", "Apr 1 08:00", lead_source="won"),
            deal(
                f"D3{n}",
                "Apr 1 09:00",
                lead_id=f"L3{n}",
                stage="won",
                closed_at=f"2025-04-{1 + 10 * day if day < 3 else 1 + 7 * day:02}T08:00:00Z",
            ),
        )
    ),
)
def test_a_cohort_is_mature_when_nine_of_ten_would_be_won(marts: Marts) -> None:
    # Lead to contract took, in days: D1 7 (see above: created on the 3rd at 8, won on the 10th
    # at 9, 7 1/24), D2 10, and here 10, 20, 21, 28. Sorted: 7 1/24, 10, 10, 20, 21, 28; the
    # 90th percentile lies at 0.9 * 5 = 4.5, between 21 and 28: 24.5 days. On 30 April at 12 a
    # cohort is mature whose youngest lead was created before 6 April, 0:00; at that moment it
    # is not yet.
    assert marts.kpi("kpi_contact_ratio_cohort", "ripe", "2025-04-01")["is_mature"]
    assert not marts.kpi("kpi_contact_ratio_cohort", "unripe", "2025-04-01")["is_mature"]
