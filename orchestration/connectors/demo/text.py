"""Columns of text, made of fixed-width bytes: some ten million cells a second.

LANDING.md's contract is text, as a CSV would hold it, so every number and time is spelled out here.
"""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from orchestration.connectors.demo.draws import (
    DAY,
    NEVER,
    Bools,
    Bytes,
    Floats,
    Ints,
    hashed_choice,
)

_QUADS = np.frombuffer("".join(f"{i:04d}" for i in range(10_000)).encode(), np.uint32)
_CLOCK = np.frombuffer(
    "".join(f"T{s // 3600:02d}:{s // 60 % 60:02d}:{s % 60:02d}" for s in range(DAY)).encode(),
    np.uint8,
).reshape(DAY, 9)
_PLUS_3 = np.frombuffer(b"+03:00", np.uint8)


def digits(values: Ints, quads: int) -> Bytes:
    """Zero-padded decimal digits: row x (4 x quads) bytes."""
    out = np.empty((len(values), quads), np.uint32)
    rest = values
    for place in range(quads - 1, -1, -1):
        rest, quad = np.divmod(rest, 10_000)
        out[:, place] = _QUADS[quad]
    return out.view(np.uint8).reshape(len(values), 4 * quads)


def fixed(cells: Bytes, valid: Bools | None = None, lengths: Ints | None = None) -> pa.Array:
    """Text from rows of bytes, of which the first `lengths` count."""
    rows, width = cells.shape
    ends = np.zeros(rows + 1, np.int32)
    if lengths is None:
        ends[1:] = np.arange(1, rows + 1, dtype=np.int64) * width
        data = np.ascontiguousarray(cells)
    else:
        ends[1:] = np.cumsum(lengths)
        data = cells[np.arange(width) < lengths[:, None]]
    mask = None if valid is None else pa.py_buffer(np.packbits(valid, bitorder="little"))
    return pa.StringArray.from_buffers(
        rows, pa.py_buffer(ends), pa.py_buffer(data), mask, -1 if mask is not None else 0
    )


def ids(prefix: str, numbers: Ints, quads: int = 3) -> pa.Array:
    """`L000000012340`; null where the number is negative."""
    cells = np.empty((len(numbers), len(prefix) + 4 * quads), np.uint8)
    cells[:, : len(prefix)] = np.frombuffer(prefix.encode(), np.uint8)
    valid = numbers >= 0
    cells[:, len(prefix) :] = digits(np.where(valid, numbers, 0), quads)
    return fixed(cells, None if valid.all() else valid)


def times(seconds: Ints, keys: Ints) -> pa.Array:
    """ISO 8601: most with `Z`, some with `+03:00`, some naive (UTC); null where NEVER.

    A CRM that was moved between servers has all three, in one column.
    """
    valid = seconds < NEVER
    form = hashed_choice(keys, 11, (70, 18, 12))
    shown = np.where(valid, seconds + 3 * 3_600 * (form == 1), 0)
    day, second = np.divmod(shown, DAY)
    cells = np.empty((len(seconds), 25), np.uint8)
    cells[:, :10] = _dates(day)
    cells[:, 10:19] = _CLOCK[second]
    cells[:, 19] = ord("Z")
    cells[form == 1, 19:] = _PLUS_3
    lengths = np.array([20, 25, 19])[form]
    lengths = np.where(valid, lengths, 0)
    return fixed(cells, None if valid.all() else valid, lengths)


def dates(days: Ints) -> pa.Array:
    """`2026-06-30`; null where NEVER."""
    valid = days < NEVER
    return fixed(_dates(np.where(valid, days, 0)), valid)


def _dates(days: Ints) -> Bytes:
    if not len(days):
        return np.empty((0, 10), np.uint8)
    known = days[days > 0] if (days > 0).any() else days
    low, high = int(known.min()), int(known.max())
    spelled = np.arange(low, high + 1).astype("datetime64[D]").astype("S10")
    table = np.frombuffer(spelled.tobytes(), np.uint8).reshape(-1, 10)
    return table[np.clip(days - low, 0, high - low)]


def pick(words: Sequence[str], codes: Ints) -> pa.Array:
    """One of a few words; null where the code is negative."""
    indices = pa.array(codes.astype(np.int32), mask=codes < 0)
    return pa.DictionaryArray.from_arrays(indices, pa.array(words, pa.string()))


def flags(values: Bools, known: Bools | None = None) -> pa.Array:
    """`true` and `false`; null where not known."""
    codes = values.astype(np.int64)
    return pick(("false", "true"), codes if known is None else np.where(known, codes, -1))


def whole_numbers(values: Ints) -> pa.Array:
    """Decimal text; null where negative."""
    return pa.array(values, mask=values < 0).cast(pa.string())


def amounts(values: Floats) -> pa.Array:
    """`12345.60`; null where NaN."""
    known = ~np.isnan(values)
    units, cents = np.divmod(np.round(np.where(known, values, 0) * 100).astype(np.int64), 100)
    tails = [f".{cent:02d}" for cent in range(100)]
    return pc.binary_join_element_wise(
        whole_numbers(np.where(known, units, -1)), pick(tails, cents).cast(pa.string()), ""
    )


def nothing(rows: int) -> pa.Array:
    return pick(("",), np.full(rows, -1, np.int64))


def chosen(options: Sequence[pa.Array], codes: Ints) -> pa.Array:
    """The cell of one of several columns, by row; null where the code is negative."""
    rows = len(codes)
    pool = pa.concat_arrays([*options, pa.nulls(1, pa.string())])
    place = np.where(codes < 0, rows * len(options), codes * rows + np.arange(rows))
    return pool.take(pa.array(place))
