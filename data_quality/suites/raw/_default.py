"""Raw, by the contract: what must be there is there, times are sane, every row is accounted for."""

from datetime import UTC, datetime, timedelta

from data_quality.contract import Entity, load_entities
from data_quality.expectations import (
    Expectation,
    build_conditions,
    build_counted,
    build_in_range,
    build_not_null,
    build_share,
)
from data_quality.loading import TableContext

EARLIEST = 2000
"""Few systems have older rows of their own: it is a default that somebody took for a date."""
DAYS_AHEAD = 2
"""Clocks and time zones of sources differ; a day more is a clock gone wrong."""
TOLERATED_ORPHANS = 0.01
"""Records that were deleted for good leave some behind in every CRM."""
NIGHTS = 14
LEAST_NIGHTS = 3
LEAST_SHARE = 0.1
"""Of the poorest of the last nights; a week-end may well bring a tenth of a Monday."""


def build_expectations(context: TableContext) -> list[Expectation]:
    entity = load_entities().get(context.table)
    if entity is None:
        return []
    latest = datetime.now(UTC).replace(tzinfo=None, microsecond=0) + timedelta(days=DAYS_AHEAD)
    return [
        *(build_not_null(column) for column in entity.required),
        *(
            build_in_range(column, None, latest)
            for column in entity.event_times
            if column not in entity.may_be_future
        ),
        *_build_not_ancient(context, entity),
        _build_ledger(context, entity),
        _build_volume(entity),
        *(
            _build_references(context, column, load_entities(), target)
            for column, target in entity.references.items()
        ),
    ]


def _build_not_ancient(context: TableContext, entity: Entity) -> list[Expectation]:
    """A warning: unlike a future row, it moves nothing else, and stays until somebody mends it."""
    if not entity.event_times:
        return []
    return [
        build_conditions(
            "times_are_not_ancient",
            context.name,
            {column: f"{column} < timestamp '{EARLIEST}-01-01'" for column in entity.event_times},
            says=f"nothing happened before {EARLIEST}",
            severity="warning",
        )
    ]


def _build_ledger(context: TableContext, entity: Entity) -> Expectation:
    """Landing writes down what became of every row; here it is counted again."""
    return build_counted(
        "rows_are_conserved",
        f"""
        with ledger as (
            select connector, sum(rows_in) as rows_in, sum(replaced) as replaced
            from quality.loads where entity = '{entity.name}' group by connector
        ),
        kept as (
            select _connector as connector, count(*) as rows from {context.name} group by _connector
        ),
        quarantined as (
            select connector, count(*) as rows
            from quarantine.rows where entity = '{entity.name}' group by connector
        ),
        compared as (
            select
                connector,
                coalesce(ledger.rows_in, 0) as rows_in,
                coalesce(kept.rows, 0) as kept,
                coalesce(ledger.replaced, 0) as replaced,
                coalesce(quarantined.rows, 0) as quarantined
            from ledger full join kept using (connector) full join quarantined using (connector)
        ),
        lost as (
            select *, abs(rows_in - kept - replaced - quarantined) as rows from compared
        )
        select
            cast(coalesce(sum(rows), 0) as bigint) as failing,
            coalesce(
                string_agg(
                    connector || ': ' || rows_in || ' in, ' || kept || ' kept, ' || replaced
                    || ' replaced, ' || quarantined || ' in quarantine', '; ' order by connector
                ),
                'nothing came'
            ) as observed
        from lost
        """,
        says="rows in = rows kept + replaced + in quarantine, of each connector since ever",
        look=f"select * from quality.loads where entity = '{entity.name}'",
    )


def _build_volume(entity: Entity) -> Expectation:
    """A source that brought rows each night and tonight next to none is rarely just idle."""
    return build_counted(
        "volume_is_usual",
        f"""
        with nights as (
            select connector, run_id, sum(rows_in) as rows_in, max(rowid) as position
            from quality.loads where entity = '{entity.name}' group by connector, run_id
        ),
        numbered as (
            select *, row_number() over (partition by connector order by position desc) as age
            from nights
        ),
        usual as (
            select connector, count(*) as nights, min(rows_in) as least
            from numbered where age between 2 and {NIGHTS + 1} group by connector
        ),
        compared as (
            select numbered.connector, numbered.rows_in, usual.least,
                coalesce(
                    usual.nights >= {LEAST_NIGHTS}
                    and numbered.rows_in < {LEAST_SHARE} * usual.least,
                    false
                ) as is_low
            from numbered left join usual using (connector)
            where numbered.age = 1
        )
        select
            count(*) filter (where is_low) as failing,
            coalesce(
                string_agg(
                    connector || ': ' || rows_in || ' tonight'
                    || coalesce(', at least ' || least || ' on the nights before', ''),
                    '; ' order by connector
                ),
                'nothing came'
            ) as observed
        from compared
        """,
        says=f"a connector brings at least {LEAST_SHARE:.0%} of what its poorest recent night did",
        look=f"select * from quality.loads where entity = '{entity.name}'",
        severity="warning",
    )


def _build_references(
    context: TableContext, column: str, entities: dict[str, Entity], target: str
) -> Expectation:
    named = next(entity for entity in entities.values() if entity.name == target)
    return build_share(
        f"references_exist({column})",
        context.name,
        f"{column} not in (select {named.keys[0]} from raw.{named.table})",
        among=f"{column} is not null",
        says=f"{column} names a row of raw.{named.table}",
        tolerated=TOLERATED_ORPHANS,
    )
