"""Polars: lead facts, and the five KPIs by month for the company and its reps. See polars_core."""

from collections.abc import Sequence

import polars as pl

C = pl.col
_BURST, _HOUR, _DAY, _MONTH = 4, 3_600, 86_400, 2_592_000


def answer(
    touches: pl.DataFrame, leads: pl.DataFrame, steps: pl.DataFrame, as_of: int
) -> pl.DataFrame:
    """Leads with clock, answer, attempts, contacts, win."""
    of_leads = touches.filter("counts").select(
        "lead", "started", "channel", "direction", "is_completed", "is_automated",
        "attempt_number",
    )  # fmt: skip
    called = (
        of_leads.filter((C("channel") == 1) & (C("direction") == 2) & ~C("is_automated"))
        .join(leads.filter(C("is_inquiry") & C("is_by_call")).select("lead", "inquired"), on="lead")
        .filter((C("started") - C("inquired")).abs() <= 1800)
        .group_by("lead")
        .agg(called=C("started").min())
    )
    clocks = (
        leads.join(called, on="lead", how="left")
        .with_columns(clock=pl.coalesce("called", "inquired"))
        .join(steps, on="lead", how="left")
    )
    outbound = (C("direction") == 1) & ~C("is_completed") & ~C("is_automated")
    bursts = (
        of_leads.filter(outbound)
        .sort("lead", "started")
        .filter(C("started") - C("started").shift(_BURST - 1).over("lead") <= _DAY)
        .select("lead", is_burst=pl.lit(value=True))
        .unique()
    )
    counts_from = pl.when("is_inquiry").then(C("clock") - 1800).otherwise(0)
    touched = (
        of_leads.join(clocks.select("lead", "won", counts_from=counts_from), on="lead", how="left")
        .group_by("lead")
        .agg(
            attempts=outbound.sum(),
            completed_contacts=C("is_completed").sum(),
            contacts_to_win=(C("is_completed") & (C("started") <= C("won"))).sum(),
            last_touch=C("started").filter(~C("is_automated")).max(),
            answered=C("started")
            .filter(C("attempt_number").is_not_null() & (C("started") >= C("counts_from")))
            .min(),
        )
    )
    status = (
        pl.when(~C("is_inquiry")).then(pl.lit("not_an_inquiry"))
        .when(C("answered").is_not_null()).then(pl.lit("responded"))
        .when(C("closed").is_not_null()).then(pl.lit("never"))
        .otherwise(pl.lit("pending"))
    )  # fmt: skip
    waited = pl.max_horizontal(
        pl.coalesce("answered", "closed", pl.lit(as_of)) - C("clock"), pl.lit(0)
    )
    given_up = (
        pl.when(C("lost").is_not_null()).then(pl.lit(value=True))
        .when(C("won").is_not_null()).then(pl.lit(value=False))
        .otherwise(as_of - pl.coalesce("last_touch", "created") >= 30 * _DAY)
    )  # fmt: skip
    return (
        clocks.join(touched, on="lead", how="left")
        .join(bursts, on="lead", how="left")
        .with_columns(
            response_status=status,
            waited=waited,
            attempts=C("attempts").fill_null(0),
            completed_contacts=C("completed_contacts").fill_null(0),
            contacts_to_win=pl.when(C("won").is_not_null()).then(C("contacts_to_win").fill_null(0)),
            is_burst=C("is_burst").fill_null(value=False),
            is_given_up=given_up,
        )
        .with_columns(is_gave_up_early=C("is_given_up") & (C("completed_contacts") < 5))
    )


def month(column: str) -> pl.Expr:
    return pl.from_epoch(C(column)).dt.truncate("1mo").dt.date().alias("period_start")


def scoped(rows: pl.DataFrame, measures: Sequence[pl.Expr]) -> pl.DataFrame:
    """By month for the company (rep: -1) and for each rep (null: nobody knows whose)."""
    company = rows.group_by("period_start").agg(*measures).with_columns(rep=pl.lit(-1, pl.Int64))
    reps = rows.group_by("period_start", C("rep").cast(pl.Int64)).agg(*measures)
    return pl.concat([company, reps.select(company.columns)])


def contact_ratio(touches: pl.DataFrame, leads: pl.DataFrame, deals: pl.DataFrame) -> pl.DataFrame:
    outreach = touches.filter(
        C("counts") & (C("direction") == 1) & ~C("is_automated") & C("is_new_customer")
    )
    parts = [
        scoped(
            outreach.select(month("started"), "rep", "channel"),
            [(C("channel") == 1).sum().alias("outreach_calls"),
             (C("channel") == 2).sum().alias("outreach_emails")],
        ).filter(C("outreach_calls") + C("outreach_emails") > 0),
        scoped(
            leads.filter(C("exclusion").is_null() & C("prospect").is_not_null()).select(
                month("prospect"), rep="first_owner"
            ),
            [pl.len().alias("prospects")],
        ),
        scoped(
            deals.filter("is_new_contract").select(month("closed"), rep="closer"),
            [pl.len().alias("new_contracts")],
        ),
    ]  # fmt: skip
    return (
        pl.concat(parts, how="diagonal_relaxed")
        .group_by("period_start", "rep")
        .agg(
            C("outreach_calls", "outreach_emails", "prospects", "new_contracts")
            .sum()
            .cast(pl.Int64)
        )
    )


def speed_to_lead(leads: pl.DataFrame, as_of: int) -> pl.DataFrame:
    inquiries = leads.filter(C("exclusion").is_null() & C("is_inquiry")).select(
        month("clock"), "waited", "response_status",
        rep="first_owner",
        age=as_of - C("clock"),
        answer=pl.when(C("response_status") == "responded").then("waited"),
    )  # fmt: skip
    counted = scoped(
        inquiries,
        [
            pl.len().alias("inquiries"),
            (C("response_status") == "responded").sum().alias("responded"),
            (C("response_status") == "pending").sum().alias("pending"),
            (C("response_status") == "never").sum().alias("never"),
            (C("age") >= _HOUR).sum().alias("eligible_1h"),
            ((C("age") >= _HOUR) & (C("answer") <= _HOUR)).sum().alias("within_1h"),
            (C("answer").filter(C("answer") <= _MONTH).mean() / _HOUR).alias("mean_response_hours"),
        ],
    )
    # Kaplan-Meier: one event after another makes the same product as all of a moment at once.
    for_all = inquiries.with_columns(rep=pl.lit(-1, pl.Int64))
    curve = (
        pl.concat([for_all, inquiries.with_columns(C("rep").cast(pl.Int64))])
        .select("period_start", "rep", "waited", has_event=C("response_status") == "responded")
        .sort("period_start", "rep", "waited", "has_event", descending=[False, False, False, True])
        .with_columns(
            left=pl.len().over("period_start", "rep")
            - pl.int_range(1, pl.len() + 1).over("period_start", "rep")
        )
        .filter("has_event")
        .with_columns(
            still=(
                ((C("left").cast(pl.Float64).clip(1e-9)) / (C("left") + 1))
                .log()
                .cum_sum()
                .over("period_start", "rep")
                .exp()
                .round(12)
            )
        )
        .filter(C("still") <= 0.5)
        .group_by("period_start", "rep")
        .agg(median_response_hours=C("waited").min() / _HOUR)
    )
    return counted.join(curve, on=["period_start", "rep"], how="left", nulls_equal=True)


def completed_contacts(touches: pl.DataFrame, leads: pl.DataFrame) -> pl.DataFrame:
    cohorts = leads.filter(C("exclusion").is_null()).select(
        month("created"), "lead", "attempts", "completed_contacts", "won", "contacts_to_win",
        "is_gave_up_early", "is_burst",
        rep="first_owner",
    )  # fmt: skip
    counted = scoped(
        cohorts,
        [
            pl.len().alias("leads"),
            C("attempts").sum(),
            C("completed_contacts").sum(),
            C("won").is_not_null().sum().alias("wins"),
            (C("contacts_to_win") == 1).sum().alias("wins_at_contact_1"),
            (C("contacts_to_win") >= 5).sum().alias("wins_at_contact_5_plus"),
            C("is_gave_up_early").sum().alias("gave_up_early"),
            C("is_burst").sum().alias("burst_leads"),
        ],
    )
    gaps = scoped(
        touches.filter(C("gap").is_not_null())
        .select("lead", "gap")
        .join(cohorts.select("lead", "period_start", "rep"), on="lead"),
        [(C("gap").median() / _HOUR).alias("median_gap_hours")],
    )
    return counted.join(gaps, on=["period_start", "rep"], how="left", nulls_equal=True)


def collateral_usage(touches: pl.DataFrame, events: pl.DataFrame) -> pl.DataFrame:
    sent = events.filter(C("happening") == "sent")
    worked = pl.concat([
        touches.filter(C("counts") & ~C("is_automated")).select(
            month("started"), C("rep").cast(pl.Int64), "lead", is_sent=pl.lit(value=False)
        ),
        sent.filter(C("lead").is_not_null()).select(
            month("occurred"), C("rep").cast(pl.Int64), "lead", is_sent=pl.lit(value=True)
        ),
    ])  # fmt: skip
    by_rep = worked.group_by("period_start", "rep", "lead").agg(C("is_sent").any())
    by_all = by_rep.group_by("period_start", "lead").agg(C("is_sent").any())
    measures = [pl.len().alias("leads_worked"), C("is_sent").sum().alias("leads_sent")]
    leads = pl.concat([
        by_all.group_by("period_start").agg(*measures).with_columns(rep=pl.lit(-1, pl.Int64)),
        by_rep.group_by("period_start", "rep").agg(*measures)
        .select("period_start", "leads_worked", "leads_sent", "rep"),
    ])  # fmt: skip
    happened = scoped(
        events.select(month("occurred"), "rep", "happening"),
        [(C("happening") == "sent").sum().alias("sends"),
         (C("happening") == "opened").sum().alias("opens")],
    )  # fmt: skip
    return leads.join(
        happened, on=["period_start", "rep"], how="full", coalesce=True, nulls_equal=True
    ).with_columns(C("leads_worked", "leads_sent", "sends", "opens").fill_null(0))


def closed_deals(deals: pl.DataFrame) -> pl.DataFrame:
    closed = deals.filter(C("exclusion").is_null() & C("step").is_in(["won", "lost"])).select(
        month("closed"),
        is_won=C("step") == "won",
        amount=C("reporting_amount"),
        cycle=pl.when(C("closed") >= C("created")).then((C("closed") - C("created")) / _DAY),
        rep="closer",
    )
    won = C("is_won")
    return scoped(
        closed,
        [
            won.sum().alias("won"),
            (~won).sum().alias("lost"),
            # Nothing won is 0; won without any amount that is known is not.
            pl.when(~won.any() | C("amount").filter(won).is_not_null().any())
            .then(C("amount").filter(won).sum())
            .alias("won_amount"),
            C("amount").filter(won).median().alias("median_deal"),
            C("cycle").filter(won).median().alias("median_cycle_days"),
        ],
    )
