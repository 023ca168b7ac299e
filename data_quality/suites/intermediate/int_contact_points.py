from data_quality.expectations import Expectation, build_share
from data_quality.loading import TableContext

TOLERATED = 0.2
"""More contacts than that whom no call and no e-mail can be matched to."""


def build_expectations(context: TableContext) -> list[Expectation]:
    return [
        build_share(
            "contacts_can_be_reached",
            "intermediate.int_contacts_resolved",
            f"contact_id not in (select contact_id from {context.name})",
            among="contact_id = survivor_id",
            says="a contact has a number that can be read, or an e-mail",
            tolerated=TOLERATED,
        )
    ]
