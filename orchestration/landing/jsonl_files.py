"""JSON, one record a line; a line that is none is set aside with its number."""

from pathlib import Path

import duckdb

from orchestration.landing.contract import Entity
from orchestration.landing.headers import check_header, pick, quoted


def copy_jsonl(
    connection: duckdb.DuckDBPyConnection,
    entity: Entity,
    readable: Path,
    name: str,
    target: str,
    unreadable: str,
) -> None:
    """Add a file's records to `target` as text, and the lines that are none to `unreadable`."""
    # One column of whole lines: an invalid line keeps its number and is set aside.
    connection.execute(
        "create or replace temp table json_lines as "
        "select row_number() over () as line, record, json_valid(record) as is_valid "
        "from read_csv($path, delim = '\\x01', quote = '', escape = '', header = false, "
        "auto_detect = false, columns = {'record': 'varchar'}, strict_mode = true)",
        {"path": str(readable)},
    )
    connection.execute(
        f"insert into {unreadable} select $name, line, record, 'unreadable_line' "
        "from json_lines where not is_valid and trim(record) <> ''",
        {"name": name},
    )
    keys = connection.execute(
        "select distinct unnest(json_keys(record)) as key from json_lines where is_valid order by 1"
    ).fetchall()
    found = [key for (key,) in keys]
    (rows,) = connection.execute("select count(*) from json_lines where is_valid").fetchall()[0]
    if rows:
        names = check_header(found, entity, name)

        def text(position: int) -> str:
            key = found[position].replace("'", "''").replace('"', '\\"')
            value = f"json_extract(record, '$.\"{key}\"')"
            return (
                f"case when json_type({value}) = 'ARRAY' "
                f"then array_to_string(from_json({value}, '[\"VARCHAR\"]'), ';') "
                f"else {value} ->> '$' end"
            )

        connection.execute(
            f"insert into {target} select {pick(entity, names, text)}, {quoted(name)}, line "
            "from json_lines where is_valid"
        )
    connection.execute("drop table json_lines")
