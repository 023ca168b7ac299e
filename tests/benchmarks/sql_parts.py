"""What the hand-written SQL leaves to be filled in: words that stand for what every KPI repeats.

`limit/*.sql` is for two databases. What only one of them can stands between `{only duckdb}`,
`{only postgres}` and `{end}`; for PostgreSQL the rest is spelled as it wants it.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

Dialect = Literal["duckdb", "postgres"]

FOLDER = Path(__file__).parent / "limit"
PROJECT = Path(__file__).parents[2]
REFERENCE = {
    "evidence": FOLDER / "evidence.csv",
    "stages": PROJECT / "orchestration" / "connectors" / "files" / "stages.csv",
    **{
        name: PROJECT / "seeds" / f"{name}.csv"
        for name in (
            "working_hours",
            "holidays",
            "exchange_rates",
            "outcome_map",
            "phone_placeholders",
            "kpi_definitions",
            "kpi_benchmarks",
        )
    },
}
"""Small tables, as `work.seed_<name>`, all text."""

# Whose it is, as one number (work.scopes): company, team, rep, lead source.
_CELLS = {
    "company": "0",
    "team": "100000 + team",
    "rep": "200000 + coalesce(rep, 99999)",
    "lead_source": "300000 + coalesce(origin, 0)",
}
ENTITIES = (
    "crm/reps",
    "crm/accounts",
    "crm/contacts",
    "crm/leads",
    "crm/deals",
    "crm/stage_changes",
    "crm/owner_changes",
    "crm/activities",
    "crm/collateral",
    "crm/collateral_events",
    "crm/quotas",
    "telephony/calls",
)
_SCOPES = ("", "team", "rep", "origin")
_CELL = f"""case
            when grouping(team) = 0 then {_CELLS["team"]}
            when grouping(rep) = 0 then {_CELLS["rep"]}
            when grouping(origin) = 0 then {_CELLS["lead_source"]}
            else 0
        end as cell"""
_LABEL = "scopes.scope,\n    scopes.scope_value,\n    scopes.scope_label"
_WORDS = {
    "scope columns": f"pieces.period,\n        {_CELL}",
    "scope columns without period": _CELL,
    "scope label": f"periods.period_grain,\n    periods.period_start,\n    {_LABEL}",
    "scope label without period": _LABEL,
    "four scopes": "array[1, 2, 3, 4]",
    "cell of scopes.scope": f"""case scopes.scope
            when 1 then {_CELLS["company"]}
            when 2 then {_CELLS["team"]}
            when 3 then {_CELLS["rep"]}
            else {_CELLS["lead_source"]}
        end""",
    **{f"cell of '{scope}'": cell for scope, cell in _CELLS.items()},
}
_POSTGRES = (
    (r" // ", " / "),
    (r"\bunnest\(generate_series\(", "(generate_series("),
    (r"\bcreate table\b", "create unlogged table"),
    (r"\blag\(([^()]+)\) ignore nulls", r"lag(\1)"),
)


def statements(part: Path, dialect: Dialect) -> list[str]:
    """The statements of a part, as this database wants them."""
    other = "postgres" if dialect == "duckdb" else "duckdb"
    text = re.sub(r"--[^\n]*", "", part.read_text())
    text = re.sub(rf"{{only {other}}}\n.*?(?={{only|{{end}})", "", text, flags=re.DOTALL)
    text = re.sub(rf"{{(only {dialect}|end)}}\n", "", text)
    # Words stand within words.
    for _ in range(2):
        text = re.sub(r"\{([a-z][^{}]*)\}", _filled, text)
    if dialect == "postgres":
        for pattern, spelled in _POSTGRES:
            text = re.sub(pattern, spelled, text)
    return [found for found in re.split(r";\n", text) if found.strip()]


def files_of(folder: Path, entity: str) -> list[Path]:
    """An entity's files in a drop folder, in the order in which the `files` connector reads them."""
    system, name = entity.split("/")
    return sorted(
        path
        for path in (folder / system).glob(f"{name}*.parquet")
        # `collateral` begins `collateral_events` too.
        if path.stem == name or path.stem.startswith(f"{name}-")
    )


def _filled(match: re.Match[str]) -> str:
    word = " ".join(match.group(1).split())
    if word in _WORDS:
        return _WORDS[word]
    for pattern, spell in _PHRASES:
        if found := re.fullmatch(pattern, word):
            return spell(found)
    # A file's name, a struct's fields.
    return match.group(0)


def _grouped(found: re.Match[str]) -> str:
    """`by period, scope and step` -> grouping sets: one pass, whatever the scopes."""
    period = "pieces.period" if "period" in found[1] else ""
    sets = (
        "(" + ", ".join(part for part in (period, scope, found[2] or "") if part) + ")"
        for scope in _SCOPES
    )
    return f"group by grouping sets (\n        {', '.join(sets)}\n    )"


def _sums(found: re.Match[str]) -> str:
    names = found[1].split()
    return ",\n        ".join(f"cast(sum({name}) as bigint) as {name}" for name in names)


def _share(found: re.Match[str]) -> str:
    name = found[1]
    pair = ", ".join(
        side if side.startswith("(") else f"counted.{side}" for side in (found[2], found[3])
    )
    return (
        f"ratio({pair}) as {name},\n    wilson({pair}, -1) as {name}_low,\n"
        f"    wilson({pair}, 1) as {name}_high"
    )


def _id(letter: str, column: str, digits: int = 12) -> str:
    return f"'files:{letter}' || lpad(cast({column} as varchar), {digits}, '0')"


def _coded(column: str, letters: dict[int, str]) -> str:
    """A number with its kind in front of twelve digits, as the text that it was."""
    kinds = " ".join(f"when {kind} then 'files:{letter}'" for kind, letter in letters.items())
    return (
        f"case {column} // 1000000000000 {kinds} end "
        f"|| lpad(cast({column} % 1000000000000 as varchar), 12, '0')"
    )


_PHRASES: tuple[tuple[str, Callable[[re.Match[str]], str]], ...] = (
    (r"by (period) and scope()", _grouped),
    (r"by (period, scope|scope) and (\w+)", _grouped),
    (r"sums of (.+)", _sums),
    (r"share (\w+) (\w+) (\w+|\(.+\))", _share),
    (r"id ([A-Z]) (\S+)", lambda found: _id(found[1], found[2])),
    (r"rep id of (\S+)", lambda found: _id("R", found[1], 4)),
    (r"call id of (\S+)", lambda found: _coded(found[1], {1: "K", 2: "T"})),
    (r"customer id of (\S+)", lambda found: _coded(found[1], {1: "C", 2: "P", 3: "L"})),
)


def parts() -> Iterator[Path]:
    """In the order in which they run."""
    yield from sorted(FOLDER.glob("*.sql"))
