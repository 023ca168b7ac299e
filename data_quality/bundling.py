"""Expectations of a table -> one query: a table is read once, however much is asked of its rows.

At a million rows a pass over a column costs more than all that a check does besides.
"""

from collections.abc import Sequence

from data_quality.expectations import Counted, Expectation, Scanned
from data_quality.loading import TableContext

FEW = 20
"""Of a part of the rows, so few bad ones say nothing of a share."""


def bundle(context: TableContext, expectations: Sequence[tuple[int, Expectation]]) -> str:
    """SQL that returns (place, failing, observed), a row each; the places are the caller's."""
    passes: dict[str, list[tuple[int, Scanned]]] = {}
    parts = []
    for place, expectation in expectations:
        if isinstance(expectation, Scanned):
            passes.setdefault(_rows_of(context, expectation), []).append((place, expectation))
        elif isinstance(expectation, Counted):
            parts.append(
                f"select {place} as place, cast(failing as bigint) as failing, observed "
                f"from ({expectation.sql}) as counted_{place}"
            )
    scans = []
    for number, (rows, scanned) in enumerate(passes.items()):
        scans.append(f"scan_{number} as materialized ({_scan(rows, scanned)})")
        parts += [
            f"select {place} as place, {_failing(place, context, one)} as failing, "
            f"{_observed(place, one)} as observed from scan_{number}"
            for place, one in scanned
        ]
    head = f"with {', '.join(scans)} " if scans else ""
    return head + " union all ".join(parts)


def _rows_of(context: TableContext, scanned: Scanned) -> str:
    return context.rows if scanned.relation in ("", context.name) else scanned.relation


def _scan(rows: str, scanned: Sequence[tuple[int, Scanned]]) -> str:
    """One row: for each expectation how many rows it is about, and how many meet what is bad."""
    judged, counts = [], []
    for place, one in scanned:
        among = one.among or "true"
        names = [f"bad_{place}_{number}" for number in range(len(one.bad))]
        # Unknown is not bad.
        judged += [
            f"coalesce(({among}) and ({bad}), false) as {name}"
            for name, bad in zip(names, one.bad.values(), strict=True)
        ]
        counts.append(f"count(*) filter (where {' or '.join(names) or 'false'}) as bad_{place}")
        if len(names) > 1 or one.among is None:
            counts += [f"count(*) filter (where {name}) as {name}" for name in names]
        if one.among not in (None, "true"):
            judged.append(f"({among}) as among_{place}")
            counts.append(f"count(*) filter (where among_{place}) as rows_{place}")
        else:
            counts.append(f"count(*) as rows_{place}")
    return f"select {', '.join(counts)} from (select {', '.join(judged)} from {rows} as looked_at)"


def _failing(place: int, context: TableContext, one: Scanned) -> str:
    if not one.tolerated:
        return f"bad_{place}"
    enough = f"bad_{place} > {one.tolerated} * rows_{place}"
    if context.part:
        enough += f" and bad_{place} >= {FEW}"
    return f"case when {enough} then bad_{place} else 0 end"


def _observed(place: int, one: Scanned) -> str:
    if one.among is not None:
        share = f"round(100.0 * bad_{place} / greatest(rows_{place}, 1), 2)"
        return f"bad_{place} || ' of ' || rows_{place} || ' rows (' || {share} || ' %)'"
    told = ", ".join(
        f"case when bad_{place}_{number} > 0 then '{_text(what)} ' || bad_{place}_{number} end"
        for number, what in enumerate(one.bad)
    )
    return f"coalesce(nullif(concat_ws(', ', {told}), ''), '0 rows')"


def _text(name: str) -> str:
    return name.replace("'", "''")
