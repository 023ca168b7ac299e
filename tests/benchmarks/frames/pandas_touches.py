"""pandas: two systems side by side -> touches, each with its lead, numbered. See pandas_core."""

import numpy as np
import pandas as pd

from tests.benchmarks.frames.pandas_records import owners_then

_TALK = 30


def together(
    activities: pd.DataFrame,
    calls: pd.DataFrame,
    pairs: pd.Series,
    again: pd.Series,
    rep_phones: pd.Series,
) -> pd.DataFrame:
    """Times, talk and outcome come from telephony, links and notes from the CRM."""
    crm = activities[~activities["touch"].isin(again)].copy()
    crm["call"] = crm["touch"].map(pairs)
    of_calls = calls.set_index("call")[
        ["direction", "started", "ended", "talk", "is_answered", "is_internal", "rep", "phone"]
    ].add_prefix("call_")
    crm = crm.join(of_calls, on="call")
    is_paired, is_call = crm["call"].notna(), crm["channel"] == 1
    answered = (crm["call_is_answered"] == True) & (crm["call_talk"] >= _TALK)  # noqa: E712
    by_outcome = np.where(
        crm["talk"].isna(),
        crm["is_reached"].fillna(0) == 1,
        (crm["is_reached"].fillna(1) == 1) & (crm["talk"] >= _TALK),
    )
    by_kind = np.where(crm["channel"] == 3, crm["is_reached"].fillna(0) == 1, crm["direction"] == 2)
    completed = np.where(is_paired, answered, np.where(is_call, by_outcome, by_kind))
    internal = (crm["call_is_internal"] == True) | (  # noqa: E712
        is_call & crm["phone"].isin(rep_phones)
    )
    touches = pd.DataFrame({
        "touch": crm["touch"],
        "call": crm["call"],
        "channel": crm["channel"].astype("int8"),
        "direction": crm["call_direction"].fillna(crm["direction"]),
        "started": crm["call_started"].fillna(crm["started"]),
        "ended": crm["call_ended"].where(is_paired, crm["ended"]),
        "is_completed": completed & ~crm["is_automated"].to_numpy(),
        "is_automated": crm["is_automated"],
        "own_exclusion": np.where(crm["is_deleted"], 1, np.where(internal, 2, 0)).astype("int8"),
        "rep": crm["call_rep"].fillna(crm["rep"]),
        "contact": crm["contact"],
        "lead": crm["lead"],
        "deal": crm["deal"],
        "phone": crm["phone"].fillna(crm["call_phone"]),
        "email": crm["email"],
    })  # fmt: skip
    alone = calls[~calls["call"].isin(pairs)]
    telephony = pd.DataFrame({
        "touch": alone["call"],
        "call": alone["call"],
        "channel": np.int8(1),
        "direction": alone["direction"],
        "started": alone["started"],
        "ended": alone["ended"],
        "is_completed": alone["is_answered"] & (alone["talk"] >= _TALK),
        "is_automated": False,
        "own_exclusion": np.where(alone["is_internal"], 2, 0).astype("int8"),
        "rep": alone["rep"],
        "phone": alone["phone"],
    })  # fmt: skip
    return pd.concat([touches, telephony], ignore_index=True)


def name_leads(touches: pd.DataFrame, leads: pd.DataFrame, deals: pd.DataFrame) -> pd.DataFrame:
    """The lead that an activity names, else its deal's."""
    by_deal = deals.set_index("deal")
    named = touches["lead"].map(leads.set_index("lead")["survivor"])
    left = touches["deal"].map(by_deal["survivor"])
    of_deal = left.map(by_deal["lead"])
    return touches.assign(
        lead=named.fillna(of_deal),
        deal=left.fillna(touches["deal"]),
        rule=np.where(named.notna(), 1.0, np.where(of_deal.notna(), 2.0, np.nan)),
    )


def choose(candidates: pd.DataFrame, owners: pd.DataFrame, key: str) -> pd.DataFrame:
    """Of several leads the rep's own then, the newest, the lowest id."""
    is_choice = candidates[key].duplicated(keep=False)
    choice = candidates[is_choice]
    asked = choice[["lead", "started"]].drop_duplicates()
    then = owners_then(
        asked.rename(columns={"lead": "object", "started": "moment"}), owners, "lead"
    )
    choice = choice.merge(
        then, left_on=["lead", "started"], right_on=["object", "moment"], how="left"
    )
    choice["is_own"] = choice["owner_then"].fillna(choice["owner"]) == choice["rep"]
    choice = choice.sort_values(["is_own", "created", "lead"], ascending=[False, False, True])
    return pd.concat([candidates[~is_choice], choice.drop_duplicates(key)[candidates.columns]])


def open_ones(leads: pd.DataFrame, steps: pd.DataFrame) -> pd.DataFrame:
    """Leads that a touch can be of, with the time until which they are open."""
    kept = leads[leads["exclusion"].isna() & leads["contact"].notna()]
    return kept[["contact", "lead", "created", "owner"]].assign(
        closed=kept["lead"].map(steps["closed"]).fillna(2.0**40)
    )


def match(
    touches: pd.DataFrame,
    leads: pd.DataFrame,
    steps: pd.DataFrame,
    phones: pd.DataFrame,
    emails: pd.DataFrame,
    owners: pd.DataFrame,
) -> pd.DataFrame:
    """For touches that name no lead: the open one of the contact, else phone, else email."""
    rest = touches.loc[
        touches["lead"].isna(), ["touch", "started", "rep", "contact", "phone", "email"]
    ]
    leads_open = open_ones(leads, steps)
    found = []
    for rule, points, on in (
        (3.0, None, "contact"),
        (4.0, phones, "phone"),
        (5.0, emails, "email"),
    ):
        asked = rest.loc[rest[on].notna(), ["touch", "started", "rep", on]]
        named = asked if points is None else asked.merge(points, on=on)
        met = named.merge(leads_open, on="contact")
        met = met[(met["created"] <= met["started"] + 1800) & (met["closed"] >= met["started"])]
        met = met[["touch", "started", "rep", "lead", "created", "owner", "contact"]].assign(
            rule=rule
        )
        met = met.drop_duplicates(["touch", "lead"])
        found.append(met)
        rest = rest[~rest["touch"].isin(met["touch"])]
    chosen = choose(pd.concat(found, ignore_index=True), owners, "touch")
    by_phone = rest[["touch", "phone"]].dropna().merge(phones, on="phone").groupby("touch")
    by_email = rest[["touch", "email"]].dropna().merge(emails, on="email").groupby("touch")
    phone_contacts = rest["touch"].map(by_phone.size())
    email_contacts = rest["touch"].map(by_email.size())
    alone = pd.DataFrame({
        "touch": rest["touch"],
        "contact": rest["touch"].map(by_phone["contact"].first()).where(phone_contacts == 1)
        .fillna(
            rest["touch"].map(by_email["contact"].first())
            .where(phone_contacts.isna() & (email_contacts == 1))
        ),
        "rule": np.where(
            rest["contact"].notna() | phone_contacts.notna() | email_contacts.notna(), 7.0, 6.0
        ),
    })  # fmt: skip
    return pd.concat([chosen[["touch", "lead", "contact", "rule"]], alone], ignore_index=True)


def finish(
    touches: pd.DataFrame,
    choices: pd.DataFrame,
    leads: pd.DataFrame,
    deals: pd.DataFrame,
    contacts: pd.DataFrame,
) -> pd.DataFrame:
    """Sessions of messages, customers, numbers."""
    by_touch, by_lead = choices.set_index("touch"), leads.set_index("lead")
    lead = touches["lead"].fillna(touches["touch"].map(by_touch["lead"]))
    placed = touches.drop(columns=["phone", "email"]).assign(
        lead=lead,
        rule=touches["rule"].fillna(touches["touch"].map(by_touch["rule"])),
        contact=touches["contact"]
        .fillna(touches["touch"].map(by_touch["contact"]))
        .fillna(lead.map(by_lead["live_contact"])),
        is_excluded=(touches["own_exclusion"] > 0)
        | lead.map(by_lead["exclusion"].notna()).eq(other=True),
    )
    placed = sessions(placed)
    live = contacts[contacts["contact"] == contacts["survivor"]].set_index("contact")["account"]
    placed["customer"] = (
        placed["lead"]
        .map(by_lead["customer"])
        .fillna(1e12 + placed["contact"].map(live))
        .fillna(2e12 + placed["contact"])
        .fillna(placed["deal"].map(deals.set_index("deal")["customer"]))
    )
    won = deals[(deals["step"] == "won") & deals["exclusion"].isna()]
    first_won = placed["customer"].map(won.groupby("customer")["closed"].min())
    placed["is_new_customer"] = ~(first_won < placed["started"])
    placed["counts"] = placed["lead"].notna() & ~placed["is_excluded"]
    numbered = placed[placed["counts"]].sort_values(["lead", "started", "touch"])
    attempt = ~numbered["is_automated"] & (numbered["is_completed"] | (numbered["direction"] == 1))
    of_lead = numbered["lead"]
    numbered = numbered.assign(
        attempt_number=attempt.astype("float64").groupby(of_lead).cumsum().where(attempt),
        contact_number=numbered["is_completed"]
        .astype("float64")
        .groupby(of_lead)
        .cumsum()
        .where(numbered["is_completed"]),
        gap=numbered["started"].diff().where(of_lead == of_lead.shift()),
    )
    return pd.concat([numbered, placed[~placed["counts"]]], ignore_index=True)


def sessions(touches: pd.DataFrame) -> pd.DataFrame:
    """Messages of one lead and contact with gaps of at most an hour are one touch."""
    in_session = (
        (touches["channel"] == 4)
        & (touches["own_exclusion"] == 0)
        & (touches["lead"].notna() | touches["contact"].notna())
    )
    messages = touches[in_session].assign(
        ended=lambda rows: rows["ended"].fillna(rows["started"]),
        of_lead=lambda rows: rows["lead"].fillna(-1),
        of_contact=lambda rows: rows["contact"].fillna(-1),
    )
    messages = messages.sort_values(["of_lead", "of_contact", "started", "touch"])
    is_first = (
        (messages["of_lead"] != messages["of_lead"].shift())
        | (messages["of_contact"] != messages["of_contact"].shift())
        | (messages["started"].diff() > 3600)
    )
    grouped = messages.groupby(is_first.cumsum())
    first = messages[is_first].drop(columns=["of_lead", "of_contact"])
    first = first.assign(
        ended=grouped["ended"].max().to_numpy(),
        is_completed=grouped["is_completed"].any().to_numpy(),
        is_automated=grouped["is_automated"].all().to_numpy(),
    )
    return pd.concat([touches[~in_session], first], ignore_index=True)
