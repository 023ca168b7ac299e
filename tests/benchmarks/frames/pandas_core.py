"""What a user would otherwise write, in pandas: touches, leads, deals, and the five KPIs by month.

`python -m tests.benchmarks.frames.pandas_core REPORT.json FOLDER OUT` leaves Parquet files in OUT.
The same rules as the hand-written SQL (limit/*.sql), but for business hours and refusals, and only
for the company and its reps. Numbers stand for ids.
"""

import sys
from pathlib import Path

import pandas as pd

from tests.benchmarks.frames import pandas_kpis as kpis
from tests.benchmarks.frames.pandas_calls import (
    merge_legs,
    pair,
    read_activities,
    read_legs,
    read_reps,
)
from tests.benchmarks.frames.pandas_leads import climb, resolve_deals, resolve_leads
from tests.benchmarks.frames.pandas_records import (
    number,
    phones_of,
    read,
    read_changes,
    read_contacts,
    read_deals,
    read_leads,
    seconds,
)
from tests.benchmarks.frames.pandas_touches import (
    choose,
    finish,
    match,
    name_leads,
    open_ones,
    together,
)
from tests.benchmarks.measuring import Steps


def points_of(contacts: pd.DataFrame, phones: pd.Series) -> tuple[pd.DataFrame, pd.DataFrame]:
    """(contact, phone) and (contact, email) of contacts that are not deleted."""
    live = contacts[~contacts["is_deleted"]]
    found = []
    for column in ("phones", "emails"):
        cells = live[["survivor", column]].dropna()
        found.append(cells.assign(**{column: cells[column].str.split(";")}).explode(column))
    numbers, emails = found
    numbers = numbers.assign(phone=numbers["phones"].map(phones)).dropna(subset="phone")
    numbers = numbers.rename(columns={"survivor": "contact"})[["contact", "phone"]]
    emails = emails.rename(columns={"survivor": "contact", "emails": "email"})
    return numbers.drop_duplicates(), emails[emails["email"] != ""].drop_duplicates()


def read_events(
    folder: Path,
    touches: pd.DataFrame,
    choices: pd.DataFrame,
    contacts: pd.DataFrame,
    leads: pd.DataFrame,
    steps: pd.DataFrame,
    owners: pd.DataFrame,
) -> pd.DataFrame:
    """Collateral events with the lead that they are of and the rep whose they are."""
    items = number(read(folder, "crm/collateral", ["collateral_id"])["collateral_id"])
    rows = read(
        folder,
        "crm/collateral_events",
        ["event_id", "collateral_id", "event", "occurred_at", "rep_id", "contact_id", "lead_id",
         "activity_id"],
    )  # fmt: skip
    typed = pd.DataFrame({
        "event": number(rows["event_id"]),
        "item": number(rows["collateral_id"]),
        "happening": rows["event"],
        "started": seconds(rows["occurred_at"]),
        "rep": number(rows["rep_id"]),
        "contact": number(rows["contact_id"]),
        "lead": number(rows["lead_id"]),
        "activity": number(rows["activity_id"]),
    })  # fmt: skip
    happenings = ["sent", "opened", "clicked", "downloaded"]
    typed = typed[
        typed["event"].notna()
        & typed["started"].notna()
        & typed["item"].isin(items)
        & typed["happening"].isin(happenings)
    ].drop_duplicates("event", keep="last")
    of_activities = touches[touches["touch"].isin(typed["activity"])].set_index("touch")
    chosen_leads = choices.set_index("touch")["lead"]
    activity_leads = of_activities["lead"].fillna(
        pd.Series(of_activities.index, index=of_activities.index).map(chosen_leads)
    )
    by_lead = leads.set_index("lead")
    typed["rep"] = typed["rep"].fillna(typed["activity"].map(of_activities["rep"]))
    typed["lead"] = (
        typed["lead"].map(by_lead["survivor"]).fillna(typed["activity"].map(activity_leads))
    )
    live = contacts[~contacts["is_deleted"]].set_index("contact")["survivor"]
    bare = typed.loc[typed["lead"].isna(), ["event", "started", "rep", "contact"]]
    bare = bare.assign(contact=bare["contact"].map(live)).dropna(subset="contact")
    met = bare.merge(open_ones(leads, steps), on="contact")
    met = met[(met["created"] <= met["started"] + 1800) & (met["closed"] >= met["started"])]
    chosen = choose(met.drop(columns=["contact", "closed"]), owners, "event")
    typed["lead"] = typed["lead"].fillna(typed["event"].map(chosen.set_index("event")["lead"]))
    sends = typed.loc[typed["happening"] == "sent", ["lead", "item", "started", "rep", "event"]]
    sends = sends.dropna(subset="lead")
    asked = typed[typed["rep"].isna() & (typed["happening"] != "sent") & typed["lead"].notna()]
    senders = asked.merge(sends, on=["lead", "item"], suffixes=("", "_sent"))
    senders = senders[senders["started"] >= senders["started_sent"]]
    senders = senders.sort_values(["started_sent", "event_sent"]).drop_duplicates(
        "event", keep="last"
    )
    typed["rep"] = typed["rep"].fillna(typed["event"].map(senders.set_index("event")["rep_sent"]))
    is_kept = typed["lead"].map(by_lead["exclusion"].notna()).ne(other=True)
    return typed.loc[is_kept, ["event", "happening", "started", "lead", "rep"]].rename(
        columns={"started": "occurred"}
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
            activities[["started", "ended", "updated"]].max().max(),
            legs[["started", "ended"]].max().max(),
            contacts["updated"].max(),
            changes["changed"].max(),
            owners["changed"].max(),
            raw_leads[["created", "updated"]].max().max(),
            raw_deals[["created", "updated", "said_closed"]].max().max(),
        )
        spelled = contacts["phones"].dropna().str.split(";").explode()
        phones = phones_of(
            pd.concat([spelled, activities["written"], legs["written"], reps["written"]])
        )
        activities["phone"] = activities.pop("written").map(phones)
    with steps_of.step("records"):
        leads, history = resolve_leads(raw_leads, contacts, changes, owners)
        deals = resolve_deals(raw_deals, contacts, leads, changes, owners, as_of)
        steps = climb(history, deals)
        odd = contacts[(contacts["contact"] != contacts["survivor"]) | contacts["is_deleted"]]
        odd = odd.set_index("contact")
        named = activities["contact"].map(odd["survivor"]).fillna(activities["contact"])
        gone = activities["contact"].map(odd["is_deleted"]).eq(other=True)
    with steps_of.step("calls"):
        contact_phones, contact_emails = points_of(contacts, phones)
        calls, known_legs = merge_legs(legs, reps, phones)
        del legs
        activities["contact"] = named
        pairs, again = pair(calls, known_legs, activities, contact_phones)
        activities["contact"] = named.where(~gone)
        del named, gone
    with steps_of.step("touches"):
        rep_phones = reps["written"].map(phones).dropna()
        touches = together(activities, calls, pairs, again, rep_phones)
        del activities, calls
        touches = name_leads(touches, leads, deals)
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
            if "rep" in table and name.startswith("kpi_"):
                table["rep"] = table["rep"].where(table["rep"] != kpis.NOBODY)
            table.to_parquet(out / f"{name}.parquet", index=False)


if __name__ == "__main__":
    report, files, target = map(Path, sys.argv[1:4])
    measured = Steps()
    build(files, target, measured)
    measured.write(report)
