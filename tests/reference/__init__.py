"""An independent reference of the facts and KPIs, in plain Python, by KPIS.md to the letter.

It shares no code with the project, so that two people who compute a figure apart can compare.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tests.reference.context import Context
from tests.reference.dimensions import dim_collateral, dim_customers, dim_dates, dim_reps
from tests.reference.facts import build_facts
from tests.reference.identity import Identity
from tests.reference.kpis_activity import kpi_activity, kpi_pipeline
from tests.reference.kpis_closed_deals import kpi_closed_deals
from tests.reference.kpis_collateral import kpi_collateral_items, kpi_collateral_usage
from tests.reference.kpis_completed_contacts import kpi_completed_contacts, kpi_touch_hazard
from tests.reference.kpis_contact_ratio import kpi_contact_ratio, kpi_contact_ratio_cohort
from tests.reference.kpis_funnel import kpi_funnel, kpi_rep_profile
from tests.reference.kpis_speed_to_lead import kpi_speed_to_lead, kpi_speed_to_lead_curve
from tests.reference.model import Settings
from tests.reference.periods import Frame
from tests.reference.reading import latest_moment, read_company, seen
from tests.reference.seeds import read_seeds

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

Tables = dict[str, list[dict[str, Any]]]
TABLES = (
    dim_reps,
    dim_collateral,
    dim_customers,
    dim_dates,
    kpi_contact_ratio,
    kpi_contact_ratio_cohort,
    kpi_speed_to_lead,
    kpi_speed_to_lead_curve,
    kpi_completed_contacts,
    kpi_touch_hazard,
    kpi_collateral_usage,
    kpi_collateral_items,
    kpi_closed_deals,
    kpi_funnel,
    kpi_rep_profile,
    kpi_pipeline,
    kpi_activity,
)


def compute(
    folder: Path,
    *,
    seeds: Path,
    as_of: datetime | None = None,
    connector: str = "files",
    **variables: Any,
) -> Tables:
    """Every table of MARTS.md from a drop folder, as rows with the column names of MARTS.md.

    `variables`: the vars that KPIS.md names in `code`, and those of `model.Settings`.
    """
    everything = read_company(folder, connector, variables.get("source_time_zone", "UTC"))
    moment = _naive_utc(as_of) if as_of is not None else latest_moment(everything)
    settings = Settings(as_of=moment, **variables)
    company = seen(everything, moment)
    identity = Identity(company, settings)
    facts = build_facts(Context(company, identity, read_seeds(seeds, connector), settings))
    frame = Frame(company.reps, settings)
    tables: Tables = {
        "fct_touches": _rows(facts.touches),
        "fct_leads": _rows(facts.leads),
        "fct_deals": _rows(facts.deals),
        "fct_collateral_events": _rows(facts.collateral_events),
    }
    for table in TABLES:
        tables[table.__name__] = table(facts, frame)
    return tables


def _naive_utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def _rows(facts: Sequence[Any]) -> list[dict[str, Any]]:
    return [asdict(fact) for fact in facts]
