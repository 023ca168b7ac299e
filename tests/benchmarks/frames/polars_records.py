"""Polars: files -> typed rows -> contacts, leads and deals as they stand. See polars_core."""

from pathlib import Path

import polars as pl

from tests.benchmarks.sql_parts import REFERENCE, files_of

CHANNELS = {"call": 1, "email": 2, "meeting": 3, "message": 4}
DIRECTIONS = {"outbound": 1, "inbound": 2, "internal": 3}
CALL_KEYS = {"K": 1_000_000_000_000, "T": 2_000_000_000_000}
BY_CALL = ["call", "phone", "inbound_call", "telephony"]


def scan(folder: Path, entity: str) -> pl.LazyFrame:
    """An entity's files, all text, in their order."""
    return pl.scan_parquet([str(path) for path in files_of(folder, entity)])


def number(column: str) -> pl.Expr:
    """`L000000000120` -> 120."""
    return pl.col(column).str.slice(1).cast(pl.Int64, strict=False)


def seconds(column: str) -> pl.Expr:
    """ISO 8601 with Z, an offset of three hours, or none -> seconds since 1970."""
    cell = pl.col(column)
    moment = cell.str.slice(0, 19).str.to_datetime("%Y-%m-%dT%H:%M:%S", strict=False)
    return moment.dt.epoch("s") - pl.when(cell.str.ends_with("+03:00")).then(10_800).otherwise(0)


def truth(column: str) -> pl.Expr:
    return (pl.col(column) == "true").fill_null(value=False)


def bad(column: str, typed: str) -> pl.Expr:
    """A cell that says something that can't be read."""
    return pl.col(column).is_not_null() & pl.col(typed).is_null()


def call_key(column: str) -> pl.Expr:
    return number(column) + pl.col(column).str.head(1).replace_strict(
        CALL_KEYS, default=None, return_dtype=pl.Int64
    )


def latest(rows: pl.DataFrame, key: str, by: str | None) -> pl.DataFrame:
    """The latest row of each key; most keys come once."""
    twice = rows[key].is_duplicated()
    again = rows.filter(twice)
    if by is not None:
        again = again.sort(by, nulls_last=False, maintain_order=True)
    return pl.concat([rows.filter(~twice), again.unique(key, keep="last", maintain_order=True)])


def phones_of(cells: pl.Series) -> pl.DataFrame:
    """Each distinct spelling once -> E.164 as a number."""
    placeholders = pl.read_csv(REFERENCE["phone_placeholders"], infer_schema=False)
    unreal = [int(cell) for cell in placeholders["e164"]]
    digits = (
        pl.col("written")
        .str.replace(r"(ext| доб)[ .]*.*$", "")
        .str.replace("(0)", "", literal=True)
        .str.replace_all(r"[^0-9]", "")
        .cast(pl.Int64, strict=False)
    )
    local = digits.is_between(80_000_000_000, 89_999_999_999)
    return (
        pl.DataFrame({"written": cells.drop_nulls().unique()})
        .with_columns(phone=pl.when(local).then(digits - 10_000_000_000).otherwise(digits))
        .filter((pl.col("phone") >= 10_000_000_000) & ~pl.col("phone").is_in(unreal))
    )


def survivors(rows: pl.DataFrame, key: str) -> pl.DataFrame:
    """Merged records and what is left of them: chains of merges to their end."""
    merges = rows.filter(pl.col("merged_into").is_in(rows[key].implode())).select(
        key, survivor="merged_into"
    )
    for _ in range(len(merges)):
        further = merges.join(
            merges.rename({"survivor": "further"}), left_on="survivor", right_on=key, how="left"
        )
        if further["further"].null_count() == len(further):
            break
        merges = further.select(key, survivor=pl.coalesce("further", "survivor"))
    return merges


def read_contacts(folder: Path) -> pl.DataFrame:
    """Every contact with the one that is left of it; its account, numbers, addresses."""
    rows = (
        scan(folder, "crm/contacts")
        .select(
            "phones",
            "updated_at",
            emails=pl.col("emails").str.to_lowercase(),
            contact=number("contact_id"),
            account=number("account_id"),
            merged_into=number("merged_into_id"),
            is_deleted=truth("is_deleted"),
            updated=seconds("updated_at"),
        )
        .filter(pl.col("contact").is_not_null() & ~bad("updated_at", "updated"))
        .drop("updated_at")
        .collect()
    )
    rows = latest(rows, "contact", "updated")
    heirs = rows.select(survivor="contact", heir_account="account", heir_is_deleted="is_deleted")
    return (
        rows.join(survivors(rows, "contact"), on="contact", how="left")
        .with_columns(pl.coalesce("survivor", "contact").alias("survivor"))
        .join(heirs, on="survivor", how="left")
        .select(
            "contact", "survivor", "phones", "emails", "updated",
            account="heir_account", is_deleted="heir_is_deleted",
        )
    )  # fmt: skip


def read_leads(folder: Path) -> pl.DataFrame:
    rows = (
        scan(folder, "crm/leads")
        .select(
            "lead_source",
            lead=number("lead_id"),
            contact=number("contact_id"),
            account=number("account_id"),
            owner=number("owner_rep_id"),
            is_inquiry=truth("is_inquiry"),
            is_by_call=pl.col("inquiry_channel").str.to_lowercase().is_in(BY_CALL),
            inquired=pl.coalesce(seconds("inquiry_at"), seconds("created_at")),
            status=pl.col("status").str.to_lowercase(),
            created=seconds("created_at"),
            is_deleted=truth("is_deleted"),
            merged_into=number("merged_into_id"),
            updated=seconds("updated_at"),
        )
        .filter(
            pl.col("lead").is_not_null()
            & pl.col("status").is_not_null()
            & pl.col("created").is_not_null()
        )
        .collect()
    )
    return latest(rows, "lead", "updated")


def read_deals(folder: Path) -> pl.DataFrame:
    rows = (
        scan(folder, "crm/deals")
        .select(
            "currency",
            "amount",
            deal=number("deal_id"),
            lead=number("lead_id"),
            contact=number("contact_id"),
            account=number("account_id"),
            owner=number("owner_rep_id"),
            stage=pl.col("stage").str.to_lowercase(),
            money=pl.col("amount").cast(pl.Float64, strict=False),
            created=seconds("created_at"),
            closed=seconds("closed_at"),
            is_deleted=truth("is_deleted"),
            merged_into=number("merged_into_id"),
            updated=seconds("updated_at"),
        )
        .filter(
            pl.col("deal").is_not_null()
            & pl.col("stage").is_not_null()
            & pl.col("created").is_not_null()
            & ~bad("amount", "money")
            & (pl.col("money").fill_null(0) >= 0)
        )
        .collect()
    )
    return latest(rows.drop("amount"), "deal", "updated")


def read_changes(folder: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Stage changes and owner changes; repeated rows change no minimum and no maximum."""
    stages = (
        scan(folder, "crm/stage_changes")
        .select(
            "object_type",
            object=number("object_id"),
            stage=pl.col("stage").str.to_lowercase(),
            changed=seconds("changed_at"),
        )
        .drop_nulls()
        .collect()
    )
    owners = (
        scan(folder, "crm/owner_changes")
        .select(
            "object_type",
            object=number("object_id"),
            owner=number("owner_rep_id"),
            changed=seconds("changed_at"),
        )
        .drop_nulls()
        .collect()
    )
    return stages, owners


def stage_table(kind: str) -> pl.DataFrame:
    """Native stages with their step, rank and place in the alphabet."""
    ranks = {"lead": 0, "prospect": 1, "opportunity": 2, "won": 3}
    return (
        pl.read_csv(REFERENCE["stages"], infer_schema=False)
        .sort("native_stage")
        .with_row_index("code", 1)
        .filter(pl.col("object_type") == kind)
        .select(
            stage="native_stage",
            code=pl.col("code").cast(pl.Int64),
            step="funnel_step",
            rank=pl.col("funnel_step").replace_strict(ranks, default=None, return_dtype=pl.Int64),
            is_excluded=pl.col("is_excluded") == "true",
        )
    )


def events_of(kind: str, changes: pl.DataFrame, present: pl.DataFrame) -> pl.DataFrame:
    """Stage changes of known records in their order; `present`: object, stage, moment."""
    stages = stage_table(kind)
    told = (
        changes.filter(pl.col("object_type") == kind)
        .join(present.select("object", now="stage"), on="object")
        .join(stages, on="stage")
        .with_columns(order=pl.col("stage") == pl.col("now"))
    )
    untold = present.join(told.select("object").unique(), on="object", how="anti").join(
        stages, on="stage"
    )
    untold = untold.with_columns(order=pl.lit(value=False), changed=pl.col("moment"))
    columns = ["object", "changed", "order", "code", "step", "rank"]
    return pl.concat([told.select(columns), untold.select(columns)]).with_columns(
        place=pl.col("changed") * 64 + pl.col("order").cast(pl.Int64) * 32 + pl.col("code"),
        is_lost=(pl.col("step") == "lost").fill_null(value=False),
    )
