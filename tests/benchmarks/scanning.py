"""What no contender can go below: one look at every value of the files, and one write of all.

`python -m tests.benchmarks.scanning REPORT.json FOLDER DATABASE`
"""

import sys
from pathlib import Path

import duckdb

from tests.benchmarks.measuring import Steps
from tests.benchmarks.sql_parts import ENTITIES, files_of


def main() -> None:
    """Scan, then write."""
    report, folder, database = map(Path, sys.argv[1:4])
    database.unlink(missing_ok=True)
    connection = duckdb.connect(str(database))
    connection.execute("set memory_limit = '4GiB'")
    files = {entity: [str(p) for p in files_of(folder, entity)] for entity in ENTITIES}
    measured = Steps()
    with measured.step("scan"):
        for paths in files.values():
            # A hash looks at each value; a count alone would read little of a column.
            connection.execute(
                "select count(*), bit_xor(hash(columns(*))) from read_parquet($paths)",
                {"paths": paths},
            ).fetchall()
    with measured.step("write"):
        for entity, paths in files.items():
            connection.execute(
                f"create table {entity.replace('/', '_')} as select * from read_parquet($paths)",
                {"paths": paths},
            )
        connection.execute("checkpoint")
    connection.close()
    measured.write(report)


if __name__ == "__main__":
    main()
