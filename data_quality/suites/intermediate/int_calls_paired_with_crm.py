from data_quality.expectations import Expectation, build_conditions, build_counted
from data_quality.loading import TableContext

MOST_SECONDS = 60
LEAST_PAIRS = 20


def build_expectations(context: TableContext) -> list[Expectation]:
    return [
        build_conditions(
            "pairs_are_of_two_calls",
            context.name,
            {
                "no such activity": "activity_key not in "
                "(select activity_key from staging.stg_crm__activities where kind = 'call')",
                "no such call": "call_key not in "
                "(select call_key from intermediate.int_calls_merged_from_legs)",
            },
            says="a call of the CRM and one of the telephony log",
        ),
        build_counted(
            "clocks_agree",
            f"""
            select
                case when pairs >= {LEAST_PAIRS} and apart > {MOST_SECONDS} then 1 else 0 end
                    as failing,
                coalesce('median ' || round(apart) || ' s apart, ', '') || pairs || ' pairs'
                    as observed
            from (
                select
                    count(*) as pairs,
                    median(
                        abs(epoch(activities.started_at) - epoch(calls.started_at))
                    ) as apart
                from {context.name} as pairs
                inner join staging.stg_crm__activities as activities using (activity_key)
                inner join intermediate.int_calls_merged_from_legs as calls using (call_key)
            ) as clocks
            """,
            says=f"the clocks of CRM and telephony are at most {MOST_SECONDS} s apart",
            look=f"select * from {context.name}",
            severity="warning",
        ),
    ]
