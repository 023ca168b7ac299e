from data_quality.expectations import Expectation, build_rows_conserved
from data_quality.loading import TableContext


def build_expectations(context: TableContext) -> list[Expectation]:
    readable = "from raw.phone_numbers where e164 is not null"
    made_up = f"{readable} and e164 in (select e164 from seeds.phone_placeholders)"
    return [
        build_rows_conserved(
            context.name,
            {
                "numbers that could be read": f"(select count(*) {readable})",
                "less made-up ones": f"-(select count(*) {made_up})",
            },
            says="every number that could be read, but for those of seeds/phone_placeholders.csv",
        )
    ]
