from data_quality.expectations import Expectation, build_sums_equal
from data_quality.loading import TableContext


def build_expectations(context: TableContext) -> list[Expectation]:
    matched = "(select count(*) from intermediate.int_touches_matched_to_leads)"
    return [
        build_sums_equal(
            "messages_are_conserved",
            {
                "touches": f"(select count(*) from {context.name})",
                "messages collapsed into them": "(select coalesce(sum(messages - 1), 0) "
                f"from {context.name})",
            },
            {"touches before": matched},
            says="each message is in one session, and nothing else is collapsed",
        )
    ]
