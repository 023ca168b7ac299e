# Longer than most: each case stands with its rows and its reckoning.
"""KPIS.md 0 and 2: steps of leads, closings of deals, customers and money."""

from decimal import Decimal

import pytest

from tests.kpis.worlds import (
    Company,
    Marts,
    Row,
    account,
    call,
    contact,
    course,
    deal,
    lead,
    moment,
    owners,
)

COMPANY = Company(
    as_of="Apr 30 12:00",
    seeds={
        "exchange_rates": [
            {"currency": "EUR", "day": "2025-03-01", "rate": "1.10"},
            {"currency": "EUR", "day": "2025-03-15", "rate": "1.20"},
        ]
    },
)


@COMPANY.given(
    lead("L1", status="converted"),
    *course("lead", "L1", ("new", "3 08:00"), ("qualified", "5 09:00"), ("converted", "7 09:00")),
    deal("D1", "7 10:00", lead_id="L1", stage="won", closed_at="2025-03-20T09:00:00Z"),
)
def test_the_first_time_at_each_step(marts: Marts) -> None:
    row = marts.lead("L1")
    assert row["prospect_at"] == moment("5 09:00")
    assert row["opportunity_at"] == moment("7 10:00")
    assert (row["won_at"], row["closed_at"]) == (moment("20 09:00"), moment("20 09:00"))
    assert (row["lost_at"], row["funnel_step"], row["steps_back"]) == (None, "won", 0)
    assert not row["is_prospect_skipped"]


@COMPANY.given(
    lead("L2"),
    deal("D2", "7 10:00", lead_id="L2"),
    lead("L2a"),
    deal("D2a", "8 10:00", lead_id="L2a", stage="won"),
    *course("deal", "D2a", ("won", "10 09:00")),
)
def test_a_skipped_step_has_the_time_of_the_next(marts: Marts) -> None:
    """L2 never was qualified; D2a went to won at once, which is the next step that it reached."""
    row = marts.lead("L2")
    assert (row["prospect_at"], row["opportunity_at"]) == (moment("7 10:00"), moment("7 10:00"))
    assert (row["is_prospect_skipped"], row["funnel_step"]) == (True, "opportunity")
    row = marts.lead("L2a")
    assert {row[f"{step}_at"] for step in ("prospect", "opportunity", "won")} == {
        moment("10 09:00")
    }


@COMPANY.given(
    lead("L3", status="qualified"),
    *course("lead", "L3", ("new", "3 08:00"), ("qualified", "4 09:00"), ("working", "5 09:00")),
    *course("lead", "L3", ("new", "6 09:00"), ("qualified", "8 09:00")),
)
def test_going_back_moves_no_first_time_and_is_counted(marts: Marts) -> None:
    """From qualified to working is one step back; working -> new is none (both are `lead`)."""
    row = marts.lead("L3")
    assert row["prospect_at"] == moment("4 09:00")
    assert (row["funnel_step"], row["steps_back"]) == ("prospect", 1)


@COMPANY.given(
    lead("L4", status="qualified", updated_at="2025-03-06T09:00:00Z"),
    lead("L4a", status="qualified"),
    lead("L4b", status="working", updated_at="2025-03-06T09:00:00Z"),
    lead("L4c", status="disqualified", updated_at="2025-03-09T09:00:00Z"),
    lead("L4d"),
    deal("D4d", "5 09:00", lead_id="L4d", stage="lost", updated_at="2025-03-12T09:00:00Z"),
)
def test_without_history_the_present_says_it(marts: Marts) -> None:
    # At `updated_at`, else `created_at`; a deal opened at `created_at` and closed, where it
    # does not say when, at `updated_at`.
    assert marts.lead("L4")["prospect_at"] == moment("6 09:00")
    assert marts.lead("L4a")["prospect_at"] == moment("3 08:00")
    assert marts.lead("L4b")["prospect_at"] is None
    disqualified = marts.lead("L4c")
    assert (disqualified["lost_at"], disqualified["prospect_at"]) == (moment("9 09:00"), None)
    by_deal = marts.lead("L4d")
    assert (by_deal["opportunity_at"], by_deal["lost_at"]) == (
        moment("5 09:00"),
        moment("12 09:00"),
    )


@COMPANY.given(
    *(lead(f"L5{n}") for n in "abcd"),
    deal("D5a", lead_id="L5a", stage="won"),
    *course("deal", "D5a", ("won", "5 09:00"), ("negotiation", "7 09:00"), ("won", "20 09:00")),
    deal("D5b", lead_id="L5b", stage="won"),
    *course("deal", "D5b", ("lost", "5 09:00"), ("negotiation", "7 09:00"), ("won", "20 09:00")),
    deal("D5c", lead_id="L5c", stage="lost"),
    *course("deal", "D5c", ("won", "5 09:00"), ("negotiation", "7 09:00"), ("lost", "20 09:00")),
    deal("D5d", lead_id="L5d", stage="negotiation"),
    *course("deal", "D5d", ("won", "5 09:00"), ("negotiation", "7 09:00")),
)
@pytest.mark.parametrize(
    ("key", "closed", "outcome"),
    [
        ("5a", "20 09:00", "won"),
        ("5b", "20 09:00", "won"),
        ("5c", "20 09:00", "lost"),
        ("5d", None, None),
    ],
)
def test_a_reopened_deal_has_its_last_closing(
    marts: Marts, key: str, closed: str | None, outcome: str | None
) -> None:
    """The first closing, of 5 March, is none any more; D5d was reopened and is open still."""
    at = moment(closed) if closed else None
    row = marts.deal(f"D{key}")
    assert (row["closed_at"], row["is_won"], row["is_lost"]) == (
        at,
        outcome == "won",
        outcome == "lost",
    )
    owner = marts.lead(f"L{key}")
    assert owner["won_at"] == (at if outcome == "won" else None)
    assert owner["lost_at"] == (at if outcome == "lost" else None)
    assert owner["funnel_step"] == (outcome or "opportunity")


@COMPANY.given(
    lead("L6a"),
    deal("D6a1", lead_id="L6a", stage="lost", closed_at="2025-03-05T09:00:00Z"),
    deal("D6a2", lead_id="L6a"),
    lead("L6b"),
    deal("D6b1", lead_id="L6b", stage="lost", closed_at="2025-03-05T09:00:00Z"),
    deal("D6b2", lead_id="L6b", stage="lost", closed_at="2025-03-09T09:00:00Z"),
    lead("L6c", status="disqualified", updated_at="2025-03-10T09:00:00Z"),
    deal("D6c", lead_id="L6c"),
    lead("L6d"),
    deal("D6d1", lead_id="L6d", stage="won", closed_at="2025-03-12T09:00:00Z"),
    deal("D6d2", lead_id="L6d", stage="won", closed_at="2025-03-08T09:00:00Z"),
    deal("D6d3", lead_id="L6d", stage="lost", closed_at="2025-03-20T09:00:00Z"),
    lead("L6e", status="disqualified"),
    *course("lead", "L6e", ("disqualified", "10 09:00"), ("working", "12 09:00")),
    *course("lead", "L6e", ("disqualified", "20 09:00")),
)
def test_when_a_lead_is_won_and_when_it_is_lost(marts: Marts) -> None:
    # a: one deal lost, one open: open. b: all lost: at the last. c: disqualified, but a deal is
    # open. d: won with its first won deal, a later loss takes nothing back. e: disqualified
    # twice: lost at the first time, closed since the last.
    assert (marts.lead("L6a")["lost_at"], marts.lead("L6a")["closed_at"]) == (None, None)
    assert marts.lead("L6b")["lost_at"] == moment("9 09:00")
    assert (marts.lead("L6c")["lost_at"], marts.lead("L6c")["funnel_step"]) == (None, "opportunity")
    assert (marts.lead("L6d")["won_at"], marts.lead("L6d")["lost_at"]) == (moment("8 09:00"), None)
    assert marts.lead("L6e")["lost_at"] == moment("10 09:00")
    assert marts.lead("L6e")["closed_at"] == moment("20 09:00")


@COMPANY.given(
    account("K7"),
    contact("C71", account_id="K7"),
    contact("C72", account_id="K7"),
    lead("L71", contact_id="C71", lead_source="again"),
    lead("L72", "12 08:00", contact_id="C72", lead_source="again"),
    deal("D71", lead_id="L71", stage="won", closed_at="2025-03-10T09:00:00Z"),
    deal("D72", "12 09:00", lead_id="L72", stage="won", closed_at="2025-03-20T09:00:00Z"),
    call("A71", "9 09:00:00", lead_id="L71", rep_id="R3"),
    call("A72", "10 09:00:00", lead_id="L71", rep_id="R3"),
    call("A73", "10 09:00:01", lead_id="L71", rep_id="R3"),
    call("A74", "13 09:00:00", lead_id="L72", rep_id="R3"),
    deal("D73", stage="won", closed_at="2025-03-11T09:00:00Z"),
)
def test_a_customers_second_contract(marts: Marts) -> None:
    """The customer is the account of both contacts.

    It is new until D71 was won (at that very moment still); D72 is no new contract. Of four
    calls two were to a new customer. D73 is nobody's.
    """
    assert {marts.deal(key)["customer_id"] for key in ("D71", "D72")} == {"K7"}
    assert [marts.deal(key)["is_new_contract"] for key in ("D71", "D72", "D73")] == [
        True,
        False,
        False,
    ]
    new = [marts.touch(f"A7{n}")["is_new_customer"] for n in range(1, 5)]
    assert new == [True, True, False, False]
    ratio = marts.kpi("kpi_contact_ratio", "again")
    assert (ratio["outreach_calls"], ratio["new_contracts"]) == (2, 1)
    assert ratio["touches_per_contract"] == 2
    assert marts.kpi("kpi_closed_deals", "again")["won"] == 2


def _won(key: str, day: str, amount: str = "100", currency: str = "EUR") -> tuple[Row, ...]:
    return (
        lead(f"L{key}", "1 08:00", lead_source="money"),
        deal(
            f"D{key}",
            "1 08:00",
            lead_id=f"L{key}",
            stage="won",
            amount=amount,
            currency=currency,
            closed_at=f"2025-03-{day}T12:00:00Z",
        ),
    )


@COMPANY.given(
    _won("81", "14"),
    _won("82", "15"),
    _won("83", "15", "50.25", "USD"),
    _won("84", "15", currency="GBP"),
    _won("85", "15", currency=""),
    _won("86", "15", amount=""),
    _won("87", "15", currency="eur"),
    lead("L88", "1 08:00", lead_source="money"),
    deal(
        "D88",
        "1 08:00",
        lead_id="L88",
        stage="won",
        amount="100",
        currency="EUR",
        closed_at="2025-02-28T12:00:00Z",
    ),
)
def test_amounts_at_the_rate_of_the_day_of_closing(marts: Marts) -> None:
    # 100 EUR are 110 on the 14th and 120 from the 15th; there is no rate for GBP, for EUR in
    # February, or for a deal without a currency: unknown, never 1:1. March: 110 + 120 + 50.25 +
    # 120 = 400.25 of 7 won deals, 4 with an amount; their median is 115.
    amounts = {key: marts.deal(f"D8{key}")["reporting_amount"] for key in range(1, 9)}
    assert amounts == {
        1: 110,
        2: 120,
        3: Decimal("50.25"),
        4: None,
        5: None,
        6: None,
        7: 120,
        8: None,
    }
    row = marts.kpi("kpi_closed_deals", "money")
    assert (row["won"], row["won_without_amount"]) == (7, 3)
    assert row["won_amount"] == Decimal("400.25")
    assert row["average_deal"] == pytest.approx(400.25 / 4)
    assert row["median_deal"] == 115


@COMPANY.given(
    lead("L9", lead_source="merge9"),
    deal(
        "D91",
        lead_id="L9",
        stage="won",
        amount="70",
        currency="USD",
        closed_at="2025-03-05T09:00:00Z",
        merged_into_id="D92",
    ),
    deal(
        "D92",
        lead_id="L9",
        stage="won",
        amount="70",
        currency="USD",
        closed_at="2025-03-05T09:00:00Z",
    ),
    deal(
        "D93",
        lead_id="L9",
        stage="won",
        amount="9",
        currency="USD",
        closed_at="2025-03-05T09:00:00Z",
        is_deleted="true",
    ),
    call("A91", "4 09:00:00", deal_id="D91"),
    lead("L9a", status="test", lead_source="merge9"),
    deal(
        "D94",
        lead_id="L9a",
        stage="won",
        amount="5",
        currency="USD",
        closed_at="2025-03-05T09:00:00Z",
    ),
)
def test_money_is_not_doubled_by_a_merge(marts: Marts) -> None:
    """D91 became D92, D93 was deleted, D94 is a test lead's: one contract of 70."""
    reasons = [marts.deal(f"D9{n}")["exclusion_reason"] for n in (1, 2, 3, 4)]
    assert reasons == ["merged", None, "deleted", "lead_test"]
    row = marts.kpi("kpi_closed_deals", "merge9")
    assert (row["won"], row["won_amount"]) == (1, 70)
    assert (marts.touch("A91")["deal_id"], marts.touch("A91")["lead_id"]) == ("D92", "L9")


@COMPANY.given(
    lead("L10", lead_source="own10"),
    deal("D101", lead_id="L10", owner_rep_id="R3", stage="won", closed_at="2025-05-01T09:00:00Z"),
    *course("deal", "D101", ("proposal", "4 09:00"), ("won", "12 09:00")),
    owners("deal", "D101", ("R1", "4 09:00"), ("R2", "10 09:00"), ("R3", "15 09:00")),
    deal(
        "D102",
        "9 09:00",
        lead_id="L10",
        owner_rep_id="R3",
        stage="lost",
        closed_at="2025-03-06T09:00:00Z",
    ),
)
def test_a_closing_is_his_who_owned_the_deal_then(marts: Marts) -> None:
    """D101 closed on the 12th, by its stages, when R2 owned it.

    D102 says that it closed before it was opened: kept, without a cycle.
    """
    row = marts.deal("D101")
    assert (row["closing_rep_id"], row["closed_at"]) == ("R2", moment("12 09:00"))
    # Created on the 3rd at 8, closed on the 12th at 9.
    assert row["cycle_days"] == pytest.approx(9 + 1 / 24)
    row = marts.deal("D102")
    assert (row["closing_rep_id"], row["is_lost"], row["cycle_days"]) == ("R3", True, None)
    assert row["closed_at"] == moment("6 09:00")
