"""What a user would otherwise write, in Polars: touches, leads, deals, and the five KPIs by month.

`python -m tests.benchmarks.frames.polars_core REPORT.json FOLDER OUT` leaves Parquet files in OUT.
The same rules as the hand-written SQL (limit/*.sql), but for business hours and refusals, and only
for the company and its reps. Numbers stand for ids.
"""

import sys
from pathlib import Path

import polars as pl

from tests.benchmarks.frames import polars_kpis as kpis
from tests.benchmarks.frames.polars_calls import (
    merge_legs,
    pair,
    read_activities,
    read_legs,
    read_reps,
)
from tests.benchmarks.frames.polars_leads import climb, owners_then, resolve_deals, resolve_leads
from tests.benchmarks.frames.polars_records import (
    number,
    phones_of,
    read_changes,
    read_contacts,
    read_deals,
    read_leads,
    scan,
    seconds,
)
from tests.benchmarks.frames.polars_touches import finish, match, name_leads, together
from tests.benchmarks.measuring import Steps

C = pl.col


def points_of(contacts: pl.DataFrame, phones: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """(contact, phone) and (contact, email) of contacts that are not deleted."""
    live = contacts.filter(~C("is_deleted"))
    written = live.select(contact="survivor", written=C("phones").str.split(";")).explode("written")
    emails = live.select(contact="survivor", email=C("emails").str.split(";")).explode("email")
    return (
        written.join(phones, on="written").select("contact", "phone").unique(),
        emails.drop_nulls().filter(C("email") != "").unique(),
    )


def read_events(
    folder: Path,
    touches: pl.DataFrame,
    choices: pl.DataFrame,
    contacts: pl.DataFrame,
    leads: pl.DataFrame,
    steps: pl.DataFrame,
    owners: pl.DataFrame,
) -> pl.DataFrame:
    """Collateral events with the lead that they are of and the rep whose they are."""
    items = scan(folder, "crm/collateral").select(item=number("collateral_id")).collect()["item"]
    rows = (
        scan(folder, "crm/collateral_events")
        .select(
            event=number("event_id"),
            item=number("collateral_id"),
            happening="event",
            occurred=seconds("occurred_at"),
            rep=number("rep_id"),
            contact=number("contact_id"),
            lead=number("lead_id"),
            activity=number("activity_id"),
        )
        .filter(
            C("event").is_not_null()
            & C("occurred").is_not_null()
            & C("item").is_in(items.implode())
            & C("happening").is_in(["sent", "opened", "clicked", "downloaded"])
        )
        .collect()
        .unique("event", keep="last", maintain_order=True)
    )
    of_touches = (
        touches.select("touch", "lead", touch_rep="rep")
        .join(choices.select("touch", chosen="lead"), on="touch", how="left")
        .select("touch", "touch_rep", touch_lead=pl.coalesce("lead", "chosen"))
    )
    linked = (
        rows.join(of_touches, left_on="activity", right_on="touch", how="left")
        .join(leads.select("lead", survivor="survivor"), on="lead", how="left")
        .join(
            contacts.filter(~C("is_deleted")).select("contact", live="survivor"),
            on="contact",
            how="left",
        )
        .with_columns(
            rep=pl.coalesce("rep", "touch_rep"), lead=pl.coalesce("survivor", "touch_lead")
        )
    )
    open_leads = (
        leads.filter(C("exclusion").is_null())
        .join(steps.select("lead", "closed"), on="lead")
        .select(
            "created", "owner", live="contact", found="lead", closed=C("closed").fill_null(2**40)
        )
    )
    candidates = (
        linked.filter(C("lead").is_null())
        .select("event", "occurred", "rep", "live")
        .join(open_leads, on="live")
        .filter((C("created") <= C("occurred") + 1800) & (C("closed") >= C("occurred")))
    )
    then = owners_then(
        candidates.select(object="found", moment="occurred").unique(), owners, "lead"
    )
    chosen = (
        candidates.join(
            then, left_on=["found", "occurred"], right_on=["object", "moment"], how="left"
        )
        .with_columns(
            is_own=(pl.coalesce("owner_then", "owner") == C("rep")).fill_null(value=False)
        )
        .sort("is_own", "created", "found", descending=[True, True, False])
        .unique("event", keep="first", maintain_order=True)
        .select("event", "found")
    )
    matched = linked.join(chosen, on="event", how="left").with_columns(
        lead=pl.coalesce("lead", "found")
    )
    sends = matched.filter(C("happening") == "sent").select(
        "lead", "item", sent="occurred", sender="rep", send="event"
    )
    senders = (
        matched.filter(C("rep").is_null() & (C("happening") != "sent"))
        .join(sends, on=["lead", "item"])
        .filter(C("occurred") >= C("sent"))
        .sort("sent", "send", descending=True)
        .unique("event", keep="first", maintain_order=True)
        .select("event", "sender")
    )
    return (
        matched.join(senders, on="event", how="left")
        .join(leads.select("lead", "exclusion"), on="lead", how="left")
        .filter(C("exclusion").is_null())
        .select("event", "happening", "occurred", "lead", rep=pl.coalesce("rep", "sender"))
    )


def build(folder: Path, out: Path, steps_of: Steps) -> None:
    """Read, match, number, count, write."""
    with steps_of.step("read"):
        contacts, raw_leads, raw_deals = (
            read_contacts(folder), read_leads(folder), read_deals(folder)
        )  # fmt: skip
        changes, owners = read_changes(folder)
        activities, legs, reps = read_activities(folder), read_legs(folder), read_reps(folder)
        as_of = max(
            int(value)
            for value in (
                activities.select(pl.max_horizontal("started", "ended", "updated").max()).item(),
                legs.select(pl.max_horizontal("started", "ended").max()).item(),
                contacts["updated"].max(), changes["changed"].max(), owners["changed"].max(),
                raw_leads.select(pl.max_horizontal("created", "updated").max()).item(),
                raw_deals.select(pl.max_horizontal("created", "updated", "closed").max()).item(),
            )
        )  # fmt: skip
        spelled = contacts["phones"].drop_nulls().str.split(";").explode()
        phones = phones_of(
            pl.concat([spelled, activities["written"], legs["written"], reps["written"]])
        )
        activities = activities.join(phones, on="written", how="left").drop("written")
    with steps_of.step("records"):
        leads, history = resolve_leads(raw_leads, contacts, changes, owners)
        deals = resolve_deals(raw_deals, contacts, leads, changes, owners, as_of)
        steps = climb(history, deals)
        odd = contacts.filter((C("contact") != C("survivor")) | C("is_deleted"))
        activities = (
            activities.join(odd.select("contact", "survivor", gone="is_deleted"), on="contact",
                            how="left")
            .with_columns(pairing_contact=pl.coalesce("survivor", "contact"))
            .with_columns(
                contact=pl.when(~C("gone").fill_null(value=False)).then("pairing_contact")
            )
            .drop("survivor", "gone")
        )  # fmt: skip
    with steps_of.step("calls"):
        contact_phones, contact_emails = points_of(contacts, phones)
        calls, call_of_leg = merge_legs(legs, reps, phones)
        pairs, again = pair(
            calls,
            call_of_leg,
            activities.drop("contact").rename({"pairing_contact": "contact"}),
            contact_phones,
        )
        del legs
    with steps_of.step("touches"):
        rep_phones = reps.join(phones, on="written")["phone"]
        touches = name_leads(
            together(activities.drop("pairing_contact"), calls, pairs, again, rep_phones),
            leads,
            deals,
        )
        del activities, calls
        choices = match(touches, leads, steps, contact_phones, contact_emails, owners)
        events = read_events(folder, touches, choices, contacts, leads, steps, owners)
        touches = finish(touches, choices, leads, deals, contacts)
    with steps_of.step("kpis"):
        facts = kpis.answer(touches, leads, steps, as_of)
        tables = {
            "kpi_contact_ratio": kpis.contact_ratio(touches, facts, deals),
            "kpi_speed_to_lead": kpis.speed_to_lead(facts, as_of),
            "kpi_completed_contacts": kpis.completed_contacts(touches, facts),
            "kpi_collateral_usage": kpis.collateral_usage(touches, events),
            "kpi_closed_deals": kpis.closed_deals(deals),
        }
    with steps_of.step("write"):
        out.mkdir(parents=True, exist_ok=True)
        for name, table in {
            "fct_touches": touches, "fct_leads": facts, "fct_deals": deals, **tables
        }.items():  # fmt: skip
            table.write_parquet(out / f"{name}.parquet")


if __name__ == "__main__":
    report, files, target = map(Path, sys.argv[1:4])
    measured = Steps()
    build(files, target, measured)
    measured.write(report)
