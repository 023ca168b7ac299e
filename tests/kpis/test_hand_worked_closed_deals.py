"""KPIS.md 3.5: closed deals, the funnel, and who opens and who closes."""

import pytest

from tests.kpis.worlds import Company, Marts, Row, at, course, deal, lead, moment, rep

COMPANY = Company(as_of="Apr 30 12:00")
COMPANY.rows += [rep("P1", "Pair"), rep("P2", "Pair"), rep("Q1", "Others")]


def _closed(key: str, outcome: str, when: str, amount: str = "", **cells: str) -> Row:
    told = {"stage": outcome, "closed_at": at(when), "amount": amount, "currency": "USD"}
    return deal(key, "3 08:00", **{**told, **cells})


@COMPANY.given(
    *(lead(f"L1{n}", lead_source="five") for n in range(1, 7)),
    _closed("D11", "won", "5 08:00", "100", lead_id="L11", owner_rep_id="R1"),
    _closed("D12", "won", "7 08:00", "300", lead_id="L12", owner_rep_id="R1"),
    _closed("D13", "won", "13 08:00", "1100", lead_id="L13", owner_rep_id="R2"),
    _closed("D14", "lost", "31 23:59:59", "9000", lead_id="L14", owner_rep_id="R3"),
    _closed("D15", "lost", "Apr 1 00:00:00", "7000", lead_id="L15", owner_rep_id="R3"),
    deal("D16", lead_id="L16", owner_rep_id="R1"),
)
def test_closed_deals_by_date_of_closing(marts: Marts) -> None:
    # March: three won (100, 300, 1100 after 2, 4, 10 days) and one lost, at the last second;
    # one was lost in April, one is open. 3 of 4 = 0.75; Wilson with z = 1.96: 0.3006 to 0.9544.
    row = marts.kpi("kpi_closed_deals", "five")
    assert (row["won"], row["lost"], row["close_rate"]) == (3, 1, 0.75)
    assert row["close_rate_low"] == pytest.approx(0.3006, abs=0.0001)
    assert row["close_rate_high"] == pytest.approx(0.9544, abs=0.0001)
    assert (row["won_amount"], row["average_deal"], row["median_deal"]) == (1500, 500, 300)
    assert row["median_cycle_days"] == 4
    april = marts.kpi("kpi_closed_deals", "five", "2025-04-01")
    assert (april["won"], april["lost"], april["close_rate"]) == (0, 1, 0)
    assert (april["won_amount"], april["average_deal"]) == (0, None)
    quarter = marts.kpi("kpi_closed_deals", "five", "2025-01-01", "quarter")
    assert (quarter["won"], quarter["lost"]) == (3, 1)


def test_a_closed_deal_is_its_closing_reps(marts: Marts) -> None:
    """In the week of the 3rd R1 won 100 and 300; the East is R1 and R2, who won in the next week."""
    row = marts.scoped("kpi_closed_deals", "rep", "files:R1", "2025-03-03", "week")
    assert (row["won"], row["won_amount"]) == (2, 400)
    assert marts.scoped("kpi_closed_deals", "team", "East", "2025-03-10", "week")["won"] == 1
    assert not marts.scoped("kpi_closed_deals", "rep", "files:R1", "2025-03-10", "week")


@COMPANY.given(
    lead("L21", lead_source="funnel"),
    lead("L22", lead_source="funnel", status="qualified"),
    *course("lead", "L22", ("new", "3 08:00"), ("qualified", "5 08:00")),
    lead("L23", lead_source="funnel", status="disqualified"),
    *course("lead", "L23", ("new", "3 08:00"), ("disqualified", "4 08:00")),
    lead("L24", lead_source="funnel", status="disqualified"),
    *course("lead", "L24", ("qualified", "7 08:00"), ("disqualified", "9 08:00")),
    lead("L25", lead_source="funnel"),
    deal("D25", "9 08:00", lead_id="L25"),
    lead("L26", lead_source="funnel", status="converted"),
    *course("lead", "L26", ("qualified", "4 08:00")),
    _closed("D26", "won", "20 08:00", lead_id="L26", created_at=at("10 08:00")),
    lead("L27", lead_source="funnel", status="converted"),
    *course("lead", "L27", ("qualified", "8 08:00")),
    _closed("D27", "lost", "14 08:00", lead_id="L27", created_at=at("12 08:00")),
    lead("L28", "Apr 3 08:00", lead_source="funnel"),
)
def test_the_funnel_of_a_cohort(marts: Marts) -> None:
    """Seven leads of 3 March (L28 is April's).

    | | lead | prospect | opportunity |
    | L21 | is one | | |
    | L22 | 2 days | is one | |
    | L23 | lost | | |
    | L24 | 4 days | lost | |
    | L25 | 6 days | skipped | is one |
    | L26 | 1 day | 6 days | 10 days, won |
    | L27 | 5 days | 4 days | lost |
    """

    def step(name: str) -> dict[str, object]:
        return marts.kpi("kpi_funnel", "funnel", step=name)

    counts = ("entered", "went_on", "lost", "still_there", "skipped")
    assert [step("lead")[name] for name in counts] == [7, 5, 1, 1, 0]
    assert [step("prospect")[name] for name in counts] == [5, 3, 1, 1, 1]
    assert [step("opportunity")[name] for name in counts] == [3, 1, 1, 1, 0]
    assert step("lead")["conversion"] == pytest.approx(5 / 7)
    assert step("prospect")["conversion"] == pytest.approx(3 / 5)
    assert step("opportunity")["conversion"] == pytest.approx(1 / 3)
    assert marts.lead("L24")["lost_at"] == moment("9 08:00")


def _leads(rep_id: str, source: str, total: int, prospects: int) -> list[Row]:
    return [
        lead(
            f"{rep_id}{source}{n}",
            owner_rep_id=rep_id,
            lead_source=source,
            status="qualified" if n < prospects else "new",
        )
        for n in range(total)
    ]


@COMPANY.given(
    *_leads("P1", "web", 40, 36),
    *_leads("P2", "web", 40, 12),
    *_leads("P1", "cold", 10, 1),
    *_leads("Q1", "web", 19, 19),
)
def test_openers_against_what_the_team_makes_of_the_same_sources(marts: Marts) -> None:
    """The team Pair: 48 of 80 web leads became prospects (0.6), 1 of 10 cold ones (0.1).

    P1 had 40 and 10 of them: expected 40 * 0.6 + 10 * 0.1 = 25 of 50, or 0.5; 37 did, 0.74, whose
    interval (0.604 to 0.841) leaves 0.5 out: strong. P2: expected 0.6, 12 of 40 = 0.3 (0.181
    to 0.454): weak. Q1 had 19, too few to say.
    """
    rows = {
        row["rep_id"]: row
        for row in marts.select("select * from marts.kpi_rep_profile where side = 'opener'")
    }
    first, second, third = (rows[key] for key in ("P1", "P2", "Q1"))
    assert (first["entered"], first["converted"], first["observed_rate"]) == (50, 37, 0.74)
    assert first["observed_low"] == pytest.approx(0.604, abs=0.001)
    assert first["observed_high"] == pytest.approx(0.841, abs=0.001)
    assert first["expected_rate"] == pytest.approx(0.5)
    assert (first["index"], first["verdict"]) == (pytest.approx(0.74 / 0.5), "strong")
    assert (second["expected_rate"], second["verdict"]) == (pytest.approx(0.6), "weak")
    assert third["verdict"] == "not enough data"
