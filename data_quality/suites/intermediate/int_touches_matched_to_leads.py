from data_quality.expectations import Expectation, build_share
from data_quality.loading import TableContext
from data_quality.rules import build_same_rows

TOLERATED = 0.2
"""More touches of nobody's lead than that: contacts lack numbers, or the log is another firm's."""


def build_expectations(context: TableContext) -> list[Expectation]:
    return [
        build_same_rows(context, "intermediate.int_touches_unioned"),
        build_share(
            "touches_have_a_lead",
            context.name,
            "lead_id is null",
            among="own_exclusion_reason is null",
            says="a touch belongs to a lead",
            tolerated=TOLERATED,
        ),
    ]
