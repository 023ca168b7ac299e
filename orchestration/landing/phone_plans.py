"""What libphonenumber does with plain digits, as SQL, from its own metadata.

libphonenumber takes 50 microseconds a number, DuckDB half of one. Its steps, in its words: take the
country code off; take the national prefix off, unless only the whole is viable; keep that if its
length is possible; valid is what matches the pattern of some type of number of a region that has
this code. Where it rewrites numbers by a rule (`national_prefix_transform_rule`: Argentina, Brazil,
Mexico …), the queries say so (`is_certain`), and the caller asks libphonenumber itself.
"""

import re
from collections import defaultdict
from dataclasses import dataclass

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata, PhoneNumberDesc


@dataclass(frozen=True)
class Plan:
    """How the numbers of a region are made; the main region's, where several share a code."""

    metadata: PhoneMetadata

    @property
    def _lengths(self) -> tuple[int, ...]:
        return tuple(_general(self.metadata).possible_length)

    def is_viable(self, number: str) -> str:
        return f"regexp_full_match({number}, '{_general(self.metadata).national_number_pattern}')"

    def is_too_long(self, number: str) -> str:
        longer = f"strlen({number}) > {self._lengths[-1]}"
        local = _general(self.metadata).possible_length_local_only
        return f"({longer} and strlen({number}) not in {_in(local)})" if local else longer

    def has_prefix(self, number: str) -> str:
        prefix = self.metadata.national_prefix_for_parsing
        return _begins(number, prefix) if prefix else "false"

    def is_rewritten(self, number: str) -> str:
        """Whether the last group of the prefix is there: then a rule makes another number of it."""
        prefix = self.metadata.national_prefix_for_parsing
        if not prefix or not self.metadata.national_prefix_transform_rule:
            return "false"
        last = re.compile(prefix).groups
        return f"regexp_extract({number}, '^(?:{prefix})', {last}) <> ''"

    def without_prefix(self, number: str) -> str:
        prefix = self.metadata.national_prefix_for_parsing
        if not prefix:
            return number
        rest = _behind(number, prefix)
        return (
            f"case when {self.has_prefix(number)} "
            f"and not ({self.is_viable(number)} and not {self.is_viable(rest)}) "
            f"then {rest} else {number} end"
        )

    def kept(self, bare: str, number: str) -> str:
        """Without its prefix, unless that makes it too short."""
        fits = f"strlen({bare}) in {_in(self._lengths)} or {self.is_too_long(bare)}"
        return f"case when {fits} then {bare} else {number} end"


def main_plan(code: int) -> Plan:
    """Of the region that a country code is parsed by."""
    region = COUNTRY_CODE_TO_REGION_CODE[code][0]
    metadata = PhoneMetadata.metadata_for_region_or_calling_code(code, region)
    assert metadata is not None
    return Plan(metadata)


def region_plan(region: str) -> Plan | None:
    metadata = PhoneMetadata.metadata_for_region(region, None)
    return Plan(metadata) if metadata is not None else None


def is_valid(code: int, number: str) -> str:
    """Whether it is a number of the first region that it can be of."""
    regions = COUNTRY_CODE_TO_REGION_CODE[code]
    branches = []
    for region in regions:
        metadata = PhoneMetadata.metadata_for_region_or_calling_code(code, region)
        assert metadata is not None
        has_type = _has_type(metadata, number)
        if len(regions) > 1 and metadata.leading_digits is not None:
            leads = f"regexp_matches({number}, '^(?:{metadata.leading_digits})')"
            branches.append(f"when {leads} then {has_type}")
        else:
            branches.append(f"when {has_type} then true")
    return f"(case {' '.join(branches)} else false end)"


def _general(metadata: PhoneMetadata) -> PhoneNumberDesc:
    assert metadata.general_desc is not None
    return metadata.general_desc


def _has_type(metadata: PhoneMetadata, number: str) -> str:
    kinds = [
        metadata.fixed_line,
        None if metadata.same_mobile_and_fixed_line_pattern else metadata.mobile,
        metadata.premium_rate,
        metadata.toll_free,
        metadata.shared_cost,
        metadata.voip,
        metadata.personal_number,
        metadata.pager,
        metadata.uan,
        metadata.voicemail,
    ]
    of_length: dict[tuple[int, ...], list[str]] = defaultdict(list)
    for kind in kinds:
        if kind is not None and kind.national_number_pattern:
            of_length[tuple(kind.possible_length)].append(kind.national_number_pattern)
    matches = [_matches(lengths, patterns, number) for lengths, patterns in of_length.items()]
    if not matches:
        return "false"
    general = _general(metadata)
    is_general = _matches(
        tuple(general.possible_length), [general.national_number_pattern or ""], number
    )
    return f"({is_general} and ({' or '.join(matches)}))"


def _matches(lengths: tuple[int, ...], patterns: list[str], number: str) -> str:
    if not any(patterns):
        return "false"
    pattern = "|".join(f"(?:{pattern})" for pattern in patterns)
    fits = f"strlen({number}) in {_in(lengths)} and " if lengths else ""
    return f"({fits}regexp_full_match({number}, '{pattern}'))"


def _in(lengths: tuple[int, ...]) -> str:
    return "(" + ", ".join(map(str, lengths)) + ")"


def country_code(digits: str) -> str:
    """The code that `digits` begin with; null where it is none."""
    of_length: dict[int, list[str]] = defaultdict(list)
    for code in map(str, COUNTRY_CODE_TO_REGION_CODE):
        of_length[len(code)].append(f"'{code}'")
    branches = " ".join(
        f"when left({digits}, {length}) in ({', '.join(codes)}) then left({digits}, {length})"
        for length, codes in sorted(of_length.items())
    )
    return f"case {branches} end"


def without_international_prefix(region: Plan, digits: str) -> str:
    """What follows the region's prefix for calls abroad; null where it is not there."""
    prefix = region.metadata.international_prefix
    if not prefix:
        return "cast(null as varchar)"
    rest = _behind(digits, prefix)
    return f"case when {_begins(digits, prefix)} and not starts_with({rest}, '0') then {rest} end"


def _begins(digits: str, pattern: str) -> str:
    if pattern.isdigit():
        return f"starts_with({digits}, '{pattern}')"
    return f"regexp_matches({digits}, '^(?:{pattern})')"


def _behind(digits: str, pattern: str) -> str:
    if pattern.isdigit():
        return f"substr({digits}, {len(pattern) + 1})"
    return f"regexp_replace({digits}, '^(?:{pattern})', '')"


def international_query(code: int, source: str) -> str:
    """`source` with `e164` (null: no valid number) of its `abroad`, which begins with `code`."""
    plan = main_plan(code)
    return _in_steps(
        source,
        number=f"substr(abroad, {len(str(code)) + 1})",
        is_certain=f"not {plan.is_rewritten('number')}",
        bare=plan.without_prefix("number"),
        kept=plan.kept("bare", "number"),
        e164=_e164(code, "kept"),
    )


def national_query(region: Plan, source: str) -> str:
    """`source` with `e164` of its `digits`, as they are dialled in the region."""
    code = int(region.metadata.country_code or 0)
    main = main_plan(code)
    has_code = (
        f"(not {region.is_viable('digits')} and {region.is_viable('bare_behind_code')}) "
        f"or {region.is_too_long('digits')}"
    )
    rewritten = [
        region.is_rewritten("behind_code"),
        region.is_rewritten("number"),
        main.is_rewritten("number"),
    ]

    def by_plan(of_main: str, of_region: str) -> str:
        """With its code, a number is of the main region's plan."""
        same = of_main == of_region
        return of_main if same else f"case when has_code then {of_main} else {of_region} end"

    return _in_steps(
        source,
        behind_code=(
            f"case when starts_with(digits, '{code}') then substr(digits, {len(str(code)) + 1}) end"
        ),
        bare_behind_code=region.without_prefix("behind_code"),
        has_code=f"behind_code is not null and ({has_code})",
        number="case when has_code then bare_behind_code else digits end",
        is_certain=f"not (coalesce({rewritten[0]}, false) or {rewritten[1]} or {rewritten[2]})",
        bare=by_plan(main.without_prefix("number"), region.without_prefix("number")),
        kept=by_plan(main.kept("bare", "number"), region.kept("bare", "number")),
        e164=_e164(code, "kept"),
    )


def _in_steps(source: str, **columns: str) -> str:
    """`source` with columns that build on those before them, each worked out once."""
    query = source
    for name, expression in columns.items():
        query = f"select *, {expression} as {name} from ({query})"
    return query


def _e164(code: int, number: str) -> str:
    return f"case when {is_valid(code, number)} then '+{code}' || {number} end"
