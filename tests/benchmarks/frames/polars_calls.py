"""Polars: legs -> calls, and which of them stand in the CRM too. See polars_core."""

from pathlib import Path

import polars as pl

from tests.benchmarks.frames.polars_records import (
    CHANNELS,
    DIRECTIONS,
    bad,
    call_key,
    latest,
    number,
    scan,
    seconds,
    truth,
)
from tests.benchmarks.sql_parts import REFERENCE

C = pl.col


def read_activities(folder: Path) -> pl.DataFrame:
    outcomes = pl.read_csv(REFERENCE["outcome_map"], infer_schema=False).select(
        "kind", outcome="native_outcome", is_reached=C("outcome").is_in(["connected", "held"])
    )
    rows = (
        scan(folder, "crm/activities")
        .join(outcomes.lazy(), on=["kind", "outcome"], how="left", maintain_order="left")
        .select(
            "ended_at", "duration_seconds", "is_reached",
            written="phone",
            email=C("email").str.to_lowercase(),
            touch=number("activity_id"),
            channel=C("kind").replace_strict(CHANNELS, default=None, return_dtype=pl.Int8),
            direction=C("direction").replace_strict(DIRECTIONS, default=None, return_dtype=pl.Int8),
            started=seconds("started_at"),
            ended=seconds("ended_at"),
            talk=C("duration_seconds").cast(pl.Int64, strict=False),
            rep=number("rep_id"),
            contact=number("contact_id"),
            lead=number("lead_id"),
            deal=number("deal_id"),
            is_automated=truth("is_automated"),
            named_call=call_key("telephony_call_id"),
            is_deleted=truth("is_deleted"),
            updated=seconds("updated_at"),
        )
        .filter(
            C("touch").is_not_null() & C("channel").is_not_null() & C("started").is_not_null()
            & ~bad("ended_at", "ended") & ~bad("duration_seconds", "talk")
            & (C("ended").is_null() | (C("ended") >= C("started")))
        )
        .drop("ended_at", "duration_seconds")
        .collect()
    )  # fmt: skip
    return latest(rows, "touch", "updated")


def read_legs(folder: Path) -> pl.DataFrame:
    rows = (
        scan(folder, "telephony/calls")
        .filter(
            C("disposition").is_in(["answered", "no_answer", "busy", "failed", "voicemail"])
        )
        .select(
            "answered_at", "ended_at", "talk_seconds", "extension", "rep_email",
            leg=number("call_id"),
            call=pl.coalesce(call_key("linked_id"), call_key("call_id")),
            direction=C("direction").replace_strict(DIRECTIONS, default=None, return_dtype=pl.Int8),
            written=pl.when(C("direction") == "outbound").then("to_number")
            .when(C("direction") == "inbound").then("from_number"),
            started=seconds("started_at"),
            answered=seconds("answered_at"),
            ended=seconds("ended_at"),
            talk=C("talk_seconds").cast(pl.Int64, strict=False),
            is_answered=C("disposition") == "answered",
        )
        .with_columns(talk=pl.coalesce("talk", C("ended") - C("answered")))
        .filter(
            C("leg").is_not_null() & C("direction").is_not_null() & C("started").is_not_null()
            & ~bad("answered_at", "answered") & ~bad("ended_at", "ended")
            & ~bad("talk_seconds", "talk")
            & (C("ended") >= C("started")).fill_null(value=True)
        )
        .drop("answered_at", "ended_at", "talk_seconds", "answered")
        .collect()
    )  # fmt: skip
    return latest(rows, "leg", None)


def read_reps(folder: Path) -> pl.DataFrame:
    rows = scan(folder, "crm/reps").select(
        "extension", written="phone", rep=number("rep_id"), email=C("email").str.to_lowercase(),
        is_active=(C("is_active") != "false").fill_null(value=True),
    ).collect()  # fmt: skip
    return latest(rows, "rep", None).sort("is_active", "rep", descending=[True, False])


def merge_legs(
    legs: pl.DataFrame, reps: pl.DataFrame, phones: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Calls, and which leg is of which; those of one leg need no order."""
    of_reps = reps.join(phones, on="written").select("phone", outside_rep="rep").unique("phone")
    known = (
        legs.join(reps.select("email", by_email="rep").drop_nulls().unique("email", keep="first"),
                  left_on="rep_email", right_on="email", how="left")
        .join(reps.select("extension", by_extension="rep").drop_nulls()
              .unique("extension", keep="first"), on="extension", how="left")
        .join(phones, on="written", how="left")
        .join(of_reps, on="phone", how="left")
        .select(
            "leg", "call", "direction", "phone", "started", "ended", "talk", "is_answered",
            rep=pl.coalesce("by_email", "by_extension"),
            is_internal=(C("direction") == 3) | C("outside_rep").is_not_null()
            | C("written").is_in(reps["extension"].drop_nulls().implode()).fill_null(value=False),
        )
    )  # fmt: skip
    many = known["call"].is_duplicated()
    ones = known.filter(~many).with_columns(
        reps=pl.concat_list("rep"), has_unknown_rep=C("rep").is_null()
    )
    ordered = known.filter(many).sort("call", "is_internal", "started", "leg")
    outside = ~C("is_internal") & C("phone").is_not_null()
    by_talk = [~C("is_answered"), -C("talk").fill_null(0), C("started"), C("leg")]
    merged = ordered.group_by("call", maintain_order=True).agg(
        direction=C("direction").first(),
        phone=C("phone").filter(outside).first(),
        answering_rep=C("rep").sort_by(by_talk).first(),
        first_rep=C("rep").sort_by("started", "leg").first(),
        started=C("started").min(),
        ended=C("ended").max(),
        talk=C("talk").filter("is_answered").sum(),
        is_answered=C("is_answered").any(),
        is_internal=C("is_internal").all(),
        reps=C("rep").unique(),
        has_unknown_rep=C("rep").is_null().any(),
    ).with_columns(
        rep=pl.when("is_answered").then("answering_rep").otherwise("first_rep")
    )  # fmt: skip
    columns = [
        "call", "direction", "phone", "rep", "started", "ended", "talk", "is_answered",
        "is_internal", "reps", "has_unknown_rep",
    ]  # fmt: skip
    calls = pl.concat([ones.select(columns), merged.select(columns)]).with_columns(
        talk=pl.when("is_answered").then("talk").otherwise(0),
        direction=pl.when("is_internal").then(pl.lit(3, pl.Int8)).otherwise("direction"),
        phone=pl.when(~C("is_internal")).then("phone"),
    )
    return calls, known.select("leg", "call")


def pair(
    calls: pl.DataFrame, legs: pl.DataFrame, activities: pl.DataFrame, points: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """(activity, call) that are one, and activities that are another's call again."""
    of_crm = activities.filter((C("channel") == 1) & ~C("is_deleted"))
    start = calls.select("call", call_started="started")
    named = of_crm.filter(C("named_call").is_not_null()).select("touch", "started", "named_call")
    by_call = named.join(start.with_columns(named_call="call"), on="named_call")
    by_leg = named.join(
        legs.select("call", named_call=C("leg") + 2_000_000_000_000), on="named_call"
    ).join(start, on="call")
    columns = ["touch", "call", (C("started") - C("call_started")).abs().alias("apart")]
    told = (
        pl.concat([by_call.select(columns), by_leg.select(columns)])
        .unique()
        .sort("apart", "call")
        .unique("touch", keep="first", maintain_order=True)
        .sort("apart", "touch")
        .with_columns(is_again=C("call").is_duplicated() & ~C("call").is_first_distinct())
    )
    rest = of_crm.join(told, on="touch", how="anti").select(
        "touch", "direction", "rep", "started", "phone", "contact"
    )
    numbered = pl.concat([
        rest.filter(C("phone").is_not_null()).drop("contact"),
        rest.filter(C("phone").is_null()).drop("phone").join(points, on="contact")
        .select("touch", "direction", "rep", "started", "phone"),
    ])  # fmt: skip
    # An hour's bucket holds nearly all that lies within two minutes of a moment.
    low, high = (C("started") - 120) // 3600, (C("started") + 120) // 3600
    bucketed = pl.concat([
        numbered.with_columns(bucket=low),
        numbered.filter(low != high).with_columns(bucket=high),
    ])  # fmt: skip
    free = (
        calls.filter(~C("is_internal") & C("phone").is_not_null())
        .join(told, on="call", how="anti")
        .select("call", "direction", "phone", "reps", "has_unknown_rep", call_started="started",
                bucket=C("started") // 3600)
    )  # fmt: skip
    near = (
        bucketed.join(free, on=["phone", "direction", "bucket"])
        .with_columns(apart=(C("started") - C("call_started")).abs())
        .filter(
            (C("apart") <= 120)
            & (C("rep").is_null() | C("has_unknown_rep") | C("reps").list.contains(C("rep")))
        )
        .select("touch", "call", "apart")
        .unique()
    )
    first_calls = near.sort("apart", "call").unique("touch", keep="first", maintain_order=True)
    first_touches = near.sort("apart", "touch").unique("call", keep="first", maintain_order=True)
    found = first_calls.join(first_touches.select("touch", "call"), on=["touch", "call"])
    pairs = pl.concat([told.filter(~C("is_again")).select("touch", "call"),
                       found.select("touch", "call")])  # fmt: skip
    return pairs, told.filter("is_again").select("touch")
