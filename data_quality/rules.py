"""Rules that several suites share, and that know this warehouse."""

from collections.abc import Mapping, Sequence

from data_quality.expectations import (
    Expectation,
    build_conditions,
    build_counted,
    build_no_rows,
    build_sums_equal,
)
from data_quality.loading import TableContext
from data_quality.results import Severity

AS_OF = "(select as_of from raw.runs order by started_at desc limit 1)"
"""The moment that tonight's models see the company at."""
_IS_ALL = "(select coalesce(scope, 'all') = 'all' from raw.runs order by started_at desc limit 1)"
# raw.affected calls records so; what stands for a row of an entity there.
_KINDS = {
    "crm_accounts": ("'account'", "account_id"),
    "crm_contacts": ("'contact'", "contact_id"),
    "crm_leads": ("'lead'", "lead_id"),
    "crm_deals": ("'deal'", "deal_id"),
    "crm_stage_changes": ("object_type", "object_id"),
    "crm_owner_changes": ("object_type", "object_id"),
    "crm_activities": ("'activity'", "activity_id"),
    "crm_collateral_events": ("'event'", "event_id"),
    "telephony_calls": ("'call'", "coalesce(linked_id, call_id)"),
}
EVENT_TIMES = (
    *("started_at", "created_at", "changed_at", "occurred_at", "first_attempt_at"),
    *("first_contact_at", "prospect_at", "opportunity_at", "won_at", "lost_at", "closed_at"),
    *("refused_at", "last_step_at", "last_sent_at", "last_touch_at", "first_won_at"),
)
SCOPES = ("company", "team", "rep", "lead_source")
MOST_TOLD = 10
"""So many names of stages or currencies fit in a line."""


def build_merges_end(context: TableContext, key: str) -> Expectation:
    """Whoever follows a chain of merges gets to the record that survived."""
    return build_no_rows(
        "merges_end",
        f"""
        with recursive merges as (
            select {key} as id, merged_into_id as next_id
            from {context.name} where merged_into_id is not null
        ),
        chains as (
            select id, next_id as reached from merges
            union
            select chains.id, merges.next_id
            from chains inner join merges on chains.reached = merges.id
            where chains.reached <> chains.id
        )
        select id from chains where reached = id
        """,
        "no record was merged into itself, over others or at once",
    )


def is_computed(kind: str, key: str) -> str:
    """SQL condition: the night computed this row; a normal night leaves most as they were."""
    known = f"(select id from raw.affected where kind = {kind})"
    return f"({_IS_ALL} or cast({key} as varchar) in {known})"


def is_computed_of(entity: str) -> str:
    """The same, of a table of raw by the contract."""
    return is_computed(*_KINDS[entity]) if entity in _KINDS else "true"


def build_same_rows(context: TableContext, source: str, among: str = "true") -> Expectation:
    """A model that adds columns keeps every row of its source, and doubles none.

    `among` says which rows of the model are meant, where the source has only what was computed.
    """
    rows = f"(select count(*) from {context.rows} as looked_at where {among})"
    return build_sums_equal(
        "rows_are_conserved",
        {f"{context.name} has": rows},
        {f"{source} has": f"(select count(*) from {source})"},
        says=f"as many rows as {source}",
    )


def build_seen_as_of(context: TableContext, columns: Sequence[str]) -> list[Expectation]:
    """Of `columns` (times of events), those that the table has: none after the night's moment."""
    times = context.columns_of("TIMESTAMP")
    present = [column for column in columns if column in times]
    if not present:
        return []
    return [
        build_conditions(
            "nothing_is_seen_after_as_of",
            context.name,
            {column: f"{column} > {AS_OF}" for column in present},
            says="what happens after the moment that the marts describe is not seen",
        )
    ]


def build_fresh(
    table: str, column: str, as_of: str, days: int, *, severity: Severity = "warning"
) -> Expectation:
    """The latest `column` is at most `days` older than `as_of` (SQL); no rows are not judged."""
    return build_counted(
        f"is_fresh({column})",
        f"""
        select
            case when latest < as_of - interval {days} day then 1 else 0 end as failing,
            coalesce(
                'latest ' || strftime(latest, '%Y-%m-%d %H:%M') || ', as of '
                || strftime(as_of, '%Y-%m-%d %H:%M'),
                'no rows'
            ) as observed
        from (select (select max({column}) from {table}) as latest, {as_of} as as_of) as moments
        """,
        says=f"the latest {column} is at most {days} days old",
        look=f"select max({column}) from {table}",
        severity=severity,
    )


def build_not_collapsed(table: str, other: str, least: float) -> Expectation:
    """`table` has at least the share `least` of the rows of `other`, an earlier state of it."""
    return build_counted(
        "rows_did_not_collapse",
        f"""
        select
            case when rows < {least} * rows_before then rows_before - rows else 0 end as failing,
            rows || ' rows, ' || rows_before || ' in the release in force' as observed
        from (
            select
                (select count(*) from {table}) as rows,
                (select count(*) from {other}) as rows_before
        ) as counted
        """,
        says=f"there are at least {least:.0%} of the rows of the release in force",
        look=f"select count(*) from {table}",
        severity="warning",
    )


def build_shares_in_range(context: TableContext) -> list[Expectation]:
    """Shares and rates, by their names (MARTS.md): between 0 and 1, and inside their interval."""
    shares = [column for column in context.columns_of("DOUBLE", "DECIMAL") if _is_share(column)]
    bad = {column: f"{column} < 0 or {column} > 1" for column in shares}
    for column in shares:
        if {f"{column}_low", f"{column}_high"} <= set(shares):
            bad[f"{column} outside its interval"] = (
                f"{column} < {column}_low - 1e-9 or {column} > {column}_high + 1e-9"
            )
    if not bad:
        return []
    return [
        build_conditions(
            "shares_are_shares",
            context.name,
            bad,
            says="a share is between 0 and 1, in its interval",
        )
    ]


def _is_share(column: str) -> bool:
    named = column.removesuffix("_low").removesuffix("_high")
    return named.startswith(("share_", "chance_")) or named == "conversion" or "_rate" in named


def build_totals_conserved(
    context: TableContext,
    totals: Mapping[str, str],
    *,
    scopes: Sequence[str] = SCOPES,
    among: str = "true",
) -> Expectation:
    """Each additive count, over every period grain and scope, adds up to the rows that it counts.

    `totals`: column -> SQL of what it adds up to. A day outside of every period, or a rep without
    a team, would lose rows between a fact and its KPI.
    """
    sums = ", ".join(f"cast(sum({column}) as bigint) as {column}" for column in totals)
    summed = f"select period_grain, scope, {sums} from {context.name} where {among} group by all"
    expected = ", ".join(f"{sql} as {column}" for column, sql in totals.items())
    wrong = " or ".join(f"coalesce(summed.{c}, 0) <> expected.{c}" for c in totals)
    told = " || ', ' || ".join(
        f"'{c} ' || min(coalesce(summed.{c}, 0)) || ' to ' || max(coalesce(summed.{c}, 0)) "
        f"|| ' of ' || any_value(expected.{c})"
        for c in totals
    )
    return build_counted(
        "totals_are_conserved",
        f"""
        with summed as ({summed})
        select count(*) filter (where {wrong}) as failing, {told} as observed
        from (select unnest(['week', 'month', 'quarter']) as period_grain) as grains
        cross join (select unnest({list(scopes)}) as scope) as scopes
        left join summed using (period_grain, scope)
        cross join (select {expected}) as expected
        """,
        says="every period grain and every scope adds up to the same rows of the facts",
        look=summed,
    )


def build_stages_mapped(context: TableContext, column: str, object_type: str) -> Expectation:
    """KPIS.md 2: an unmapped stage is a data-quality failure, not a guess. `object_type` is SQL."""
    unmapped = f"""
        select connector, {object_type} as object_type, {column} as native_stage
        from {context.name} as staged
        where not exists (
            select 1 from staging.stg_reference__stage_map as stage_map
            where stage_map.connector = staged.connector
                and stage_map.object_type = {object_type}
                and stage_map.native_stage = staged.{column}
        )
    """
    return build_counted(
        "stages_are_mapped",
        f"""
        select
            (select count(*) from ({unmapped}) as all_unmapped) as failing,
            coalesce(
                string_agg(
                    connector || ' ' || object_type || ' ' || native_stage || ' ' || rows, ', '
                    order by connector, object_type, native_stage
                ),
                '0 rows'
            ) as observed
        from (
            select connector, object_type, native_stage, count(*) as rows
            from ({unmapped}) as unmapped group by all
            order by rows desc limit {MOST_TOLD}
        ) as counted
        """,
        says="each native stage has a row in seeds/stage_map.csv or in its connector's stages.csv",
        look=unmapped,
    )
