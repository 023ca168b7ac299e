from data_quality.expectations import Expectation, build_share
from data_quality.loading import TableContext
from data_quality.rules import build_merges_end

HIGHEST_AMOUNT = 1_000_000_000
"""A thousand million, in any currency: a finger that stayed on a key."""


def build_expectations(context: TableContext) -> list[Expectation]:
    return [
        build_merges_end(context, "deal_id"),
        build_share(
            "amounts_are_believable",
            context.name,
            f"amount > {HIGHEST_AMOUNT}",
            says=f"no amount is over {HIGHEST_AMOUNT:,}",
            tolerated=0,
        ),
    ]
