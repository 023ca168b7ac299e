"""pandas: legs -> calls, and which of them stand in the CRM too. See pandas_core."""

from pathlib import Path

import numpy as np
import pandas as pd

from tests.benchmarks.frames.pandas_records import call_key, latest, number, read, seconds, truth
from tests.benchmarks.sql_parts import REFERENCE


def read_activities(folder: Path) -> pd.DataFrame:
    rows = read(
        folder,
        "crm/activities",
        ["activity_id", "kind", "direction", "started_at", "ended_at", "duration_seconds",
         "outcome", "rep_id", "contact_id", "lead_id", "deal_id", "phone", "email",
         "is_automated", "telephony_call_id", "updated_at", "is_deleted"],
    )  # fmt: skip
    outcomes = pd.read_csv(REFERENCE["outcome_map"], dtype=str)
    reached = outcomes["outcome"].isin(["connected", "held"]).astype("float64")
    reached.index = pd.Index(outcomes["kind"] + "/" + outcomes["native_outcome"])
    typed = pd.DataFrame({
        "touch": number(rows["activity_id"]),
        "channel": rows["kind"].map({"call": 1, "email": 2, "meeting": 3, "message": 4}),
        "direction": rows["direction"].map({"outbound": 1.0, "inbound": 2.0}),
        "started": seconds(rows["started_at"]),
        "ended": seconds(rows["ended_at"]),
        "talk": pd.to_numeric(rows["duration_seconds"], errors="coerce"),
        "is_reached": (rows["kind"] + "/" + rows["outcome"]).map(reached),
        "rep": number(rows["rep_id"]),
        "contact": number(rows["contact_id"]),
        "lead": number(rows["lead_id"]),
        "deal": number(rows["deal_id"]),
        "written": rows["phone"],
        "email": rows["email"].str.lower(),
        "is_automated": truth(rows["is_automated"]),
        "named_call": call_key(rows["telephony_call_id"]),
        "is_deleted": truth(rows["is_deleted"]),
        "updated": seconds(rows["updated_at"]),
    })  # fmt: skip
    bad = (
        (rows["ended_at"].notna() & typed["ended"].isna())
        | (rows["duration_seconds"].notna() & typed["talk"].isna())
        | (typed["ended"] < typed["started"])
    )
    good = typed["touch"].notna() & typed["channel"].notna() & typed["started"].notna() & ~bad
    del rows
    return latest(typed[good], "touch", "updated")


def read_legs(folder: Path) -> pd.DataFrame:
    rows = read(
        folder,
        "telephony/calls",
        ["call_id", "linked_id", "direction", "from_number", "to_number", "extension", "rep_email",
         "started_at", "answered_at", "ended_at", "talk_seconds", "disposition"],
    )  # fmt: skip
    outbound, inbound = rows["direction"] == "outbound", rows["direction"] == "inbound"
    typed = pd.DataFrame({
        "leg": number(rows["call_id"]),
        "call": call_key(rows["linked_id"]).fillna(call_key(rows["call_id"])),
        "direction": rows["direction"].map({"outbound": 1.0, "inbound": 2.0, "internal": 3.0}),
        "written": rows["to_number"].where(outbound, rows["from_number"].where(inbound)),
        "extension": rows["extension"],
        "rep_email": rows["rep_email"],
        "started": seconds(rows["started_at"]),
        "answered": seconds(rows["answered_at"]),
        "ended": seconds(rows["ended_at"]),
        "talk": pd.to_numeric(rows["talk_seconds"], errors="coerce"),
        "is_answered": rows["disposition"] == "answered",
    })  # fmt: skip
    known = ["answered", "no_answer", "busy", "failed", "voicemail"]
    good = (
        rows["disposition"].isin(known)
        & typed["leg"].notna()
        & typed["direction"].notna()
        & typed["started"].notna()
        & ~(typed["ended"] < typed["started"])
    )
    typed["talk"] = typed["talk"].fillna(typed["ended"] - typed["answered"])
    del rows
    return latest(typed[good].drop(columns="answered"), "leg", None)


def read_reps(folder: Path) -> pd.DataFrame:
    rows = read(folder, "crm/reps", ["rep_id", "email", "phone", "extension", "is_active"])
    rows = rows.assign(
        rep=number(rows["rep_id"]),
        email=rows["email"].str.lower(),
        written=rows["phone"],
        is_active=rows["is_active"] != "false",
    )
    return latest(rows, "rep", None).sort_values(["is_active", "rep"], ascending=[False, True])


def merge_legs(
    legs: pd.DataFrame, reps: pd.DataFrame, phones: pd.Series
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Calls, and the legs with their reps; calls of one leg need no order."""
    of_emails = reps.dropna(subset="email").drop_duplicates("email").set_index("email")["rep"]
    of_extensions = (
        reps.dropna(subset="extension").drop_duplicates("extension").set_index("extension")["rep"]
    )
    rep_phones = reps["written"].map(phones)
    known = legs.drop(columns=["rep_email", "extension", "written"]).assign(
        phone=legs["written"].map(phones),
        rep=legs["rep_email"].map(of_emails).fillna(legs["extension"].map(of_extensions)),
        is_internal=(legs["direction"] == 3) | legs["written"].isin(of_extensions.index),
    )
    known["is_internal"] |= known["phone"].isin(rep_phones.dropna())
    many = known["call"].duplicated(keep=False)
    ones = known[~many].assign(has_unknown_rep=known["rep"].isna(), has_legs=False)
    ordered = known[many].sort_values(["call", "is_internal", "started", "leg"])
    first_outside = ordered.drop_duplicates("call").set_index("call")["direction"]
    outside = ordered[~ordered["is_internal"] & ordered["phone"].notna()]
    by_talk = ordered.assign(silent=~ordered["is_answered"], less=-ordered["talk"].fillna(0))
    by_talk = by_talk.sort_values(["call", "silent", "less", "started", "leg"])
    first = ordered.sort_values(["call", "started", "leg"]).drop_duplicates("call")
    grouped = ordered.groupby("call")
    merged = pd.DataFrame({
        "direction": first_outside,
        "phone": outside.drop_duplicates("call").set_index("call")["phone"],
        "started": grouped["started"].min(),
        "ended": grouped["ended"].max(),
        "is_answered": grouped["is_answered"].any(),
        "is_internal": grouped["is_internal"].all(),
        "talk": ordered[ordered["is_answered"]].groupby("call")["talk"].sum(),
        "has_unknown_rep": ordered["rep"].isna().groupby(ordered["call"]).any(),
    })  # fmt: skip
    answering = by_talk.drop_duplicates("call").set_index("call")["rep"]
    merged["rep"] = answering.where(merged["is_answered"], first.set_index("call")["rep"])
    columns = ["call", "direction", "phone", "rep", "started", "ended", "talk", "is_answered",
               "is_internal", "has_unknown_rep", "has_legs"]  # fmt: skip
    calls = pd.concat(
        [ones[columns], merged.assign(has_legs=True).reset_index()[columns]], ignore_index=True
    )
    calls["talk"] = calls["talk"].where(calls["is_answered"], 0.0)
    calls["direction"] = calls["direction"].where(~calls["is_internal"], 3.0)
    calls["phone"] = calls["phone"].where(~calls["is_internal"])
    return calls, known[["leg", "call", "rep"]]


def pair(
    calls: pd.DataFrame, legs: pd.DataFrame, activities: pd.DataFrame, points: pd.DataFrame
) -> tuple[pd.Series, pd.Series]:
    """Activity -> the call that it is; and the activities that are another's call again."""
    of_crm = activities[(activities["channel"] == 1) & ~activities["is_deleted"]]
    starts = calls.set_index("call")["started"]
    named = of_crm.loc[of_crm["named_call"].notna(), ["touch", "started", "named_call"]]
    by_call = named[named["named_call"].isin(calls["call"])].assign(
        call=lambda rows: rows["named_call"]
    )
    by_leg = named.merge(
        legs.assign(named_call=legs["leg"] + 2e12)[["named_call", "call"]], on="named_call"
    )
    told = pd.concat([by_call, by_leg]).drop_duplicates(["touch", "call"])
    told["apart"] = (told["started"] - told["call"].map(starts)).abs()
    told = told.sort_values(["apart", "call"]).drop_duplicates("touch")
    told = told.sort_values(["apart", "touch"])
    is_again = told["call"].duplicated()
    rest = of_crm.loc[
        ~of_crm["touch"].isin(told["touch"]),
        ["touch", "direction", "rep", "started", "phone", "contact"],
    ]
    numbered = pd.concat([
        rest[rest["phone"].notna()].drop(columns="contact"),
        rest[rest["phone"].isna()].drop(columns="phone").merge(points, on="contact")
        .drop(columns="contact"),
    ])  # fmt: skip
    # An hour's bucket holds nearly all that lies within two minutes of a moment.
    low, high = (numbered["started"] - 120) // 3600, (numbered["started"] + 120) // 3600
    bucketed = pd.concat([
        numbered.assign(bucket=low), numbered.assign(bucket=high)[low != high]
    ])  # fmt: skip
    free = calls[~calls["is_internal"] & calls["phone"].notna() & ~calls["call"].isin(told["call"])]
    free = free.assign(bucket=free["started"] // 3600, call_started=free["started"])[
        ["call", "direction", "phone", "bucket", "call_started", "has_unknown_rep", "has_legs",
         "rep"]
    ]  # fmt: skip
    near = bucketed.merge(free, on=["phone", "direction", "bucket"], suffixes=("", "_of_call"))
    near["apart"] = (near["started"] - near["call_started"]).abs()
    near = near[near["apart"] <= 120]
    on_a_leg = legs[["call", "rep"]].drop_duplicates().assign(is_on_leg=True)
    near = near.merge(on_a_leg, on=["call", "rep"], how="left")
    near = near[
        near["rep"].isna()
        | near["has_unknown_rep"]
        | (near["rep"] == near["rep_of_call"])
        | (near["has_legs"] & near["is_on_leg"].notna())
    ]
    near = near[["touch", "call", "apart"]].drop_duplicates()
    first_calls = near.sort_values(["apart", "call"]).drop_duplicates("touch")
    first_touches = near.sort_values(["apart", "touch"]).drop_duplicates("call")
    found = first_calls.merge(first_touches[["touch", "call"]], on=["touch", "call"])
    pairs = pd.concat([told[~is_again], found])
    return (
        pd.Series(pairs["call"].to_numpy(np.float64), index=pairs["touch"]),
        told.loc[is_again, "touch"],
    )
