from data_quality.expectations import Expectation, build_sums_equal
from data_quality.loading import TableContext
from data_quality.rules import AS_OF, build_fresh, is_computed

DAYS = 4
"""A long week-end."""


def build_expectations(context: TableContext) -> list[Expectation]:
    legs = "staging.stg_telephony__calls"
    condition = is_computed("'touch'", "touch_id")
    computed = f"{context.rows} as looked_at where {condition}"
    collapsed = f"(select coalesce(sum(messages - 1), 0) from {computed})"
    return [
        build_sums_equal(
            "touches_are_conserved",
            {
                "touches": f"(select count(*) from {computed})",
                "collapsed messages": collapsed,
            },
            {
                "activities": "(select count(*) from staging.stg_crm__activities)",
                "legs": f"(select count(*) from {legs})",
                "less collapsed legs": f"-(select count(*) - count(distinct call_id) from {legs})",
                "less pairs": "-(select count(*) from intermediate.int_calls_paired_with_crm)",
            },
            says="touches = CRM + telephony - pairs - collapsed legs and messages",
        ),
        build_fresh(context.name, "started_at", AS_OF, DAYS),
    ]
