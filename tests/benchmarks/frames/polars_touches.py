"""Polars: two systems side by side -> touches, each with its lead, numbered. See polars_core."""

import polars as pl

from tests.benchmarks.frames.polars_leads import owners_then

C = pl.col
_TALK = 30


def together(
    activities: pl.DataFrame,
    calls: pl.DataFrame,
    pairs: pl.DataFrame,
    again: pl.DataFrame,
    rep_phones: pl.Series,
) -> pl.DataFrame:
    """Times, talk and outcome come from telephony, links and notes from the CRM."""
    of_calls = calls.select(
        "call", call_direction="direction", call_started="started", call_ended="ended",
        call_talk="talk", call_is_answered="is_answered", call_is_internal="is_internal",
        call_rep="rep", call_phone="phone",
    )  # fmt: skip
    is_paired = C("call").is_not_null()
    is_call = C("channel") == 1
    own_rule = (
        pl.when(is_paired).then(C("call_is_answered") & (C("call_talk").fill_null(0) >= _TALK))
        .when(is_call & C("talk").is_null()).then(C("is_reached").fill_null(value=False))
        .when(is_call).then(C("is_reached").fill_null(value=True) & (C("talk") >= _TALK))
        .when(C("channel") == 3).then(C("is_reached").fill_null(value=False))
        .otherwise((C("direction") == 2).fill_null(value=False))
    )  # fmt: skip
    crm = (
        activities.join(again, on="touch", how="anti")
        .join(pairs, on="touch", how="left")
        .join(of_calls, on="call", how="left")
        .select(
            "touch", "call", "channel", "email", "is_automated", "contact", "lead", "deal",
            direction=pl.coalesce("call_direction", "direction"),
            started=pl.coalesce("call_started", "started"),
            ended=pl.when(is_paired).then("call_ended").otherwise("ended"),
            is_completed=own_rule & ~C("is_automated"),
            own_exclusion=pl.when("is_deleted").then(1)
            .when(
                C("call_is_internal").fill_null(value=False)
                | (is_call & C("phone").is_in(rep_phones.implode()).fill_null(value=False))
            ).then(2),
            rep=pl.coalesce("call_rep", "rep"),
            phone=pl.coalesce("phone", "call_phone"),
        )
    )  # fmt: skip
    telephony = calls.join(pairs, on="call", how="anti").select(
        "call", "direction", "started", "ended", "rep", "phone",
        touch="call",
        channel=pl.lit(1, pl.Int8),
        is_automated=pl.lit(value=False),
        is_completed=C("is_answered") & (C("talk").fill_null(0) >= _TALK),
        own_exclusion=pl.when("is_internal").then(2),
    )  # fmt: skip
    return pl.concat([crm, telephony], how="diagonal")


def name_leads(touches: pl.DataFrame, leads: pl.DataFrame, deals: pl.DataFrame) -> pl.DataFrame:
    """The lead that an activity names, else its deal's."""
    of_deals = deals.select("deal", deal_left="survivor").join(
        deals.select(deal_left="deal", deal_lead="lead"), on="deal_left"
    )
    return (
        touches.join(leads.select("lead", named="survivor"), on="lead", how="left")
        .join(of_deals, on="deal", how="left")
        .with_columns(
            lead=pl.coalesce("named", "deal_lead"),
            deal=pl.coalesce("deal_left", "deal"),
            rule=pl.when(C("named").is_not_null()).then(1)
            .when(C("deal_lead").is_not_null()).then(2),
        )
        .drop("named", "deal_lead", "deal_left")
    )  # fmt: skip


def match(
    touches: pl.DataFrame,
    leads: pl.DataFrame,
    steps: pl.DataFrame,
    phones: pl.DataFrame,
    emails: pl.DataFrame,
    owners: pl.DataFrame,
) -> pl.DataFrame:
    """For touches that name no lead: the open one of the contact, else phone, else email."""
    unnamed = touches.filter(C("lead").is_null()).select(
        "touch", "started", "rep", "contact", "phone", "email"
    )
    open_leads = (
        leads.filter(C("exclusion").is_null() & C("contact").is_not_null())
        .join(steps.select("lead", "closed"), on="lead")
        .select("contact", "lead", "created", "owner", C("closed").fill_null(2**40))
    )
    rest, found = unnamed, []
    for rule, points, on in ((3, None, "contact"), (4, phones, "phone"), (5, emails, "email")):
        asked = rest.filter(C(on).is_not_null()).select("touch", "started", "rep", on)
        named = asked if points is None else asked.join(points, on=on)
        candidates = (
            named.join(open_leads, on="contact")
            .filter((C("created") <= C("started") + 1800) & (C("closed") >= C("started")))
            .select("touch", "started", "rep", "lead", "created", "owner", rule=pl.lit(rule))
            .unique()
        )
        found.append(candidates)
        rest = rest.join(candidates, on="touch", how="anti")
    candidates = pl.concat(found)
    is_choice = candidates["touch"].is_duplicated()
    choice = candidates.filter(is_choice)
    then = owners_then(choice.select(object="lead", moment="started").unique(), owners, "lead")
    choice = (
        choice.join(then, left_on=["lead", "started"], right_on=["object", "moment"], how="left")
        .with_columns(
            is_own=(pl.coalesce("owner_then", "owner") == C("rep")).fill_null(value=False)
        )
        .sort("is_own", "created", "lead", descending=[True, True, False])
        .unique("touch", keep="first", maintain_order=True)
    )
    columns = ["touch", "lead", "rule"]
    chosen = pl.concat([candidates.filter(~is_choice).select(columns), choice.select(columns)])
    chosen = chosen.join(leads.select("lead", found_contact="contact"), on="lead")
    only_phone = (
        phones.join(rest.select("touch", "phone"), on="phone")
        .group_by("touch")
        .agg(by_phone=C("contact").first(), phone_contacts=pl.len())
    )
    only_email = (
        emails.join(rest.select("touch", "email"), on="email")
        .group_by("touch")
        .agg(by_email=C("contact").first(), email_contacts=pl.len())
    )
    alone = (
        rest.join(only_phone, on="touch", how="left")
        .join(only_email, on="touch", how="left")
        .select(
            "touch",
            lead=pl.lit(None, pl.Int64),
            rule=pl.when(
                pl.any_horizontal(C("contact", "by_phone", "by_email").is_not_null())
            ).then(7).otherwise(6),
            found_contact=pl.when(C("phone_contacts") == 1).then("by_phone")
            .when(C("phone_contacts").is_null() & (C("email_contacts") == 1)).then("by_email"),
        )
    )  # fmt: skip
    return pl.concat([chosen, alone], how="vertical_relaxed")


def finish(
    touches: pl.DataFrame,
    choices: pl.DataFrame,
    leads: pl.DataFrame,
    deals: pl.DataFrame,
    contacts: pl.DataFrame,
) -> pl.DataFrame:
    """Sessions of messages, customers, numbers."""
    wins = (
        deals.filter((C("step") == "won") & C("exclusion").is_null())
        .group_by("customer")
        .agg(first_won=C("closed").min())
    )
    of_leads = leads.select(
        "lead", "live_contact", "lead_source", "exclusion", lead_customer="customer"
    )
    live = contacts.filter(C("contact") == C("survivor")).select("contact", "account")
    of_deals = deals.select("deal", deal_customer="customer")
    placed = (
        touches.join(choices, on="touch", how="left")
        .with_columns(
            lead=pl.coalesce("lead", "lead_right"), rule=pl.coalesce("rule", "rule_right")
        )
        .join(of_leads, on="lead", how="left")
        .with_columns(contact=pl.coalesce("contact", "found_contact", "live_contact"))
        .drop("lead_right", "rule_right", "found_contact", "live_contact", "phone", "email")
    )
    placed = sessions(placed)
    is_bare = C("lead_customer").is_null()
    bare = (
        placed.filter(is_bare)
        .join(live, on="contact", how="left")
        .join(of_deals, on="deal", how="left")
        .with_columns(
            customer=pl.coalesce(
                1_000_000_000_000 + C("account"), 2_000_000_000_000 + C("contact"), "deal_customer"
            )
        )
        .drop("account", "deal_customer")
    )
    whole = pl.concat([
        placed.filter(~is_bare).with_columns(customer=C("lead_customer")), bare
    ]).drop("lead_customer").join(wins, on="customer", how="left")  # fmt: skip
    counts = C("lead").is_not_null() & C("exclusion").is_null() & C("own_exclusion").is_null()
    is_attempt = ~C("is_automated") & (
        C("is_completed") | (C("direction") == 1).fill_null(value=False)
    )
    numbered = (
        whole.filter(counts)
        .sort("lead", "started", "touch")
        .with_columns(
            attempt_number=pl.when(is_attempt).then(is_attempt.cum_sum().over("lead")),
            contact_number=pl.when("is_completed").then(C("is_completed").cum_sum().over("lead")),
            gap=C("started").diff().over("lead"),
        )
    )
    others = whole.filter(~counts)
    return pl.concat([numbered, others], how="diagonal").with_columns(
        counts=counts,
        is_new_customer=(C("first_won").is_null() | (C("first_won") >= C("started"))),
    )


def sessions(touches: pl.DataFrame) -> pl.DataFrame:
    """Messages of one lead and contact with gaps of at most an hour are one touch."""
    in_session = (
        (C("channel") == 4)
        & C("own_exclusion").is_null()
        & pl.any_horizontal(C("lead", "contact").is_not_null())
    )
    messages = (
        touches.filter(in_session)
        .sort("lead", "contact", "started", "touch")
        .with_columns(
            is_first=(
                (C("lead").ne_missing(C("lead").shift()))
                | (C("contact").ne_missing(C("contact").shift()))
                | (C("started") - C("started").shift() > 3600)
            ).fill_null(value=True),
            ended=pl.coalesce("ended", "started"),
        )
        .with_columns(session=C("is_first").cum_sum())
    )
    summed = messages.group_by("session").agg(
        ended=C("ended").max(),
        is_completed=C("is_completed").any(),
        is_automated=C("is_automated").all(),
    )
    first = (
        messages.filter("is_first")
        .drop("ended", "is_completed", "is_automated", "is_first")
        .join(summed, on="session")
        .drop("session")
    )
    return pl.concat([touches.filter(~in_session), first.select(touches.columns)])
