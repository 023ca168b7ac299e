"""Records to which time alone does something: what the marts say of them changes with `as_of`.

Waiting inquiries are not among them: `fct_leads` lets them wait on by itself.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from orchestration.affected.links import node


def ageing_nodes(variables: Mapping[str, Any], before: datetime, as_of: datetime) -> str:
    """SQL of the nodes of those that cross a line between the two moments (UTC).

    `variables` are dbt's: the lines are drawn in dbt_project.yml, and nowhere else.
    """
    if before == as_of:
        return "select null where false"

    def crossed(moment: str, days: int) -> str:
        line = f"{moment} + interval {24 * days} hour"
        return f"{line} > '{before}'::timestamp and {line} <= '{as_of}'::timestamp"

    def local_day(moment: datetime) -> str:
        zone = variables["business_timezone"]
        return f"cast(timezone('{zone}', timezone('UTC', '{moment}'::timestamp)) as date)"

    abandoned = crossed(
        "coalesce(last_touch_at, created_at)", int(variables["abandoned_after_days"])
    )
    idle = crossed("last_step_at", int(variables["next_step_days"]))
    repriced = (
        f"cast(day as date) > {local_day(before)} and cast(day as date) <= {local_day(as_of)}"
    )
    return (
        f"select {node('lead', 'lead_id')} from marts.fct_leads "
        f"where won_at is null and lost_at is null and {abandoned} "
        f"union all select {node('deal', 'deal_id')} from marts.fct_deals "
        f"where closed_at is null and ({idle} "
        f"or coalesce(currency, '{variables['default_currency']}') in "
        f"(select upper(trim(currency)) from seeds.exchange_rates where {repriced}))"
    )
