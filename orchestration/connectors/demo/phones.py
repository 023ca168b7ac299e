"""Telephone numbers that nobody has, spelled as people spell them.

libphonenumber takes them all for valid, but none can be dialled: British and American ones come
from the ranges kept for drama (020 7946 …, 555-01xx and the rest of exchange 555), Russian ones
begin with the 0 that no local number begins with. British ones run out after 10,000, American ones
after a million: further people have Russian ones.
"""

import numpy as np
import pyarrow as pa

from orchestration.connectors.demo.draws import Bytes, Ints, hashed, hashed_choice
from orchestration.connectors.demo.text import digits, fixed

RU, US, GB = range(3)
COMPANY_NUMBERS = 2_079_460_000
"""The company's own: rep i has this plus i, the switchboard plus 999 (all +44)."""
SWITCHBOARD = COMPANY_NUMBERS + 999
STRANGERS = 4_210_000_000
"""Russian numbers (+7 421 0…) of callers whom the CRM does not know; a million of them."""

_RU_CODES = np.array(
    [495, 499, 812, 343, 383, 846, 843, 863, 861, 831, 342, 351, 381, 391, 473, 844]
)
_GB_RANGES = np.array(
    [113496, 114496, 116496, 117496, 118496, 121496, 131496, 141496, 151496, 161496]
)
_US_CODES = np.array([
    201, 202, 203, 205, 206, 207, 208, 209, 210, 212, 213, 214, 215, 216, 217, 218, 219, 224,
    225, 228, 229, 231, 234, 239, 240, 248, 251, 252, 253, 254, 256, 260, 262, 267, 269, 270,
    276, 281, 301, 302, 303, 304, 305, 307, 308, 309, 310, 312, 313, 314, 315, 316, 317, 318,
    319, 320, 321, 323, 325, 330, 334, 336, 337, 339, 347, 351, 352, 360, 361, 386, 401, 402,
    404, 405, 406, 407, 408, 409, 410, 412, 413, 414, 415, 417, 419, 423, 424, 425, 430, 432,
    434, 435, 440, 443, 458, 469, 470, 475, 478, 479,
])  # fmt: skip

_US_LOCALS = 9_899
_PLACEHOLDER = 5_555_555
"""What people type in who don't want to give a number."""

_NBSP = "\N{NO-BREAK SPACE}"
# D is the next digit of the national number (ten in all three countries).
CRM_SPELLINGS = (
    ("8 (DDD) DDD-DD-DD", "+7 DDD DDD-DD-DD", "7DDDDDDDDDD", "+7DDDDDDDDDD",
     f"+7{_NBSP}(DDD){_NBSP}DDD{_NBSP}DD{_NBSP}DD", "8DDDDDDDDDD", "8 (DDD) DDD-DD-DD доб. 12"),
    ("+1 (DDD) DDD-DDDD", "+1DDDDDDDDDD", "+1 DDD-DDD-DDDD", "+1.DDD.DDD.DDDD",
     f"+1{_NBSP}DDD{_NBSP}DDD{_NBSP}DDDD", "+1 (DDD) DDD-DDDD ext 12"),
    ("+44 DD DDDD DDDD", "+44DDDDDDDDDD", "+44 (0)DD DDDD DDDD", "0044 DD DDDD DDDD",
     f"+44{_NBSP}DDD{_NBSP}DDD{_NBSP}DDDD", "+44 DDD DDDDDDD ext 12"),
)  # fmt: skip
LOG_SPELLINGS = (
    ("+7DDDDDDDDDD", "7DDDDDDDDDD", "8DDDDDDDDDD"),
    ("+1DDDDDDDDDD", "+1DDDDDDDDDD", "+1DDDDDDDDDD"),
    ("+44DDDDDDDDDD", "+44DDDDDDDDDD", "0044DDDDDDDDDD"),
)
_CRM_WEIGHTS = (30, 22, 14, 14, 8, 7, 5)
_LOG_WEIGHTS = (80, 12, 8)


def numbers(keys: Ints, countries: Ints) -> Ints:
    """A number of its own for each key (from 0): country x 10**10 + the ten national digits."""
    country = np.where((countries == GB) & (keys >= 1_000 * len(_GB_RANGES)), RU, countries)
    country = np.where((country == US) & (keys >= _US_LOCALS * len(_US_CODES)), RU, country)
    british = _GB_RANGES[keys % len(_GB_RANGES)] * 10_000 + keys // len(_GB_RANGES) % 1_000
    local = 5_550_100 + keys // len(_US_CODES) % _US_LOCALS
    american = _US_CODES[keys % len(_US_CODES)] * 10_000_000 + local + (local >= _PLACEHOLDER)
    russian = _RU_CODES[keys % len(_RU_CODES)] * 10_000_000 + keys // len(_RU_CODES) % 1_000_000
    national = np.select([country == GB, country == US], [british, american], russian)
    return np.asarray(country * 10**10 + national)


def spelled_by_people(values: Ints, keys: Ints) -> pa.Array:
    """As it stands in a CRM: any of some twenty ways; null where the number is negative."""
    return _spelled(values, CRM_SPELLINGS, _CRM_WEIGHTS, keys)


def spelled_by_switch(values: Ints, keys: Ints) -> pa.Array:
    """As it stands in a telephone log: digits, with or without a plus."""
    return _spelled(values, LOG_SPELLINGS, _LOG_WEIGHTS, keys)


def _spelled(
    values: Ints,
    spellings: tuple[tuple[str, ...], ...],
    weights: tuple[int, ...],
    keys: Ints,
) -> pa.Array:
    country, national = np.divmod(values, 10**10)
    ways = np.array([len(of) for of in spellings])
    way = hashed_choice(keys, 21, weights)
    way = np.minimum(way, ways[np.maximum(country, 0)] - 1)
    width = max(len(form.encode()) for of in spellings for form in of)
    cells = np.zeros((len(values), width), np.uint8)
    lengths = np.zeros(len(values), np.int64)
    for code, forms in enumerate(spellings):
        for number, form in enumerate(forms):
            rows = np.flatnonzero((country == code) & (way == number) & (values >= 0))
            written = _filled(form.encode(), digits(national[rows], 3)[:, 2:])
            cells[rows, : written.shape[1]] = written
            lengths[rows] = written.shape[1]
    return fixed(cells, values >= 0, lengths)


def _filled(form: bytes, national: Bytes) -> Bytes:
    template = np.frombuffer(form, np.uint8)
    cells = np.tile(template, (len(national), 1))
    # "D" occurs in a form only as the place of a digit.
    cells[:, template == ord("D")] = national
    return cells


def withheld(keys: Ints) -> Ints:
    """How a withheld number is logged: a code of ANONYMOUS."""
    return (hashed(keys, 23) * len(ANONYMOUS)).astype(np.int64)


ANONYMOUS = ("anonymous", "restricted", "Unknown", "Anonymous")
