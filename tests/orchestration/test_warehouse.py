"""What the build file promises while a night works in it."""

from pathlib import Path

import duckdb

from orchestration.warehouse import settle_rows

_NUMBERED = "select bit_xor(hash(rowid, id)) from raw.calls"


def test_rows_keep_their_numbers_once_they_have_settled(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "build.duckdb")) as connection:
        connection.execute("create schema raw")
        connection.execute("create table raw.calls as select range as id from range(600000)")
        connection.execute("create table raw.nothing (id integer)")
        connection.execute("checkpoint")
        connection.execute("delete from raw.calls where id % 10 < 6")
        unsettled = connection.execute(_NUMBERED).fetchall()
        settle_rows(connection, "raw")
        settled = connection.execute(_NUMBERED).fetchall()
        # Without it, this is what would happen in the middle of a night.
        assert settled != unsettled
        for _ in range(3):
            connection.execute("create or replace table other as select 1 as x")
            connection.execute("checkpoint")
            assert connection.execute(_NUMBERED).fetchall() == settled
