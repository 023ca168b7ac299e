"""Polars: what became of leads and deals. See polars_core."""

import polars as pl

from tests.benchmarks.frames.polars_records import events_of, stage_table, survivors

C = pl.col
_OWNERS = 65_536


def rates_by_day() -> pl.DataFrame:
    """Currency, the days from which a rate is in force, and the rate."""
    from tests.benchmarks.sql_parts import REFERENCE

    return (
        pl.read_csv(REFERENCE["exchange_rates"], infer_schema=False)
        .select(
            "currency",
            day=C("day").str.to_date().cast(pl.Int32).cast(pl.Int64),
            rate=C("rate").cast(pl.Float64),
        )
        .sort("day")
    )


def first_owners(owners: pl.DataFrame, kind: str) -> pl.DataFrame:
    return (
        owners.filter(C("object_type") == kind)
        .group_by("object")
        .agg(first_owner=(C("changed") * _OWNERS + C("owner")).min() % _OWNERS)
    )


def owners_then(asked: pl.DataFrame, owners: pl.DataFrame, kind: str) -> pl.DataFrame:
    """Who owned each (object, moment): the last owner until then, else the first known."""
    change = C("changed") * _OWNERS + C("owner")
    return (
        asked.join(owners.filter(C("object_type") == kind), on="object")
        .group_by("object", "moment")
        .agg(
            owner_then=pl.coalesce(change.filter(C("changed") <= C("moment")).max(), change.min())
            % _OWNERS
        )
    )


def resolve_leads(
    leads: pl.DataFrame, contacts: pl.DataFrame, changes: pl.DataFrame, owners: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Leads with survivor, customer, first owner, exclusion; and their stage history, summed up."""
    events = events_of(
        "lead",
        changes,
        leads.select(object="lead", stage="status", moment=pl.coalesce("updated", "created")),
    )
    last_not_lost = events.filter(~C("is_lost")).group_by("object").agg(before=C("place").max())
    since = (
        events.filter("is_lost")
        .join(last_not_lost, on="object", how="left")
        .filter(C("place") > C("before").fill_null(0))
        .group_by("object")
        .agg(lost_since=C("changed").min())
    )
    history = (
        events.group_by("object")
        .agg(
            last_code=C("place").max() % 32,
            prospect=C("changed").filter(C("rank") >= 1).min(),
            opportunity=C("changed").filter(C("rank") >= 2).min(),
            first_lost=C("changed").filter("is_lost").min(),
        )
        .join(since, on="object", how="left")
    )
    stages = stage_table("lead")
    excluded = stages.filter("is_excluded")
    resolved = (
        leads.join(survivors(leads, "lead"), on="lead", how="left")
        .join(
            contacts.select(
                "contact",
                live="survivor",
                contact_account="account",
                contact_is_deleted="is_deleted",
            ),
            on="contact",
            how="left",
        )
        .join(first_owners(owners, "lead"), left_on="lead", right_on="object", how="left")
        .join(history.select(lead="object", last_code="last_code"), on="lead", how="left")
        .join(excluded.select(status="stage", by_status="stage"), on="status", how="left")
        .join(excluded.select(last_code="code", by_last="stage"), on="last_code", how="left")
        .with_columns(
            contact=pl.coalesce("live", "contact"),
            account=pl.coalesce("account", "contact_account"),
            is_merged=C("survivor").is_not_null(),
            survivor=pl.coalesce("survivor", "lead"),
        )
        .select(
            "lead", "survivor", "contact", "account", "lead_source", "is_inquiry", "is_by_call",
            "inquired", "created", "owner",
            live_contact=pl.when(~C("contact_is_deleted").fill_null(value=False)).then("contact"),
            customer=pl.coalesce(
                1_000_000_000_000 + C("account"),
                2_000_000_000_000 + C("contact"),
                3_000_000_000_000 + C("survivor"),
            ),
            first_owner=pl.coalesce("first_owner", "owner"),
            exclusion=pl.when("is_merged").then(pl.lit("merged"))
            .when("is_deleted").then(pl.lit("deleted"))
            .otherwise(pl.coalesce("by_status", "by_last")),
        )
    )  # fmt: skip
    return resolved, history.rename({"object": "lead"})


def resolve_deals(
    deals: pl.DataFrame,
    contacts: pl.DataFrame,
    leads: pl.DataFrame,
    changes: pl.DataFrame,
    owners: pl.DataFrame,
    as_of: int,
) -> pl.DataFrame:
    """Deals with their outcome, customer, closer and amount."""
    present = deals.select(
        object="deal", stage="stage", moment=pl.coalesce("closed", "updated", "created")
    )
    events = events_of("deal", changes, present).filter(C("step").is_not_null())
    last = events.sort("place").group_by("object").agg(last_step=C("step").last())
    events = events.join(last, on="object")
    others = (
        events.filter(C("step") != C("last_step")).group_by("object").agg(other=C("place").max())
    )
    is_closed = C("last_step").is_in(["won", "lost"])
    outcomes = (
        events.join(others, on="object", how="left")
        .group_by("object")
        .agg(
            step=C("last_step").first(),
            closed=C("changed").filter(is_closed & (C("place") > C("other").fill_null(0))).min(),
            deal_prospect=C("changed").filter(C("rank") == 1).min(),
            deal_opportunity=C("changed").filter(C("rank") >= 2).min(),
        )
    )
    of_leads = leads.select(
        "lead", "survivor"
    ).join(
        leads.select(
            survivor="lead", lead_customer="customer", lead_account="account",
            lead_exclusion="exclusion",
        ),
        on="survivor",
    )  # fmt: skip
    placed = (
        deals.drop("closed")
        .join(survivors(deals, "deal"), on="deal", how="left")
        .join(contacts.select("contact", live="survivor", contact_account="account"), on="contact",
              how="left")
        .join(of_leads.rename({"survivor": "lead_left"}), on="lead", how="left")
        .join(outcomes, left_on="deal", right_on="object", how="left")
        .with_columns(
            lead=C("lead_left"),
            step=C("step").fill_null("opportunity"),
            customer=pl.coalesce(
                1_000_000_000_000 + pl.coalesce("account", "contact_account", "lead_account"),
                2_000_000_000_000 + pl.coalesce("live", "contact"),
                "lead_customer",
            ),
            own_exclusion=pl.when(C("survivor").is_not_null()).then(pl.lit("merged"))
            .when("is_deleted").then(pl.lit("deleted")),
            deal_opportunity=pl.coalesce(
                "deal_opportunity", pl.when(C("closed").is_not_null()).then("created")
            ),
            survivor=pl.coalesce("survivor", "deal"),
        )
        .with_columns(exclusion=pl.coalesce("own_exclusion", "lead_exclusion"))
    )  # fmt: skip
    closed = placed.filter(C("closed").is_not_null()).select(object="deal", moment="closed")
    then = owners_then(closed, owners, "deal").select(deal="object", owner_then="owner_then")
    day = C("closed").fill_null(as_of) // 86_400
    placed = (
        placed.join(then, on="deal", how="left")
        .with_columns(
            day=day,
            closer=pl.when(C("closed").is_not_null()).then(pl.coalesce("owner_then", "owner")),
        )
        .sort("day")
        .join_asof(rates_by_day(), on="day", by="currency", check_sortedness=False)
        .with_columns(
            reporting_amount=pl.when(C("currency") == "USD").then("money")
            .otherwise((C("money") * C("rate")).round(6)),
        )
    )  # fmt: skip
    wins = placed.filter((C("step") == "won") & C("exclusion").is_null()).sort("closed", "deal")
    new = wins.unique("customer", keep="first", maintain_order=True)["deal"]
    return placed.with_columns(is_new_contract=C("deal").is_in(new.implode()))


def climb(history: pl.DataFrame, deals: pl.DataFrame) -> pl.DataFrame:
    """When each lead reached what, and how it ended."""
    steps = (
        deals.filter(C("own_exclusion").is_null() & C("lead").is_not_null())
        .group_by("lead")
        .agg(
            deals=pl.len(),
            lost_deals=(C("step") == "lost").sum(),
            deal_prospect=C("deal_prospect").min(),
            deal_opportunity=C("deal_opportunity").min(),
            won=C("closed").filter(C("step") == "won").min(),
            last_lost=C("closed").filter(C("step") == "lost").max(),
        )
    )
    all_lost = C("deals") == C("lost_deals")
    return (
        history.join(steps, on="lead", how="left")
        .with_columns(
            prospect=pl.min_horizontal(
                "prospect", "deal_prospect", "opportunity", "deal_opportunity", "won"
            ),
            opportunity=pl.min_horizontal("opportunity", "deal_opportunity", "won"),
            lost=pl.when(all_lost).then("last_lost")
            .when(C("deals").is_null() & C("lost_since").is_not_null()).then("first_lost"),
            lost_since=pl.when(all_lost).then("last_lost")
            .when(C("deals").is_null()).then("lost_since"),
        )
        .with_columns(closed=pl.coalesce("won", "lost_since"))
        .select("lead", "prospect", "opportunity", "won", "lost", "closed")
    )  # fmt: skip
