from data_quality.expectations import Expectation
from data_quality.loading import TableContext
from data_quality.rules import build_stages_mapped


def build_expectations(context: TableContext) -> list[Expectation]:
    return [build_stages_mapped(context, "stage", "object_type")]
