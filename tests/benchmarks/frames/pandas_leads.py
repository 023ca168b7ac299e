"""pandas: what became of leads and deals. See pandas_core."""

import numpy as np
import pandas as pd

from tests.benchmarks.frames.pandas_records import (
    DAY,
    events_of,
    first_owners,
    owners_then,
    stage_table,
    survivors,
)
from tests.benchmarks.sql_parts import REFERENCE


def resolve_leads(
    leads: pd.DataFrame, contacts: pd.DataFrame, changes: pd.DataFrame, owners: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Leads with survivor, customer, first owner, exclusion; and their stage history, summed up."""
    present = pd.DataFrame({
        "object": leads["lead"],
        "now": leads["status"],
        "moment": leads["updated"].fillna(leads["created"]),
    })  # fmt: skip
    events = events_of("lead", changes, present)
    before = events[~events["is_lost"]].groupby("object")["place"].max()
    lost = events[events["is_lost"]]
    late = lost[lost["place"] > lost["object"].map(before).fillna(0)]
    history = pd.DataFrame({
        "last_code": events.groupby("object")["place"].max() % 32,
        "prospect": events[events["rank"] >= 1].groupby("object")["changed"].min(),
        "opportunity": events[events["rank"] >= 2].groupby("object")["changed"].min(),
        "first_lost": lost.groupby("object")["changed"].min(),
        "lost_since": late.groupby("object")["changed"].min(),
    })  # fmt: skip
    stages = stage_table("lead")
    excluded = stages[stages["is_excluded"]]
    by_contact = contacts.set_index("contact")
    live = leads["contact"].map(by_contact["survivor"])
    contact = live.fillna(leads["contact"])
    account = leads["account"].fillna(leads["contact"].map(by_contact["account"]))
    gone = leads["contact"].map(by_contact["is_deleted"]).fillna(value=False).astype(bool)
    heirs = leads["lead"].map(survivors(leads, "lead"))
    survivor = heirs.fillna(leads["lead"])
    by_status = leads["status"].where(leads["status"].isin(excluded["stage"]))
    by_last = leads["lead"].map(history["last_code"]).map(excluded.set_index("code")["stage"])
    exclusion = by_status.fillna(by_last).astype(object)
    exclusion[leads["is_deleted"]] = "deleted"
    exclusion[heirs.notna()] = "merged"
    resolved = leads[
        ["lead", "owner", "lead_source", "is_inquiry", "is_by_call", "inquired", "created"]
    ].assign(
        survivor=survivor,
        contact=contact,
        live_contact=contact.where(~gone),
        account=account,
        customer=(1e12 + account).fillna(2e12 + contact).fillna(3e12 + survivor),
        first_owner=leads["lead"].map(first_owners(owners, "lead")).fillna(leads["owner"]),
        exclusion=exclusion,
    )
    return resolved, history


def resolve_deals(
    deals: pd.DataFrame,
    contacts: pd.DataFrame,
    leads: pd.DataFrame,
    changes: pd.DataFrame,
    owners: pd.DataFrame,
    as_of: float,
) -> pd.DataFrame:
    """Deals with their outcome, customer, closer and amount."""
    moment = deals["said_closed"].fillna(deals["updated"]).fillna(deals["created"])
    present = pd.DataFrame({"object": deals["deal"], "now": deals["stage"], "moment": moment})
    events = events_of("deal", changes, present)
    last = events.sort_values("place").drop_duplicates("object", keep="last")
    events["last_step"] = events["object"].map(last.set_index("object")["step"])
    other = events[events["step"] != events["last_step"]].groupby("object")["place"].max()
    closing = events[
        events["last_step"].isin(["won", "lost"])
        & (events["place"] > events["object"].map(other).fillna(0))
    ]
    outcomes = pd.DataFrame({
        "step": last.set_index("object")["step"],
        "closed": closing.groupby("object")["changed"].min(),
        "deal_prospect": events[events["rank"] == 1].groupby("object")["changed"].min(),
        "deal_opportunity": events[events["rank"] >= 2].groupby("object")["changed"].min(),
    })  # fmt: skip
    by_lead, by_contact = leads.set_index("lead"), contacts.set_index("contact")
    placed = deals.join(outcomes, on="deal")
    placed["step"] = placed["step"].fillna("opportunity")
    placed["lead"] = placed["lead"].map(by_lead["survivor"])
    live = placed["contact"].map(by_contact["survivor"]).fillna(placed["contact"])
    account = (
        placed["account"]
        .fillna(placed["contact"].map(by_contact["account"]))
        .fillna(placed["lead"].map(by_lead["account"]))
    )
    placed["customer"] = (
        (1e12 + account).fillna(2e12 + live).fillna(placed["lead"].map(by_lead["customer"]))
    )
    heirs = placed["deal"].map(survivors(deals, "deal"))
    own = pd.Series(None, index=placed.index, dtype=object)
    own[placed["is_deleted"]] = "deleted"
    own[heirs.notna()] = "merged"
    placed["own_exclusion"] = own
    placed["exclusion"] = own.fillna(placed["lead"].map(by_lead["exclusion"]))
    placed["survivor"] = heirs.fillna(placed["deal"])
    placed["deal_opportunity"] = placed["deal_opportunity"].fillna(
        placed["created"].where(placed["closed"].notna())
    )
    closed = placed.loc[placed["closed"].notna(), ["deal", "closed"]]
    then = owners_then(
        closed.rename(columns={"deal": "object", "closed": "moment"}), owners, "deal"
    ).set_index("object")["owner_then"]
    placed["closer"] = (
        placed["deal"].map(then).fillna(placed["owner"]).where(placed["closed"].notna())
    )
    placed = _in_reporting_currency(placed, as_of)
    wins = placed[(placed["step"] == "won") & placed["exclusion"].isna()]
    new = wins.sort_values(["closed", "deal"]).drop_duplicates("customer")
    placed["is_new_contract"] = placed["deal"].isin(new["deal"])
    return placed


def _in_reporting_currency(deals: pd.DataFrame, as_of: float) -> pd.DataFrame:
    rates = pd.read_csv(REFERENCE["exchange_rates"], parse_dates=["day"])
    rates["day"] = rates["day"].astype("datetime64[s]").astype("int64") // DAY
    deals = deals.assign(day=(deals["closed"].fillna(as_of) // DAY).astype("int64"))
    deals = pd.merge_asof(
        deals.sort_values("day"), rates.sort_values("day"), on="day", by="currency"
    )
    converted = (deals["money"] * deals["rate"]).round(6)
    deals["reporting_amount"] = np.where(deals["currency"] == "USD", deals["money"], converted)
    return deals


def climb(history: pd.DataFrame, deals: pd.DataFrame) -> pd.DataFrame:
    """When each lead reached what, and how it ended; by lead."""
    of_leads = deals[deals["own_exclusion"].isna() & deals["lead"].notna()]
    grouped = of_leads.groupby("lead")
    won, lost = of_leads[of_leads["step"] == "won"], of_leads[of_leads["step"] == "lost"]
    steps = pd.DataFrame({
        "deals": grouped.size(),
        "deal_prospect": grouped["deal_prospect"].min(),
        "deal_opportunity": grouped["deal_opportunity"].min(),
        "won": won.groupby("lead")["closed"].min(),
        "last_lost": lost.groupby("lead")["closed"].max(),
        "lost_deals": lost.groupby("lead").size(),
    })  # fmt: skip
    climbed = history.join(steps)
    all_lost, none = climbed["deals"] == climbed["lost_deals"], climbed["deals"].isna()
    prospect = climbed[["prospect", "deal_prospect", "opportunity", "deal_opportunity", "won"]].min(
        axis=1
    )
    lost_at = climbed["last_lost"].where(
        all_lost, climbed["first_lost"].where(none & climbed["lost_since"].notna())
    )
    lost_since = climbed["last_lost"].where(all_lost, climbed["lost_since"].where(none))
    return pd.DataFrame({
        "prospect": prospect,
        "won": climbed["won"],
        "lost": lost_at,
        "closed": climbed["won"].fillna(lost_since),
    })  # fmt: skip
