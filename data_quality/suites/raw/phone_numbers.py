from data_quality.expectations import Expectation, build_share
from data_quality.loading import TableContext

TOLERATED = 0.05
"""Extensions, short numbers and typing errors; more of them says that `phone_region` is wrong."""


def build_expectations(context: TableContext) -> list[Expectation]:
    return [
        build_share(
            "phones_can_be_read",
            context.name,
            "e164 is null",
            says="a number as written can be read as one",
            tolerated=TOLERATED,
        )
    ]
