"""What is special about HubSpot: searches, merges, the bin, two kinds of leads, its own stages.

Longer than most: one list of cases, and each is short.
"""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.connectors.base import ConnectorError, UnansweredError
from orchestration.connectors.http import AnswerError, DeniedError
from orchestration.connectors.hubspot.client import judge, open_api
from orchestration.connectors.hubspot.mapping import moment
from orchestration.connectors.hubspot.mapping_people import contact_rows
from orchestration.connectors.hubspot.mapping_stages import stage_rows
from orchestration.landing import land, load_connector_stages
from orchestration.settings import build_settings
from tests.sandbox.account import Row
from tests.sandbox.company import at, small_company
from tests.sandbox.hubspot import HubspotAccount, build_account
from tests.sandbox.hubspot_rows import own_stage
from tests.sandbox.night import Nights, expected, only_held
from tests.sandbox.server import Fault, serving

LONG_AGO = at(1)
"""Before the look-back: only a full reading or a list of ids would find it."""


class HubspotNights(Nights):
    account: HubspotAccount

    def row(self, entity: str, *key: str) -> dict[str, Any]:
        """What is told of a row by now."""
        return dict(self.told[entity][key])

    def bodies(self, ending: str) -> list[Any]:
        """What was asked for since the last look at paths with this ending."""
        found = [one.body for one in self.sandbox.asked if one.path.endswith(ending)]
        self.sandbox.asked.clear()
        return found


@pytest.fixture
def company() -> dict[str, list[Row]]:
    return small_company()


@pytest.fixture
def nights(company: dict[str, list[Row]], tmp_path: Path) -> Iterator[HubspotNights]:
    account = build_account(company)
    with serving(account) as server:
        yield HubspotNights("hubspot", server, account, tmp_path)


def held(nights: HubspotNights) -> bool:
    return only_held(nights.account, nights.told) == expected(nights.account)


# Searching.


def test_a_search_goes_on_from_the_last_id(nights: HubspotNights) -> None:
    """HubSpot ends a search after 10,000 records, and sorts by one property only."""
    nights.spend()
    nights.bodies("/search")
    for number in range(7):
        row = nights.account.rows["crm/deals"][("401",)]
        nights.account.put("crm/deals", {**row, "deal_id": f"{490 + number}", "updated_at": at(13)})
    nights.account.page_size = 2
    nights.spend()
    assert held(nights)
    bodies = nights.bodies("/deals/search")
    assert len(bodies) > 4
    assert not any("after" in body for body in bodies)
    lasts = [
        one["value"]
        for body in bodies
        for one in body["filterGroups"][0]["filters"]
        if one["propertyName"] == "hs_object_id"
    ]
    assert lasts == sorted(lasts)
    assert {body["sorts"][0]["propertyName"] for body in bodies} == {"hs_object_id"}


def test_a_search_that_tells_too_little_is_no_answer(nights: HubspotNights) -> None:
    nights.spend()
    body = {"total": 3, "results": []}
    nights.sandbox.faults = [
        Fault("body", body=body, where=lambda one: one.path.endswith("/contacts/search"))
    ]
    with pytest.raises(UnansweredError, match="0 records came, 3 there are"):
        nights.spend()


def test_what_is_searched_for_comes_with_its_history(nights: HubspotNights) -> None:
    nights.spend()
    row = nights.account.rows["crm/deals"][("409",)]
    nights.account.put("crm/deals", {**row, "stage": "lost", "updated_at": at(13)})
    change = {"object_type": "deal", "object_id": "409", "stage": "lost", "rep_id": "1"}
    nights.account.put("crm/stage_changes", {**change, "changed_at": at(13)})
    told = nights.spend()
    assert [row["rep_id"] for row in told["crm/stage_changes"].values() if "rep_id" in row] == ["1"]
    assert held(nights)


def test_searches_are_slower_than_all_else(nights: HubspotNights) -> None:
    nights.spend()
    nights.account.searches_per_second = 4.0
    nights.more_settings = {"searches_per_second": "3.9", "attempts": "1"}
    began = time.monotonic()
    nights.spend()
    # Messages have none to go on from.
    assert len(nights.bodies("/search")) == 7
    assert time.monotonic() - began > 6 / 4


# What changes without its record.


def test_another_contact_of_a_deal_is_found(nights: HubspotNights) -> None:
    nights.spend()
    row = nights.account.rows["crm/deals"][("401",)]
    nights.account.put("crm/deals", {**row, "contact_id": "209"})
    told = nights.spend()
    assert [one["contact_id"] for one in told["crm/deals"].values()] == ["209"]
    assert held(nights)


def test_of_several_contacts_it_is_the_primary_one_else_the_lowest_id(
    nights: HubspotNights,
) -> None:
    nights.account.more_links = {
        ("deals", "401"): {"contacts": ["21"]},
        ("calls", "503"): {"contacts": ["1000", "204", "9"]},
    }
    nights.spend()
    assert nights.row("crm/deals", "401")["contact_id"] == "201"
    assert nights.row("crm/activities", "503")["contact_id"] == "9"


# Merged, deleted, restored.


def test_a_merged_contact_is_kept_and_names_the_one_that_is_left(nights: HubspotNights) -> None:
    nights.spend()
    before = nights.row("crm/contacts", "202")
    for loser, survivor in (("202", "203"), ("203", "204")):
        row = nights.account.rows["crm/contacts"][(loser,)]
        nights.account.put("crm/contacts", {**row, "merged_into_id": survivor})
    nights.spend()
    assert nights.row("crm/contacts", "202") == {**before, "merged_into_id": "204"}
    assert nights.row("crm/contacts", "203")["merged_into_id"] == "204"
    assert "merged_into_id" not in nights.row("crm/contacts", "204")
    assert nights.row("crm/contacts", "204")["emails"].count(";") == 2
    # What they had done is the survivor's.
    assert nights.row("crm/leads", "302")["contact_id"] == "204"
    assert not nights.spend()


@pytest.mark.parametrize(("entity", "loser", "survivor"), [
    ("crm/deals", "402", "405"), ("crm/leads", "302", "305"),
])  # fmt: skip
def test_deals_and_leads_merge_too(
    nights: HubspotNights, entity: str, loser: str, survivor: str
) -> None:
    nights.spend()
    row = nights.account.rows[entity][(loser,)]
    nights.account.put(entity, {**row, "merged_into_id": survivor})
    nights.spend()
    assert nights.row(entity, loser)["merged_into_id"] == survivor
    assert nights.row(entity, loser)["is_deleted"] == "false"


def test_a_company_that_was_merged_away_is_deleted(nights: HubspotNights) -> None:
    nights.spend()
    nights.account.remove("crm/accounts", "103")
    nights.account.more = {("companies", "102"): {"hs_merged_object_ids": "103"}}
    nights.spend()
    assert nights.row("crm/accounts", "103")["is_deleted"] == "true"
    assert nights.row("crm/accounts", "102")["is_deleted"] == "false"


def test_what_was_merged_long_ago_leaves_no_trace(
    company: dict[str, list[Row]], tmp_path: Path
) -> None:
    company["crm/contacts"][1] = {**company["crm/contacts"][1], "merged_into_id": "203"}
    account = build_account(company)
    with serving(account) as server:
        nights = HubspotNights("hubspot", server, account, tmp_path)
        nights.spend()
        assert ("202",) not in nights.told["crm/contacts"]
        assert nights.row("crm/activities", "502")["contact_id"] == "203"
        assert held(nights)


def test_into_the_bin_and_out_of_it(nights: HubspotNights) -> None:
    nights.spend()
    row = nights.account.rows["crm/deals"][("404",)]
    nights.account.archive("crm/deals", "404")
    told = nights.spend()["crm/deals"]
    assert {key: one["is_deleted"] for key, one in told.items()} == {("404",): "true"}
    assert not nights.spend()
    nights.account.put("crm/deals", {**row, "updated_at": nights.account.now.isoformat()})
    nights.spend()
    assert nights.row("crm/deals", "404")["is_deleted"] == "false"


def test_what_was_in_the_bin_before_the_first_night_is_told_as_deleted(
    nights: HubspotNights,
) -> None:
    nights.account.archive("crm/activities", "505")
    nights.spend()
    assert nights.row("crm/activities", "505")["is_deleted"] == "true"
    assert held(nights)


def test_what_leaves_the_bin_stays_deleted(nights: HubspotNights) -> None:
    nights.account.archive("crm/contacts", "205")
    nights.spend()
    nights.account.remove("crm/contacts", "205")
    nights.spend()
    assert nights.row("crm/contacts", "205")["is_deleted"] == "true"


# Stages.


def test_own_pipelines_say_what_their_stages_mean(
    company: dict[str, list[Row]], tmp_path: Path
) -> None:
    deals = company["crm/deals"]
    company["crm/deals"] = [
        {**row, "pipeline": "Renewals"} if number < 4 else row for number, row in enumerate(deals)
    ]
    account, home = build_account(company), build_settings(home=tmp_path)
    with serving(account) as server, duckdb.connect() as connection:
        nights = HubspotNights("hubspot", server, account, tmp_path / "work")
        delivery = nights.ask()
        land(connection, home, "hubspot", delivery, "run")
        load_connector_stages(connection, ["hubspot"])
        unknown = connection.execute(
            "select object_type, stage from raw.crm_stage_changes where not exists (select 1 "
            "from raw.connector_stages as known where known.object_type = "
            "crm_stage_changes.object_type and native_stage = stage)"
        )
        assert unknown.fetchall() == []
        steps = connection.execute(
            "select native_stage, funnel_step from raw.connector_stages where object_type = 'deal'"
        )
        meanings = dict(steps.fetchall())
    assert meanings[own_stage("Renewals", "won")] == "won"
    assert meanings[own_stage("Renewals", "lost")] == "lost"
    assert meanings[own_stage("Renewals", "qualification")] == "opportunity"


@pytest.mark.parametrize(
    ("object_type", "stage", "metadata", "step"),
    [
        ("deal", "77", {"isClosed": "false", "probability": "1.0"}, "opportunity"),
        ("deal", "77", {"isClosed": "true", "probability": "1.0"}, "won"),
        ("deal", "77", {"isClosed": "true", "probability": "0.0"}, "lost"),
        ("deal", "77", {"isClosed": True, "probability": 0}, "lost"),
        ("deal", "77", {"isClosed": "true", "probability": "0.5"}, None),
        ("deal", "77", {"isClosed": "true", "probability": "soon"}, None),
        ("deal", "77", {"isClosed": "true"}, None),
        ("deal", "77", {"probability": "1.0"}, None),
        ("deal", "77", {}, None),
        ("lead", "qualified-stage-id", {}, "prospect"),
        ("lead", "unqualified-stage-id-1675714327", {}, "lost"),
        ("lead", "qualified-stage-idle", {}, None),
        ("lead", "1109558437", {"isClosed": "true"}, None),
    ],
)
def test_only_what_hubspot_says_is_believed(
    object_type: str, stage: str, metadata: dict[str, Any], step: str | None
) -> None:
    record = {"object_type": object_type, "stage": {"id": stage, "metadata": metadata}}
    assert [row["funnel_step"] for row in stage_rows(record)] == ([step] if step else [])


def test_a_stage_that_is_deleted_is_not_forgotten(nights: HubspotNights) -> None:
    row = nights.account.rows["crm/deals"][("401",)]
    nights.account.put("crm/deals", {**row, "pipeline": "Renewals"})
    nights.spend()
    nights.account.put("crm/deals", row)
    nights.spend()
    told = {one["native_stage"] for one in nights.state["stages"]}
    assert own_stage("Renewals", "won") in told


# Leads.


def test_without_the_right_to_leads_it_says_what_to_do(nights: HubspotNights) -> None:
    nights.account.has_leads = False
    with pytest.raises(DeniedError, match=r"crm\.objects\.leads\.read.*_TOKEN") as caught:
        nights.spend()
    assert "TOUCHLINE_HUBSPOT_LEADS=lifecycle" in str(caught.value)


def entry(value: str, when: str, **more: Any) -> dict[str, Any]:
    return {"value": value, "timestamp": when, **more}


def test_contacts_are_leads_where_an_account_has_no_others(nights: HubspotNights) -> None:
    account = nights.account
    account.has_leads = False
    nights.more_settings = {
        "leads": "lifecycle",
        "inquiry_at_property": "",
        "inquiry_channel_property": "",
    }
    stages = [
        entry("salesqualifiedlead", at(5), updatedByUserId=5_000_001),
        entry("lead", at(3)),
        entry("subscriber", at(2)),
    ]
    account.more = {
        ("contacts", "201"): {"lifecyclestage": "customer"},
        ("contacts", "202"): {
            "lifecyclestage": "salesqualifiedlead",
            "hubspot_owner_id": "2",
            "hs_analytics_source": "PAID_SEARCH",
            "first_conversion_date": at(3),
        },
    }
    account.more_past = {
        ("contacts", "201"): {"lifecyclestage": [entry("customer", at(1))]},
        ("contacts", "202"): {
            "lifecyclestage": stages,
            "hubspot_owner_id": [entry("2", at(4)), entry("", at(3.5)), entry("1", at(3))],
        },
    }
    nights.spend()
    assert set(nights.told["crm/leads"]) == {("202",)}
    lead = nights.row("crm/leads", "202")
    assert lead["created_at"] == lead["inquiry_at"] == moment(at(3))
    assert (lead["status"], lead["contact_id"]) == ("salesqualifiedlead", "202")
    assert (lead["lead_source"], lead["inquiry_channel"]) == ("PAID_SEARCH", "form")
    changes = {
        key[2]: row for key, row in nights.told["crm/stage_changes"].items() if key[1] == "202"
    }
    assert set(changes) == {"lead", "salesqualifiedlead"}
    assert changes["salesqualifiedlead"]["rep_id"] == "1"
    owners = [
        row["owner_rep_id"]
        for key, row in nights.told["crm/owner_changes"].items()
        if key[1] == "202"
    ]
    assert set(owners) == {"1", "2"}
    assert nights.row("crm/deals", "402")["lead_id"] == "202"
    assert not any("/leads" in one.path for one in nights.sandbox.asked)


def lifecycle(*stages: tuple[str, str], statuses: tuple[tuple[str, str], ...] = ()) -> Any:
    """A contact's rows as a lead, by its lifecycle stages and lead statuses, the oldest first."""
    past = {
        "lifecyclestage": [entry(value, when) for value, when in reversed(stages)],
        "hs_lead_status": [entry(value, when) for value, when in reversed(statuses)],
    }
    now = {name: entries[0]["value"] for name, entries in past.items() if entries}
    contact = {
        "id": "1",
        "createdAt": "2026-01-01T00:00:00Z",
        "properties": now,
        "propertiesWithHistory": past,
    }
    return contact_rows(contact, {"leads": "lifecycle"})


def test_a_lead_that_is_unqualified_is_lost_until_it_is_taken_up_again() -> None:
    told = lifecycle(
        ("lead", "2026-01-01T00:00:00Z"),
        ("marketingqualifiedlead", "2026-01-03T00:00:00Z"),
        ("salesqualifiedlead", "2026-01-05T00:00:00Z"),
        statuses=(
            ("NEW", "2026-01-01T00:00:00Z"),
            ("UNQUALIFIED", "2026-01-02T00:00:00Z"),
            ("OPEN", "2026-01-04T00:00:00Z"),
            ("CONNECTED", "2026-01-04T12:00:00Z"),
        ),
    )
    stages = [(row["stage"], row["changed_at"][8:10]) for row in told["crm/stage_changes"]]
    assert stages == [
        ("lead", "01"),
        ("UNQUALIFIED", "02"),
        ("marketingqualifiedlead", "04"),
        ("salesqualifiedlead", "05"),
    ]
    assert told["crm/leads"][0]["status"] == "salesqualifiedlead"


def test_unqualified_now_is_the_status() -> None:
    told = lifecycle(
        ("lead", "2026-01-01T00:00:00Z"), statuses=(("UNQUALIFIED", "2026-01-02T00:00:00Z"),)
    )
    assert told["crm/leads"][0]["status"] == "UNQUALIFIED"


@pytest.mark.parametrize("stage", ["subscriber", "customer", "evangelist", "other"])
def test_who_never_was_a_lead_is_none(stage: str) -> None:
    assert "crm/leads" not in lifecycle((stage, "2026-01-01T00:00:00Z"))


def test_a_lifecycle_stage_of_their_own_is_not_hidden() -> None:
    """It stands in no map, so that a check names it."""
    told = lifecycle(("189401210", "2026-01-01T00:00:00Z"))
    assert told["crm/leads"][0]["status"] == "189401210"


def test_a_lead_asked_with_the_last_form_before_it_was_made(nights: HubspotNights) -> None:
    nights.more_settings = {"inquiry_at_property": "", "inquiry_channel_property": ""}
    forms = [entry(when, when) for when in (at(9), at(2.9), at(1.5), "2024-01-01T00:00:00Z")]
    nights.account.more_past = {("contacts", "203"): {"recent_conversion_date": forms}}
    nights.spend()
    lead = nights.row("crm/leads", "303")
    assert lead["inquiry_at"] == moment(at(2.9))
    assert (lead["is_inquiry"], lead["inquiry_channel"]) == ("true", "form")
    assert "is_inquiry" not in nights.row("crm/leads", "304")


# Activities.


def test_a_planned_meeting_comes_once_its_time_has_come(nights: HubspotNights) -> None:
    row = {**nights.account.rows["crm/activities"][("502",)], "updated_at": LONG_AGO}
    assert row["kind"] == "meeting"
    planned = {**row, "started_at": "2099-01-01T00:00:00Z", "ended_at": "2099-01-01T01:00:00Z"}
    nights.account.put("crm/activities", planned)
    nights.spend()
    assert ("502",) not in nights.told["crm/activities"]
    # Nobody touched it since.
    nights.account.put("crm/activities", {**row, "started_at": at(12), "ended_at": at(12.1)})
    nights.spend()
    assert nights.row("crm/activities", "502")["started_at"] == moment(at(12))


def test_an_outcome_of_their_own_goes_by_its_name(nights: HubspotNights) -> None:
    account = nights.account
    account.dispositions = {"0000-own": "Gatekeeper"}
    account.more = {
        ("calls", "503"): {"hs_call_disposition": "0000-own"},
        ("calls", "506"): {"hs_call_disposition": "0000-deleted"},
    }
    nights.spend()
    assert nights.row("crm/activities", "503")["outcome"] == "Gatekeeper"
    assert nights.row("crm/activities", "506")["outcome"] == "0000-deleted"


def test_an_amount_without_a_currency_is_in_the_accounts(nights: HubspotNights) -> None:
    nights.account.currency = "CHF"
    row = nights.account.rows["crm/deals"][("401",)]
    nights.account.put("crm/deals", {**row, "currency": None})
    nights.spend()
    assert nights.row("crm/deals", "401")["currency"] == "CHF"


def test_what_the_app_may_not_ask_besides_stops_nothing(nights: HubspotNights) -> None:
    account = nights.account
    row = account.rows["crm/deals"][("401",)]
    account.put("crm/deals", {**row, "currency": None})
    account.more = {("calls", "503"): {"hs_call_disposition": "0000-own"}}
    nights.sandbox.faults = [
        Fault(
            "status",
            status=403,
            where=lambda one: one.path.startswith(("/account-info", "/calling")),
            times=9,
        )
    ]
    nights.spend()
    assert "currency" not in nights.row("crm/deals", "401")
    assert nights.row("crm/activities", "503")["outcome"] == "0000-own"


# What HubSpot says when it won't.


def test_a_batch_that_failed_in_part_is_no_answer(nights: HubspotNights) -> None:
    body = {"status": "COMPLETE", "results": [], "errors": [{"category": "INTERNAL_ERROR"}]}
    nights.sandbox.faults = [
        Fault("body", body=body, where=lambda one: one.path.endswith("/batch/read"))
    ]
    with pytest.raises(UnansweredError, match="INTERNAL_ERROR"):
        nights.spend()
    nights.spend()
    assert held(nights)


def test_the_days_requests_are_used_up(nights: HubspotNights) -> None:
    """It is no use to try again tonight."""
    told = {
        "status": "error",
        "message": "You have reached your daily limit.",
        "policyName": "DAILY",
    }
    refusal = judge(429, told)
    assert refusal is not None
    assert refusal.kind == "final"
    assert judge(429, {**told, "policyName": "SECONDLY"}) is None
    nights.account.denied = 404
    with pytest.raises(AnswerError):
        nights.spend()
    assert len(nights.sandbox.asked) == 1


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (423, {"message": "Locked"}, "retry"),
        (200, {"status": "error", "message": "Internal"}, "retry"),
        (207, {"status": "COMPLETE", "errors": []}, None),
        (403, {"message": "No", "errors": [{"context": {"requiredScopes": ["a", "b"]}}]}, "denied"),
        (403, {"message": "No"}, None),
    ],
)
def test_what_an_answer_says_beside_its_status(status: int, body: Any, kind: str | None) -> None:
    refusal = judge(status, body)
    assert (refusal.kind if refusal else None) == kind
    if kind == "denied":
        assert refusal is not None
        assert "a, b" in refusal.told


def test_a_setting_that_means_nothing() -> None:
    with pytest.raises(ConnectorError, match="TOUCHLINE_HUBSPOT_LEADS"):
        open_api({"token": "x", "leads": "maybe"})


def test_a_property_of_their_own_that_is_not_there(nights: HubspotNights) -> None:
    """HubSpot would say nothing, and no lead would have asked."""
    nights.more_settings = {"inquiry_at_property": "frist_asked_at"}
    with pytest.raises(ConnectorError, match="leads have no property 'frist_asked_at'") as caught:
        nights.spend()
    assert "TOUCHLINE_HUBSPOT_INQUIRY_AT_PROPERTY" in str(caught.value)


@pytest.mark.parametrize(
    ("told", "wanted"),
    [
        ("1712011212300", "2024-04-01T22:40:12.300000+00:00"),
        ("2026-05-06T11:48:03.785Z", "2026-05-06T11:48:03.785000+00:00"),
        ("0", None),
        ("", None),
        (None, None),
    ],
)
def test_times_are_spelled_in_two_ways(told: str | None, wanted: str | None) -> None:
    found = moment(told)
    assert (found.isoformat() if found else None) == wanted
