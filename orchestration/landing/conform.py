"""Text -> typed rows, good from bad: one generated SQL an entity.

All that is known of an entity stands in the contract; nothing here names one.

What costs: each function on each of some hundred million cells. So a cell is cast as it came, and
only where that fails is it cleaned and repaired; the rules are one condition a row, and which of
them was broken is asked only of rows that broke one. DuckDB evaluates a branch of a `case` for the
rows that take it; but what stands in two places outside of one, it computes for all.
"""

import hashlib
from collections.abc import Iterator, Sequence

import duckdb

from orchestration.landing.contract import Column, Entity, load_contract
from orchestration.landing.headers import quoted
from orchestration.landing.references import Known, look_up_all, look_up_references

# A cast to timestamptz reads a naive time in the session's zone; make_timestamp(epoch_us()) is the
# same moment in UTC, three times as fast as `at time zone`. What the cast refuses is tried again
# without seconds, with a bare offset, as basic format or as an epoch.
MACROS = r"""
create or replace temp macro to_text(x) as case
    when x is not null and (x < '!' or suffix(x, ' ') or strlen(x) <> length(x))
        then nullif(trim(x), '')
    else x
end;
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
create or replace temp macro repaired_moment(x) as coalesce(
    try_cast(x as timestamptz), try_cast(iso_repaired(x) as timestamptz), epoch_moment(trim(x))
);
create or replace temp macro utc(x) as make_timestamp(epoch_us(x));
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

CONFORMED = "conformed"
"""The temporary table: typed columns, where each row came from, its `problem`, the `record`."""
STAGED = "raw.arriving"
"""The same in the build file, packed: what a first night brings is too much for memory."""


def conform(
    connection: duckdb.DuckDBPyConnection,
    entity: Entity,
    queries: Sequence[str],
    into: str,
    *,
    connector: str,
    run_id: str,
    time_zone: str,
    is_replayed: bool = False,
) -> None:
    """Rows of text -> CONFORMED or STAGED, whichever `into` says; anew, or `is_replayed` added.

    A row whose `problem` is filled broke that rule.
    Raises duckdb.Error where `time_zone` is none that DuckDB knows.
    """
    incoming = " union all ".join(f"({query})" for query in queries)
    origin = (
        f"{quoted(connector)} as _connector, _file, _line, {quoted(run_id)} as _run_id, "
        f"{str(is_replayed).lower()} as _is_replayed"
    )
    connection.execute(MACROS)
    known = (
        look_up_all(entity)
        if into == STAGED and not is_replayed
        else look_up_references(connection, entity, incoming, connector)
    )
    query = _query(entity, incoming, quoted(connector), origin, known)
    kind = "table" if into == STAGED else "temp table"
    connection.execute(f"set timezone = {quoted(time_zone)}")
    try:
        connection.execute(
            f"insert into {into} {query}"
            if is_replayed
            else f"create or replace {kind} {into} as {query}"
        )
    finally:
        connection.execute("set timezone = 'UTC'")


def describe_rules(time_zone: str) -> str:
    """Changes whenever a row that was refused might now be taken, though it says the same."""
    queries = [
        _query(entity, "incoming", "connector", "origin", look_up_all(entity))
        for entity in load_contract().values()
    ]
    told = "\n".join([duckdb.__version__, time_zone, MACROS, *queries])
    return hashlib.sha256(told.encode()).hexdigest()


def _query(
    entity: Entity, incoming: str, connector: str, origin: str, known: Sequence[Known]
) -> str:
    cleaned = ",\n".join(part for column in entity.columns for part in _cleaned(column))
    typed = ",\n".join(f"{_typed(column, connector)} as {column.name}" for column in entity.columns)
    kept = ",\n".join(_kept(column) for column in entity.columns)
    record = ", ".join(f"'{column.name}': {_text(column)}" for column in entity.columns)
    problem = " ".join(
        f"when {condition} then '{rule}'" for rule, condition in _problems(entity, known)
    )
    found = "".join(f", {one.is_known} as {one.column}__known" for one in known)
    return f"""
        with incoming as (
            {incoming}
        ),
        cleaned as (
            select {cleaned}, _file, _line from incoming
        ),
        typed as (
            select *, {typed} from cleaned
        ),
        referred as (
            select *{found} from typed
        ),
        judged as (
            select *, case {problem} end as problem from referred
        )
        select
            {kept},
            {origin},
            problem,
            case when problem is not null then cast(to_json({{{record}}}) as varchar) end as record
        from judged
    """


def _is_text(column: Column) -> bool:
    return column.kind in ("id", "text")


def _text(column: Column) -> str:
    """The cell without spaces around; null where nothing is left."""
    return f"{column.name}__text" if _is_text(column) else f"nullif(trim({column.name}__raw), '')"


def _cleaned(column: Column) -> Iterator[str]:
    name = column.name
    if column.values:
        # The same few words: they come as a dictionary, and DuckDB trims that instead of the rows.
        yield f"nullif(trim({name}), '') as {name}__text"
    elif _is_text(column):
        yield f"to_text({name}) as {name}__text"
    else:
        kind = "timestamptz" if column.kind == "time" else column.data_type
        yield f"{name} as {name}__raw"
        yield f"try_cast({name} as {kind}) as {name}__cast"


def _typed(column: Column, connector: str) -> str:
    name, text = column.name, _text(column)
    match column.kind:
        case "id":
            return f"{connector} || ':' || {text}"
        case "time":
            return f"utc({_repaired(name, f'repaired_moment({text})')})"
        case "date":
            moment = f"cast(utc(repaired_moment({text})) as date)"
            return _repaired(name, f"coalesce(try_cast({text} as date), {moment})")
        case "boolean":
            return _repaired(name, f"to_truth({text})")
        case "number":
            kind = column.data_type
            numbers = f"try_cast({text} as {kind}), try_cast(number_text({text}) as {kind})"
            return _repaired(name, f"coalesce({numbers})")
        case _:
            return f"lower({text})" if column.values else text


def _repaired(name: str, otherwise: str) -> str:
    return (
        f"case when {name}__cast is null and {name}__raw is not null then {otherwise} "
        f"else {name}__cast end"
    )


def _kept(column: Column) -> str:
    """The typed value; a time that only says «never» is none."""
    if column.kind == "time":
        never = f"is_never({column.name})"
        return f"case when {never} then null else {column.name} end as {column.name}"
    return column.name


def _problems(entity: Entity, known: Sequence[Known]) -> Iterator[tuple[str, str]]:
    """(rule, SQL condition under which it is broken); of several, the first is told."""
    for column in entity.columns:
        if column.required:
            rule = f"no_key:{column.name}" if column.key else f"empty:{column.name}"
            is_empty = f"{_text(column)} is null"
            # What could be cast is not empty: its text is not asked for.
            yield rule, is_empty if _is_text(column) else f"{column.name} is null and {is_empty}"
    for column in entity.columns:
        yield from _value_problems(column)
    yield from entity.broken_if
    for one in known:
        yield f"missing_reference:{one.column}", f"not {one.column}__known"


def _value_problems(column: Column) -> Iterator[tuple[str, str]]:
    text, name = _text(column), column.name
    # What was null is passed over first.
    is_bad = f"{name} is null and {name}__raw is not null and {text} is not null"
    match column.kind:
        case "time":
            yield f"bad_time:{name}", f"{is_bad} and not is_never_text({text})"
            yield from _moment_problems(column)
        case "date":
            yield f"bad_date:{name}", f"{is_bad} and not is_never_text({text})"
        case "number":
            yield f"bad_number:{name}", f"{is_bad} and not is_no_number({text})"
            if column.not_negative:
                yield f"negative:{name}", f"{name} < 0"
        case "boolean":
            yield f"bad_boolean:{name}", is_bad
        case _ if column.values:
            allowed = ", ".join(f"'{value}'" for value in column.values)
            yield f"unknown_value:{name}", f"{name} not in ({allowed})"


def _moment_problems(column: Column) -> Iterator[tuple[str, str]]:
    text, name = _text(column), column.name
    if column.required:
        # Whatever says `0000-00-00` is either no time or a time that is never.
        yield f"empty:{name}", f"is_never({name}) or ({name} is null and is_never_text({text}))"
    if column.event_time and not column.may_be_future:
        # A clock gone wrong must not move `as_of`. It comes right by itself: quarantine is judged
        # again every night.
        ahead = f"{name} > make_timestamp(epoch_us(now())) + interval 1 day"
        yield f"in_the_future:{name}", f"{ahead} and not is_never({name})"
