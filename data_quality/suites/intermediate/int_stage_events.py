from data_quality.expectations import Expectation, build_rows_conserved
from data_quality.loading import TableContext


def build_expectations(context: TableContext) -> list[Expectation]:
    recorded = "from staging.stg_crm__stage_changes"
    with_history = f"(select (object_type, object_id) {recorded})"
    return [
        build_rows_conserved(
            context.name,
            {
                "recorded changes": f"(select count(*) {recorded})",
                "of objects without any": f"(select count(*) from {context.name} "
                f"where (object_type, object_id) not in {with_history})",
            },
            says="each recorded change is one event; what has none gets its present stage",
        )
    ]
