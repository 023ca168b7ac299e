from data_quality.expectations import Expectation, build_share
from data_quality.loading import TableContext
from data_quality.rules import build_same_rows

TOLERATED_STRANGERS = 0.2
"""More legs than that without a rep: extensions or e-mails of the reps are missing in the CRM."""
LONGEST_TALK = 4 * 3600
TOLERATED_STUCK = 0.001


def build_expectations(context: TableContext) -> list[Expectation]:
    return [
        build_same_rows(context, "staging.stg_telephony__calls"),
        build_share(
            "legs_have_a_rep",
            context.name,
            "rep_id is null",
            among="not is_internal",
            says="a leg's extension or e-mail names a rep",
            tolerated=TOLERATED_STRANGERS,
        ),
        build_share(
            "talk_is_believable",
            context.name,
            f"talk_seconds > {LONGEST_TALK}",
            says=f"nobody talks for more than {LONGEST_TALK // 3600} hours",
            tolerated=TOLERATED_STUCK,
        ),
    ]
