"""Names of nobody: made up for this company."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from orchestration.connectors.demo import text
from orchestration.connectors.demo.draws import Ints, hashed, whole

FIRST_NAMES = (
    "Arlen", "Brisa", "Corvin", "Delpha", "Elowen", "Fenris", "Galena", "Hesper", "Iolan", "Jorun",
    "Kestra", "Lorcan", "Mirela", "Nolwen", "Orsina", "Perrin", "Quilla", "Rovan", "Sabela",
    "Torvin", "Ulrika", "Vesna", "Wystan", "Zorah",
)  # fmt: skip
LAST_NAMES = (
    "Ashgrove", "Bellmark", "Corwick", "Dunharrow", "Eastmere", "Farrowby", "Glenstow", "Hartwold",
    "Inglethorpe", "Kelderson", "Larchwood", "Merrowdale", "Northgale", "Oakhollow", "Penharrow",
    "Quenby", "Ravensmoor", "Silverbeck", "Thornwick", "Underhay",
)  # fmt: skip
TRADES = ("Logistics", "Foods", "Tools", "Clinics", "Optics", "Textiles", "Energy", "Studios")
INDUSTRIES = (
    "logistics",
    "retail",
    "manufacturing",
    "health",
    "education",
    "construction",
    "media",
)


def name_parts(keys: Ints) -> tuple[pa.Array, pa.Array]:
    """(first, last) name for each key."""
    first = whole(hashed(keys, 51) * len(FIRST_NAMES))
    last = whole(hashed(keys, 52) * len(LAST_NAMES))
    return (
        text.pick(FIRST_NAMES, first).cast(pa.string()),
        text.pick(LAST_NAMES, last).cast(pa.string()),
    )


def rep_names(reps: Ints) -> tuple[pa.Array, pa.Array]:
    """(first, last) name; no two of 400 reps share both. Null where the number is negative."""
    last = (reps * 7 + reps // len(FIRST_NAMES)) % len(LAST_NAMES)
    return (
        text.pick(FIRST_NAMES, np.where(reps < 0, -1, reps % len(FIRST_NAMES))).cast(pa.string()),
        text.pick(LAST_NAMES, np.where(reps < 0, -1, last)).cast(pa.string()),
    )


def rep_emails(reps: Ints) -> pa.Array:
    """`first.last@touchline.example`; null where the number is negative."""
    known = np.arange(int(reps.max(initial=0)) + 1)
    first, last = (pc.utf8_lower(part) for part in rep_names(known))
    dotted = pc.binary_join_element_wise(first, last, ".")
    full = pc.binary_join_element_wise(dotted, "touchline.example", "@")
    return text.pick(full.to_pylist(), reps)
