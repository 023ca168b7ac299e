"""MARTS.md: names that analysts rely on. More columns may be added; none of these is renamed."""

import pytest

from tests.architecture.tree import models

PERIODS = "period_grain period_start scope scope_value scope_label"
RATIO = (
    "outreach_calls outreach_emails outreach_touches prospects new_contracts touches_per_contract "
    "prospects_per_1000_calls contracts_per_1000_calls"
)
COLUMNS = {
    "fct_touches": "touch_id source channel direction started_at ended_at talk_seconds is_completed "
    "is_automated is_excluded exclusion_reason rep_id contact_id customer_id lead_id deal_id "
    "lead_match_rule is_new_customer attempt_number contact_number hours_since_previous_touch "
    "crm_activity_id telephony_call_id",
    "fct_leads": "lead_id customer_id contact_id account_id lead_source first_owner_rep_id owner_rep_id "
    "is_inquiry created_at clock_started_at first_attempt_at first_contact_at response_status "
    "response_seconds business_response_seconds waiting_seconds prospect_at opportunity_at won_at "
    "lost_at closed_at funnel_step attempts completed_contacts contacts_to_win is_burst "
    "is_gave_up_early last_touch_at is_excluded exclusion_reason",
    "fct_deals": "deal_id lead_id customer_id owner_rep_id closing_rep_id lead_source pipeline stage "
    "funnel_step amount currency reporting_amount created_at closed_at is_won is_lost "
    "is_new_contract cycle_days is_excluded exclusion_reason",
    "fct_collateral_events": "event_id collateral_id event occurred_at rep_id lead_id deal_id "
    "is_after_refusal",
    "kpi_contact_ratio": f"{PERIODS} {RATIO}",
    "kpi_contact_ratio_cohort": f"{PERIODS} {RATIO} is_mature",
    "kpi_speed_to_lead": f"{PERIODS} inquiries responded pending never eligible_5m within_5m "
    "share_within_5m eligible_1h within_1h share_within_1h eligible_24h within_24h share_within_24h "
    "mean_response_hours median_response_hours p90_response_hours median_business_response_hours "
    "prospect_rate_within_1h prospect_rate_after_1h lift_within_1h lift_within_1h_low "
    "lift_within_1h_high",
    "kpi_speed_to_lead_curve": "scope scope_value scope_label hours at_risk responded still_waiting",
    "kpi_completed_contacts": f"{PERIODS} leads attempts completed_contacts contacts_per_lead wins "
    "wins_at_contact_0 wins_at_contact_1 wins_at_contact_2 wins_at_contact_3 wins_at_contact_4 "
    "wins_at_contact_5_plus share_wins_first_contact share_wins_fifth_plus gave_up_early "
    "burst_leads median_gap_hours",
    "kpi_touch_hazard": "scope scope_value scope_label contact_number reached won_at went_on "
    "gave_up_after still_open chance_at chance_later",
    "kpi_collateral_usage": f"{PERIODS} leads_worked leads_sent share_leads_sent items_used "
    "items_in_force sends opens sends_after_refusal reengaged share_reengaged "
    "share_reengaged_without",
    "kpi_collateral_items": "collateral_id title kind sends reps leads opens wins_after last_sent_at "
    "is_in_force is_forgotten",
    "kpi_closed_deals": f"{PERIODS} won lost close_rate won_amount average_deal median_deal "
    "median_cycle_days",
    "kpi_funnel": f"{PERIODS} step entered went_on lost still_there conversion median_days",
    "kpi_rep_profile": "rep_id side entered converted observed_rate observed_low observed_high "
    "expected_rate index verdict",
    "kpi_pipeline": PERIODS,
    "kpi_activity": PERIODS,
    "kpi_scorecard": f"{PERIODS} kpi measure title value unit numerator denominator low high benchmark "
    "previous_value is_reliable unreliable_because evidence",
    "dim_reps": "rep_id",
    "dim_collateral": "collateral_id",
    "dim_customers": "customer_id",
    "dim_dates": "",
}


@pytest.mark.parametrize(("table", "promised"), COLUMNS.items())
def test_the_promised_columns_are_there(table: str, promised: str) -> None:
    (model,) = [model for model in models() if model.name == table]
    columns = {column["name"]: column["data_type"] for column in model.described["columns"]}
    assert set(promised.split()) - set(columns) == set()
    moments = {name: kind for name, kind in columns.items() if name.endswith("_at")}
    if table != "kpi_touch_hazard":  # `won_at` is there the number of those who won at a contact.
        moments = {n: k for n, k in moments.items() if n not in ("is_won_at", "chance_at")}
        assert set(moments.values()) <= {"timestamp"}
    assert columns.get("period_start", "date") == "date"
