"""pandas: lead facts, and the five KPIs by month for the company and its reps. See pandas_core."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from tests.benchmarks.frames.pandas_records import DAY

_HOUR, _MONTH = 3_600, 2_592_000
NOBODY = -2.0
"""Stands for a rep that nobody knows; the company is -1."""


def answer(
    touches: pd.DataFrame, leads: pd.DataFrame, steps: pd.DataFrame, as_of: float
) -> pd.DataFrame:
    """Leads with clock, answer, attempts, contacts, win."""
    of_leads = touches.loc[
        touches["counts"],
        ["lead", "started", "channel", "direction", "is_completed", "is_automated",
         "attempt_number"],
    ]  # fmt: skip
    by_lead = leads.set_index("lead").join(steps)
    asked = by_lead[by_lead["is_inquiry"] & by_lead["is_by_call"]]["inquired"]
    calls = of_leads[
        (of_leads["channel"] == 1) & (of_leads["direction"] == 2) & ~of_leads["is_automated"]
    ]
    near = calls[(calls["started"] - calls["lead"].map(asked)).abs() <= 1800]
    called = near.groupby("lead")["started"].min()
    by_lead["clock"] = called.reindex(by_lead.index).fillna(by_lead["inquired"])
    outbound = (of_leads["direction"] == 1) & ~of_leads["is_completed"] & ~of_leads["is_automated"]
    attempts = of_leads[outbound].sort_values(["lead", "started"])
    fourth = attempts["started"] - attempts.groupby("lead")["started"].shift(3)
    counts_from = (by_lead["clock"] - 1800).where(by_lead["is_inquiry"], 0)
    counts = of_leads["attempt_number"].notna() & (
        of_leads["started"] >= of_leads["lead"].map(counts_from)
    )
    helped = of_leads["is_completed"] & (
        of_leads["started"] <= of_leads["lead"].map(by_lead["won"])
    )
    by_lead["answered"] = of_leads[counts].groupby("lead")["started"].min()
    by_lead["attempts"] = attempts.groupby("lead").size()
    by_lead["completed_contacts"] = of_leads[of_leads["is_completed"]].groupby("lead").size()
    by_lead["contacts_to_win"] = of_leads[helped].groupby("lead").size()
    by_lead["last_touch"] = of_leads[~of_leads["is_automated"]].groupby("lead")["started"].max()
    by_lead["is_burst"] = by_lead.index.isin(attempts.loc[fourth <= DAY, "lead"])
    for column in ("attempts", "completed_contacts"):
        by_lead[column] = by_lead[column].fillna(0)
    by_lead["contacts_to_win"] = by_lead["contacts_to_win"].fillna(0).where(by_lead["won"].notna())
    by_lead["response_status"] = np.select(
        [~by_lead["is_inquiry"], by_lead["answered"].notna(), by_lead["closed"].notna()],
        ["not_an_inquiry", "responded", "never"],
        "pending",
    )
    until = by_lead["answered"].fillna(by_lead["closed"]).fillna(as_of)
    by_lead["waited"] = (until - by_lead["clock"]).clip(lower=0)
    untouched = as_of - by_lead["last_touch"].fillna(by_lead["created"]) >= 30 * DAY
    by_lead["is_given_up"] = np.where(
        by_lead["lost"].notna(), True, np.where(by_lead["won"].notna(), False, untouched)
    )
    by_lead["is_gave_up_early"] = by_lead["is_given_up"] & (by_lead["completed_contacts"] < 5)
    return by_lead.reset_index(names="lead")


def month(moments: pd.Series) -> pd.Series:
    days = pd.to_datetime(moments.astype("int64"), unit="s")
    return days.dt.to_period("M").dt.to_timestamp()


def scoped(
    rows: pd.DataFrame, measure: Callable[["pd.api.typing.DataFrameGroupBy"], pd.DataFrame]
) -> pd.DataFrame:
    """By month for the company and for each rep."""
    rows = rows.assign(rep=rows["rep"].fillna(NOBODY))
    both = [
        measure(rows.assign(rep=-1.0).groupby(["period_start", "rep"])),
        measure(rows.groupby(["period_start", "rep"])),
    ]
    return pd.concat(both).reset_index()


def sums(rows: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    return scoped(rows, lambda grouped: grouped[columns].sum())


def contact_ratio(touches: pd.DataFrame, leads: pd.DataFrame, deals: pd.DataFrame) -> pd.DataFrame:
    made = touches[
        touches["counts"]
        & (touches["direction"] == 1)
        & ~touches["is_automated"]
        & touches["is_new_customer"]
        & (touches["channel"] <= 2)
    ]
    new = leads[leads["exclusion"].isna() & leads["prospect"].notna()]
    contracts = deals[deals["is_new_contract"]]
    rows = pd.concat([
        pd.DataFrame({"period_start": month(made["started"]), "rep": made["rep"],
                      "outreach_calls": (made["channel"] == 1).astype(int),
                      "outreach_emails": (made["channel"] == 2).astype(int)}),
        pd.DataFrame({"period_start": month(new["prospect"]), "rep": new["first_owner"],
                      "prospects": 1}),
        pd.DataFrame({"period_start": month(contracts["closed"]), "rep": contracts["closer"],
                      "new_contracts": 1}),
    ])  # fmt: skip
    return sums(rows, ["outreach_calls", "outreach_emails", "prospects", "new_contracts"])


def speed_to_lead(leads: pd.DataFrame, as_of: float) -> pd.DataFrame:
    of = leads[leads["exclusion"].isna() & leads["is_inquiry"]]
    status = of["response_status"]
    waited = of["waited"]
    answered = waited.where(status == "responded")
    old_enough = as_of - of["clock"] >= _HOUR
    rows = pd.DataFrame({
        "period_start": month(of["clock"]),
        "rep": of["first_owner"],
        "inquiries": 1,
        "responded": (status == "responded").astype(int),
        "pending": (status == "pending").astype(int),
        "never": (status == "never").astype(int),
        "eligible_1h": old_enough.astype(int),
        "within_1h": (old_enough & (answered <= _HOUR)).astype(int),
        "comparable": answered.where(answered <= _MONTH),
        "waited": waited,
    })  # fmt: skip
    counts = ["inquiries", "responded", "pending", "never", "eligible_1h", "within_1h"]
    counted = sums(rows, counts)
    mean = scoped(rows, lambda grouped: grouped[["comparable"]].mean() / _HOUR)
    counted["mean_response_hours"] = mean["comparable"]
    # Kaplan-Meier: one event after another makes the same product as all of a moment at once.
    rows["rep"] = rows["rep"].fillna(NOBODY)
    curve = pd.concat([rows.assign(rep=-1.0), rows])[
        ["period_start", "rep", "waited", "responded"]
    ].sort_values(
        ["period_start", "rep", "waited", "responded"], ascending=[True, True, True, False]
    )
    keys = [curve["period_start"], curve["rep"]]
    grouped = curve.groupby(["period_start", "rep"])
    left = grouped["waited"].transform("size") - grouped.cumcount() - 1
    happened = curve["responded"] == 1
    logs = np.log(left.clip(lower=1e-9) / (left + 1)).where(happened, 0.0)
    still = np.exp(logs.groupby(keys).cumsum()).round(12)
    half = curve[happened & (still <= 0.5)].groupby(["period_start", "rep"])["waited"].min()
    half = (half / _HOUR).rename("median_response_hours").reset_index()
    return counted.merge(half, on=["period_start", "rep"], how="left")


def completed_contacts(touches: pd.DataFrame, leads: pd.DataFrame) -> pd.DataFrame:
    of = leads[leads["exclusion"].isna()]
    rows = pd.DataFrame({
        "lead": of["lead"],
        "period_start": month(of["created"]),
        "rep": of["first_owner"],
        "leads": 1,
        "attempts": of["attempts"],
        "completed_contacts": of["completed_contacts"],
        "wins": of["won"].notna().astype(int),
        "wins_at_contact_1": (of["contacts_to_win"] == 1).astype(int),
        "wins_at_contact_5_plus": (of["contacts_to_win"] >= 5).astype(int),
        "gave_up_early": of["is_gave_up_early"].astype(int),
        "burst_leads": of["is_burst"].astype(int),
    })  # fmt: skip
    counted = sums(rows, [c for c in rows.columns if c not in ("lead", "period_start", "rep")])
    gaps = touches.loc[touches["gap"].notna(), ["lead", "gap"]].merge(
        rows[["lead", "period_start", "rep"]], on="lead"
    )
    medians = scoped(gaps, lambda grouped: grouped[["gap"]].median() / _HOUR)
    return counted.merge(
        medians.rename(columns={"gap": "median_gap_hours"}), on=["period_start", "rep"], how="left"
    )


def collateral_usage(touches: pd.DataFrame, events: pd.DataFrame) -> pd.DataFrame:
    sent = events[events["happening"] == "sent"]
    made = touches[touches["counts"] & ~touches["is_automated"]]
    of_lead = sent[sent["lead"].notna()]
    worked = pd.concat([
        pd.DataFrame({"period_start": month(made["started"]), "rep": made["rep"],
                      "lead": made["lead"], "is_sent": False}),
        pd.DataFrame({"period_start": month(of_lead["occurred"]), "rep": of_lead["rep"],
                      "lead": of_lead["lead"], "is_sent": True}),
    ])  # fmt: skip
    worked["rep"] = worked["rep"].fillna(NOBODY)
    by_rep = worked.groupby(["period_start", "rep", "lead"])["is_sent"].any().reset_index()
    by_all = by_rep.groupby(["period_start", "lead"])["is_sent"].any().reset_index()
    leads = pd.concat([by_all.assign(rep=-1.0), by_rep]).groupby(["period_start", "rep"])
    counted = leads["is_sent"].agg(leads_worked="size", leads_sent="sum").reset_index()
    rows = pd.DataFrame({
        "period_start": month(events["occurred"]),
        "rep": events["rep"],
        "sends": (events["happening"] == "sent").astype(int),
        "opens": (events["happening"] == "opened").astype(int),
    })  # fmt: skip
    happened = sums(rows, ["sends", "opens"])
    both = counted.merge(happened, on=["period_start", "rep"], how="outer")
    columns = ["leads_worked", "leads_sent", "sends", "opens"]
    both[columns] = both[columns].fillna(0)
    return both


def closed_deals(deals: pd.DataFrame) -> pd.DataFrame:
    of = deals[deals["exclusion"].isna() & deals["step"].isin(["won", "lost"])]
    is_won = of["step"] == "won"
    cycle = (of["closed"] - of["created"]) / DAY
    rows = pd.DataFrame({
        "period_start": month(of["closed"]),
        "rep": of["closer"],
        "won": is_won.astype(int),
        "lost": (~is_won).astype(int),
        "amount": of["reporting_amount"].where(is_won),
        "cycle": cycle.where(is_won & (cycle >= 0)),
    })  # fmt: skip
    counted = sums(rows, ["won", "lost", "amount"]).rename(columns={"amount": "won_amount"})
    known = scoped(rows, lambda grouped: grouped[["amount"]].count())["amount"]
    # Nothing won is 0; won without any amount that is known is not.
    counted["won_amount"] = counted["won_amount"].where((known > 0) | (counted["won"] == 0))
    medians = scoped(rows, lambda grouped: grouped[["amount", "cycle"]].median())
    counted["median_deal"] = medians["amount"]
    counted["median_cycle_days"] = medians["cycle"]
    return counted
