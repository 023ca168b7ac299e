from data_quality.expectations import Expectation
from data_quality.loading import TableContext
from data_quality.rules import build_merges_end


def build_expectations(context: TableContext) -> list[Expectation]:
    return [build_merges_end(context, "lead_id")]
