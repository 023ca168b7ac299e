"""What a rep who is another than he was takes with him."""

import pytest

from orchestration.affected import Scope
from tests.affected.nights import Nights, Rows, activity, call, lead, rep


@pytest.mark.parametrize(
    ("rep", "leads", "touches"),
    [
        pytest.param(rep(2, full_name="Berta", time_zone="Asia/Omsk"), set(), set(), id="name"),
        pytest.param(rep(2, is_active="false"), {"L2"}, {"T2#call"}, id="passed on"),
        pytest.param(rep(1, is_active="false"), set(), set(), id="left"),
        pytest.param(rep(1, extension="109"), {"L1"}, {"T1#call"}, id="extension"),
        pytest.param(
            rep(2, phone="+7 495 123-45-13"), {"L3"}, {"T3#call"}, id="calls of a colleague"
        ),
        pytest.param(
            rep(3, extension="102", is_active="false", team="West"), {"L6"}, set(), id="team"
        ),
        pytest.param(rep(9), set(), {"of a new rep"}, id="new"),
    ],
)
def test_a_rep_reaches_whose_figures_hang_on_him(
    nights: Nights, rep: dict[str, str], leads: set[str], touches: set[str]
) -> None:
    of_reps: Rows = {
        "telephony/calls": [
            call("T1", "+74951234511", extension="101"),
            call("T2", "+74951234512", extension="102"),
        ],
        "crm/leads": [lead(6, owner_rep_id="R3")],
        "crm/activities": [activity("of a new rep", phone="+7 495 765-43-21", rep_id="R9")],
    }
    nights.night(of_reps)
    scope = nights.night({"crm/reps": [rep]})
    assert scope.kind == "affected"
    assert nights.reached("lead") == leads
    assert nights.reached("touch") == touches
    assert nights.equals_a_rebuild()


@pytest.mark.parametrize("rep", [rep(1, team="West"), rep(9)])
def test_a_rep_who_worked_leads_and_is_of_another_team_asks_for_all(
    nights: Nights, rep: dict[str, str]
) -> None:
    nights.night({"crm/activities": [activity("A5", lead_id="L5", rep_id=rep["rep_id"])]})
    assert nights.night({"crm/reps": [rep]}) == Scope(
        "all", "a rep who worked leads is of another team"
    )
