"""Reps that are other than they were: whose calls and waits are told otherwise.

Everything else that is said of a rep is joined to figures when they are made.
"""

import duckdb

from orchestration.affected.links import NUMBER, Changed, hub, node
from orchestration.landing.merging import REPLACED

_VERSIONS = f"""
    select *, true as is_now from raw.crm_reps where {{changed}}
    union all by name
    select *, false as is_now from {REPLACED}.crm_reps
"""
_POINTS = """
    select {told}, 'email' as kind, lower(email) as point from {reps} where email is not null
    union all
    select {told}, 'extension', extension from {reps} where extension is not null
    union all
    select {told}, 'phone', e164 from {reps}
    inner join raw.phone_numbers on phone = written where e164 is not null
"""
_CALLED = (("email", "lower(rep_email)"), ("extension", "extension"), ("extension", NUMBER))
"""What of a call is looked up among which points (int_call_legs)."""


def moves_a_team(connection: duckdb.DuckDBPyConnection, changed: Changed) -> bool:
    """Whether what is summed of a team's leads counts for another one now.

    A lead counts once a team, so the sums of both teams would have to be made of other leads.
    """
    found = connection.execute(
        f"""
        select 1 from sums.sum_leads_worked where rep_id in (
            select rep_id from ({_VERSIONS.format(changed=changed.rows("crm_reps"))})
            group by rep_id
            having count(distinct is_now) = 1 or count(distinct coalesce(team, '')) > 1
        ) limit 1
        """
    )
    return bool(found.fetchall())


def rep_nodes(changed: Changed) -> str:
    """SQL of the nodes of the records that hang on a rep as it is or was."""
    calls = " union all ".join(
        f"select {hub('telephony_calls')} from raw.telephony_calls "
        f"where {column} in (select point from moved where kind = '{kind}')"
        for kind, column in _CALLED
    )
    return f"""
        select * from (
            with versions as ({_VERSIONS.format(changed=changed.rows("crm_reps"))}),
            points as ({_POINTS.format(told="is_now, rep_id, is_active", reps="versions")}),
            shared as (
                select kind, point from ({_POINTS.format(told="rep_id", reps="raw.crm_reps")})
                group by kind, point having count(distinct rep_id) > 1
            ),
            -- Who is active decides only between two who have the same.
            moved as (
                select kind, point from points left join shared using (kind, point)
                group by rep_id, kind, point
                having count(distinct is_now) = 1
                    or count(shared.point) > 0 and count(distinct coalesce(is_active, true)) > 1
            ),
            moved_reps as (
                select
                    rep_id,
                    count(distinct is_now) = 1 as is_new_or_gone,
                    count(distinct coalesce(team, '')) > 1 as is_of_another_team
                from versions group by rep_id
            )
            {calls}
            union all
            select {node("e164", "point")} from moved where kind = 'phone'
            union all
            select {hub("crm_activities")} from raw.crm_activities
            where rep_id in (select rep_id from moved_reps where is_new_or_gone)
            union all
            select {node("lead", "lead_id")} from marts.fct_leads where first_owner_rep_id in (
                select rep_id from moved_reps where is_new_or_gone or is_of_another_team
            )
        )
    """
