from data_quality.expectations import Expectation, build_conditions
from data_quality.loading import TableContext


def build_expectations(context: TableContext) -> list[Expectation]:
    return [
        build_conditions(
            "curve_falls",
            "(select *, lag(still_waiting, 1, 1.0) over "
            "(partition by scope, scope_value order by hours) as waited_before "
            f"from {context.name})",
            {
                "outside of 0 to 1": "still_waiting < 0 or still_waiting > 1",
                "rises": "still_waiting > waited_before + 1e-9",
                "more answered than waited": "responded > at_risk",
                "negative hours": "hours < 0",
            },
            says="the share that still waits is between 0 and 1 and never rises",
        ),
    ]
