"""pandas: files -> typed rows -> contacts, leads and deals as they stand. See pandas_core.

Ids and moments that may be missing are float64, as pandas has them: they are exact up to 2**53.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from tests.benchmarks.sql_parts import REFERENCE, files_of

CALL_KEYS = {"K": 1e12, "T": 2e12}
OWNERS = 65_536
DAY = 86_400


def read(folder: Path, entity: str, columns: list[str]) -> pd.DataFrame:
    """An entity's files, all text, in their order."""
    parts = [pd.read_parquet(path, columns=columns) for path in files_of(folder, entity)]
    return pd.concat(parts, ignore_index=True)


def number(cells: pd.Series) -> pd.Series:
    """`L000000000120` -> 120."""
    return pd.to_numeric(cells.str[1:], errors="coerce").astype("float64")


def seconds(cells: pd.Series) -> pd.Series:
    """ISO 8601 with Z, an offset of three hours, or none -> seconds since 1970."""
    moments = pd.to_datetime(cells.str[:19], format="%Y-%m-%dT%H:%M:%S", errors="coerce")
    found = moments.astype("datetime64[s]").astype("int64").astype("float64")
    found[moments.isna()] = np.nan
    return found - 10_800.0 * cells.str.endswith("+03:00").fillna(value=False).astype("float64")


def truth(cells: pd.Series) -> pd.Series:
    return (cells == "true").fillna(value=False).astype(bool)


def call_key(cells: pd.Series) -> pd.Series:
    return number(cells) + cells.str[0].map(CALL_KEYS).astype("float64")


def latest(rows: pd.DataFrame, key: str, by: str | None) -> pd.DataFrame:
    """The latest row of each key; most keys come once."""
    twice = rows[key].duplicated(keep=False)
    again = rows[twice]
    if by is not None:
        again = again.sort_values(by, kind="stable", na_position="first")
    return pd.concat([rows[~twice], again.drop_duplicates(key, keep="last")], ignore_index=True)


def phones_of(cells: pd.Series) -> pd.Series:
    """Each distinct spelling once -> E.164 as a number."""
    written = pd.Series(cells.dropna().unique())
    digits = pd.to_numeric(
        written.str.replace(r"(?:ext| доб)[ .]*.*$", "", regex=True)
        .str.replace("(0)", "", regex=False)
        .str.replace(r"[^0-9]", "", regex=True),
        errors="coerce",
    )
    local = digits.between(80_000_000_000, 89_999_999_999)
    digits = digits.where(~local, digits - 10_000_000_000)
    unreal = pd.read_csv(REFERENCE["phone_placeholders"], dtype=str)["e164"].astype("int64")
    real = (digits >= 10_000_000_000) & ~digits.isin(unreal)
    return pd.Series(digits[real].to_numpy("float64"), index=written[real])


def survivors(rows: pd.DataFrame, key: str) -> pd.Series:
    """Merged records -> what is left of them: chains of merges to their end."""
    merges = rows.loc[rows["merged_into"].isin(rows[key]), [key, "merged_into"]]
    heirs = merges.set_index(key)["merged_into"]
    for _ in range(len(heirs)):
        further = heirs.map(heirs)
        if further.isna().all():
            break
        heirs = further.fillna(heirs)
    return heirs


def read_contacts(folder: Path) -> pd.DataFrame:
    rows = read(
        folder,
        "crm/contacts",
        ["contact_id", "account_id", "phones", "emails", "is_deleted", "merged_into_id",
         "updated_at"],
    )  # fmt: skip
    typed = pd.DataFrame({
        "contact": number(rows["contact_id"]),
        "account": number(rows["account_id"]),
        "phones": rows["phones"],
        "emails": rows["emails"].str.lower(),
        "is_deleted": truth(rows["is_deleted"]),
        "merged_into": number(rows["merged_into_id"]),
        "updated": seconds(rows["updated_at"]),
    })  # fmt: skip
    bad = rows["updated_at"].notna() & typed["updated"].isna()
    typed = latest(typed[typed["contact"].notna() & ~bad], "contact", "updated")
    typed["survivor"] = typed["contact"].map(survivors(typed, "contact")).fillna(typed["contact"])
    heirs = typed.set_index("contact")
    typed["account"] = typed["survivor"].map(heirs["account"])
    typed["is_deleted"] = typed["survivor"].map(heirs["is_deleted"]).astype(bool)
    return typed


def read_leads(folder: Path) -> pd.DataFrame:
    rows = read(
        folder,
        "crm/leads",
        ["lead_id", "contact_id", "account_id", "owner_rep_id", "lead_source", "is_inquiry",
         "inquiry_at", "inquiry_channel", "status", "created_at", "is_deleted", "merged_into_id",
         "updated_at"],
    )  # fmt: skip
    typed = pd.DataFrame({
        "lead": number(rows["lead_id"]),
        "contact": number(rows["contact_id"]),
        "account": number(rows["account_id"]),
        "owner": number(rows["owner_rep_id"]),
        "lead_source": rows["lead_source"],
        "is_inquiry": truth(rows["is_inquiry"]),
        "is_by_call": rows["inquiry_channel"].isin(["call", "phone", "inbound_call", "telephony"]),
        "inquired": seconds(rows["inquiry_at"]),
        "status": rows["status"].str.lower(),
        "created": seconds(rows["created_at"]),
        "is_deleted": truth(rows["is_deleted"]),
        "merged_into": number(rows["merged_into_id"]),
        "updated": seconds(rows["updated_at"]),
    })  # fmt: skip
    typed["inquired"] = typed["inquired"].fillna(typed["created"])
    typed = typed[typed["lead"].notna() & typed["status"].notna() & typed["created"].notna()]
    return latest(typed, "lead", "updated")


def read_deals(folder: Path) -> pd.DataFrame:
    rows = read(
        folder,
        "crm/deals",
        ["deal_id", "lead_id", "contact_id", "account_id", "owner_rep_id", "stage", "amount",
         "currency", "created_at", "closed_at", "is_deleted", "merged_into_id", "updated_at"],
    )  # fmt: skip
    typed = pd.DataFrame({
        "deal": number(rows["deal_id"]),
        "lead": number(rows["lead_id"]),
        "contact": number(rows["contact_id"]),
        "account": number(rows["account_id"]),
        "owner": number(rows["owner_rep_id"]),
        "stage": rows["stage"].str.lower(),
        "money": pd.to_numeric(rows["amount"], errors="coerce"),
        "currency": rows["currency"],
        "created": seconds(rows["created_at"]),
        "said_closed": seconds(rows["closed_at"]),
        "is_deleted": truth(rows["is_deleted"]),
        "merged_into": number(rows["merged_into_id"]),
        "updated": seconds(rows["updated_at"]),
    })  # fmt: skip
    bad = (rows["amount"].notna() & typed["money"].isna()) | (typed["money"] < 0)
    good = typed["deal"].notna() & typed["stage"].notna() & typed["created"].notna() & ~bad
    return latest(typed[good], "deal", "updated")


def read_changes(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Stage changes and owner changes; repeated rows change no minimum and no maximum."""
    rows = read(folder, "crm/stage_changes", ["object_type", "object_id", "stage", "changed_at"])
    stages = pd.DataFrame({
        "object_type": rows["object_type"],
        "object": number(rows["object_id"]),
        "stage": rows["stage"].str.lower(),
        "changed": seconds(rows["changed_at"]),
    }).dropna()  # fmt: skip
    rows = read(
        folder, "crm/owner_changes", ["object_type", "object_id", "owner_rep_id", "changed_at"]
    )
    owners = pd.DataFrame({
        "object_type": rows["object_type"],
        "object": number(rows["object_id"]),
        "owner": number(rows["owner_rep_id"]),
        "changed": seconds(rows["changed_at"]),
    }).dropna()  # fmt: skip
    return stages, owners


def stage_table(kind: str) -> pd.DataFrame:
    """Native stages with their step, rank and place in the alphabet."""
    stages = pd.read_csv(REFERENCE["stages"], dtype=str).sort_values("native_stage")
    stages["code"] = np.arange(1, len(stages) + 1)
    stages = stages[stages["object_type"] == kind]
    ranks = {"lead": 0.0, "prospect": 1.0, "opportunity": 2.0, "won": 3.0}
    return pd.DataFrame({
        "stage": stages["native_stage"],
        "code": stages["code"],
        "step": stages["funnel_step"],
        "rank": stages["funnel_step"].map(ranks),
        "is_excluded": stages["is_excluded"] == "true",
    })  # fmt: skip


def events_of(kind: str, changes: pd.DataFrame, present: pd.DataFrame) -> pd.DataFrame:
    """Stage changes of known records in their order; `present`: object, now, moment."""
    stages = stage_table(kind)
    told = changes[changes["object_type"] == kind].merge(present[["object", "now"]], on="object")
    told = told.merge(stages, on="stage")
    told["is_now"] = told["stage"] == told["now"]
    untold = present[~present["object"].isin(told["object"])].merge(
        stages, left_on="now", right_on="stage"
    )
    untold = untold.assign(is_now=False, changed=untold["moment"])
    columns = ["object", "changed", "is_now", "code", "step", "rank"]
    events = pd.concat([told[columns], untold[columns]], ignore_index=True)
    events["place"] = events["changed"] * 64 + events["is_now"] * 32 + events["code"]
    events["is_lost"] = events["step"] == "lost"
    return events


def first_owners(owners: pd.DataFrame, kind: str) -> pd.Series:
    of_kind = owners[owners["object_type"] == kind]
    change = of_kind["changed"] * OWNERS + of_kind["owner"]
    return change.groupby(of_kind["object"]).min() % OWNERS


def owners_then(asked: pd.DataFrame, owners: pd.DataFrame, kind: str) -> pd.DataFrame:
    """Who owned each (object, moment): the last owner until then, else the first known."""
    met = asked.merge(owners[owners["object_type"] == kind], on="object")
    met["change"] = met["changed"] * OWNERS + met["owner"]
    met["until_then"] = met["change"].where(met["changed"] <= met["moment"])
    found = met.groupby(["object", "moment"], as_index=False).agg(
        last=("until_then", "max"), first=("change", "min")
    )
    found["owner_then"] = found["last"].fillna(found["first"]) % OWNERS
    return found[["object", "moment", "owner_then"]]
