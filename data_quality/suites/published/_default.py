"""What people and tools get: nobody's phone, e-mail or name in it, and all that was built."""

from data_quality.expectations import (
    Expectation,
    Pattern,
    build_conditions,
    build_counted,
    build_patterns,
    build_rows_conserved,
)
from data_quality.loading import TableContext

# Neither of the two is a full grammar: each finds what a person would read as one.
EMAIL = r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+\.[A-Za-z]{2,}"
PHONE = r"\+[1-9][0-9]{9,14}([^0-9]|$)"
PERSONAL_NAMES = ("phone", "email", "e164", "full_name", "customer_name", "contact_name", "address")
REPS = "dim_reps"
"""The reps are the department's own people, and stand by their names."""


def build_expectations(context: TableContext) -> list[Expectation]:
    built = f"other.{context.name}"
    return [
        *([] if context.allow_personal_data else _build_impersonal(context)),
        *(
            [
                build_rows_conserved(
                    context.name,
                    {"the marts file has": f"(select count(*) from {built})"},
                    says="as many rows as were built",
                )
            ]
            if built in context.tables
            else []
        ),
        *([_build_measured(context)] if context.table.startswith("kpi_") else []),
    ]


def _build_impersonal(context: TableContext) -> list[Expectation]:
    texts = context.columns_of("VARCHAR")
    personal = [
        column
        for column in texts
        if any(name in column for name in PERSONAL_NAMES) and context.table != REPS
    ]
    # A rep's id may be an e-mail, and is a customer's in no column.
    reps = f"marts.{REPS}"
    rep_ids = f"select rep_id from {reps}" if reps in context.tables else "select ''"
    return [
        build_counted(
            "no_column_is_personal",
            f"select {len(personal)} as failing, '{', '.join(personal) or 'none'}' as observed",
            says="no column is for names, phones or e-mails of customers",
            look=f"describe {context.name}",
        ),
        *(
            [
                build_patterns(
                    "no_text_is_personal",
                    context.name,
                    texts,
                    {"e-mails": Pattern(EMAIL, "@"), "phones": Pattern(PHONE, "+")},
                    rows=context.rows,
                    exempt=rep_ids,
                    says="no text has an e-mail or a phone number in it",
                )
            ]
            if texts
            else []
        ),
    ]


def _build_measured(context: TableContext) -> Expectation:
    """A KPI without rows is a company without such events; rows without a figure are a fault."""
    keys = {"period_grain", "period_start", "scope", "scope_value", "scope_label", "kpi", "measure"}
    measures = [column for column in context.columns if column not in keys]
    empty = " and ".join(f"{column} is null" for column in measures)
    return build_conditions(
        "figures_are_there",
        context.name,
        {"rows without any figure": empty or "false"},
        says="each row has a figure",
    )
