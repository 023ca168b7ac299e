"""Text -> typed rows, good from bad, the latest of each key: one generated SQL an entity.

All that is known of an entity stands in the contract; nothing here names one.
"""

from collections.abc import Iterator

import duckdb

from orchestration.landing.contract import Column, Entity, load_contract
from orchestration.landing.reading import INCOMING

CONFORMED = "conformed"
"""The temporary table: typed columns, where each row came from, its `problem`, the `record`."""

# A cast to timestamptz reads a naive time in the session's zone; make_timestamp(epoch_us()) is the
# same moment in UTC, three times as fast as `at time zone`. What the cast refuses is tried again
# without seconds, with a bare offset, as basic format or as an epoch; `coalesce` pays only then.
MACROS = r"""
create or replace temp macro iso_repaired(x) as regexp_replace(
    regexp_replace(
        trim(x), '^(\d{4})-?(\d{2})-?(\d{2})[T ](\d{2}):?(\d{2})(?::?(\d{2}(?:[.,]\d+)?))?\s*(.*)$',
        '\1-\2-\3 \4:\5:0\6\7'
    ), ':0(\d{2}.*)$', ':\1'
);
create or replace temp macro epoch_moment(x) as case
    when regexp_matches(x, '^\d{10}(\.\d+)?$') then to_timestamp(cast(x as double))
    when regexp_matches(x, '^\d{13}$') then to_timestamp(cast(x as double) / 1000)
end;
create or replace temp macro to_moment(x) as make_timestamp(epoch_us(coalesce(
    try_cast(x as timestamptz), try_cast(iso_repaired(x) as timestamptz), epoch_moment(trim(x))
)));
create or replace temp macro is_never(x) as
    x = timestamp '1970-01-01' or x < timestamp '1753-01-01' or x >= timestamp '2999-01-01';
create or replace temp macro is_never_text(x) as regexp_matches(x, '^0000-00-00|^0001-01-01');
create or replace temp macro plain_number(x) as case
    when regexp_matches(x, '^-?\d+,\d{1,2}$') then replace(x, ',', '.')
    when regexp_matches(x, '^-?\d{1,3}(,\d{3})+(\.\d+)?$') then replace(x, ',', '')
    else x
end;
create or replace temp macro number_text(x) as
    plain_number(regexp_replace(x, '[\s\x{00A0}\x{202F}'']', '', 'g'));
create or replace temp macro is_no_number(x) as lower(x) in ('nan', 'inf', '-inf', 'infinity');
create or replace temp macro to_truth(x) as case
    when lower(x) in ('true', 't', '1', 'yes', 'y') then true
    when lower(x) in ('false', 'f', '0', 'no', 'n') then false
end;
"""


def conform(
    connection: duckdb.DuckDBPyConnection, entity: Entity, connector: str, time_zone: str
) -> None:
    """INCOMING -> CONFORMED; a row whose `problem` is filled broke that rule.

    Raises duckdb.Error where `time_zone` is none that DuckDB knows.
    """
    connection.execute(MACROS)
    connection.execute(f"set timezone = '{time_zone}'")
    try:
        connection.execute(
            f"create or replace temp table {CONFORMED} as {_query(entity)}",
            {"connector": connector},
        )
    finally:
        connection.execute("set timezone = 'UTC'")


def _query(entity: Entity) -> str:
    names = [column.name for column in entity.columns]
    cleaned = ",\n".join(f"nullif(trim({name}), '') as {name}__text" for name in names)
    typed = ",\n".join(f"{_typed(column)} as {column.name}" for column in entity.columns)
    kept = ",\n".join(_kept(column) for column in entity.columns)
    record = ", ".join(f"'{name}': {name}__text" for name in names)
    return f"""
        with cleaned as (
            select {cleaned}, _file, _line, _is_replayed from {INCOMING}
        ),
        typed as (
            select *, {typed} from cleaned
        ),
        judged as (
            select *, coalesce({", ".join(_problems(entity))}) as problem from typed
        )
        select
            {kept},
            $connector as _connector,
            _file,
            _line,
            _is_replayed,
            problem,
            case when problem is not null then cast(to_json({{{record}}}) as varchar) end as record
        from judged
    """


def _typed(column: Column) -> str:
    text = f"{column.name}__text"
    match column.kind:
        case "id":
            return f"$connector || ':' || {text}"
        case "time":
            return f"to_moment({text})"
        case "date":
            return f"coalesce(try_cast({text} as date), cast(to_moment({text}) as date))"
        case "boolean":
            return f"to_truth({text})"
        case "number":
            return (
                f"coalesce(try_cast({text} as {column.data_type}), "
                f"try_cast(number_text({text}) as {column.data_type}))"
            )
        case _:
            return f"lower({text})" if column.values else text


def _kept(column: Column) -> str:
    """The typed value; a time that only says «never» is none."""
    if column.kind == "time":
        return f"case when not is_never({column.name}) then {column.name} end as {column.name}"
    return column.name


def _problems(entity: Entity) -> Iterator[str]:
    """One SQL expression a rule, the rule's name or null; the first that is filled is told."""
    for column in entity.columns:
        if column.required:
            rule = f"no_key:{column.name}" if column.key else f"empty:{column.name}"
            yield f"case when {column.name}__text is null then '{rule}' end"
    for column in entity.columns:
        yield from _value_problems(column)
    for rule, condition in entity.broken_if:
        yield f"case when {condition} then '{rule}' end"
    for column in entity.columns:
        if column.reference_needed:
            yield _reference_problem(column)


def _value_problems(column: Column) -> Iterator[str]:
    text, name = f"{column.name}__text", column.name
    bad = f"{text} is not null and {name} is null"
    match column.kind:
        case "time":
            yield f"case when {bad} and not is_never_text({text}) then 'bad_time:{name}' end"
            yield from _moment_problems(column)
        case "date":
            yield f"case when {bad} and not is_never_text({text}) then 'bad_date:{name}' end"
        case "number":
            yield f"case when {bad} and not is_no_number({text}) then 'bad_number:{name}' end"
            if column.not_negative:
                yield f"case when {name} < 0 then 'negative:{name}' end"
        case "boolean":
            yield f"case when {bad} then 'bad_boolean:{name}' end"
        case _ if column.values:
            allowed = ", ".join(f"'{value}'" for value in column.values)
            yield f"case when {name} not in ({allowed}) then 'unknown_value:{name}' end"


def _moment_problems(column: Column) -> Iterator[str]:
    text, name = f"{column.name}__text", column.name
    if column.required:
        never = f"is_never({name}) or is_never_text({text})"
        yield f"case when {never} then 'empty:{name}' end"
    if column.event_time and not column.may_be_future:
        # A clock gone wrong must not move `as_of`. It comes right by itself: quarantine is judged
        # again every night.
        ahead = f"{name} > make_timestamp(epoch_us(now())) + interval 1 day"
        yield f"case when {ahead} and not is_never({name}) then 'in_the_future:{name}' end"


def _reference_problem(column: Column) -> str:
    """A reference to nothing where one is needed; its targets have landed before."""
    target = column.references or ""
    names = (
        {"object_type = 'lead' and": "crm/leads", "object_type = 'deal' and": "crm/deals"}
        if target == "object"
        else {"": target}
    )
    contract = load_contract()
    known = " or ".join(
        f"{condition} {column.name} in (select {contract[name].key[0]} from {contract[name].table})"
        for condition, name in names.items()
    )
    return f"case when not coalesce({known}, false) then 'missing_reference:{column.name}' end"
