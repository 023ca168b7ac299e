from data_quality.expectations import Expectation
from data_quality.loading import TableContext
from data_quality.rules import build_totals_conserved


def build_expectations(context: TableContext) -> list[Expectation]:
    return [
        build_totals_conserved(
            context,
            {
                outcome: f"(select count(*) from marts.fct_deals where is_{outcome} and not is_excluded)"
                for outcome in ("won", "lost")
            },
        ),
    ]
